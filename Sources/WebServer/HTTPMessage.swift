/// A request of a client.
public struct HTTPRequest: Sendable {
  /// The method in capital letters.
  public var method: String
  /// The path with its percent-encoding resolved. It begins with a slash.
  public var path: String
  /// The names and values of the query, in their order, with their percent-encoding resolved.
  public var query: [(name: String, value: String)] = []
  /// The headers of ``HTTPServer/headerNames``, with names in small letters.
  public var headers: [String: String] = [:]
  /// The body.
  public var body: [UInt8] = []
  /// The client's address, without a port.
  public var address: String

  /// Creates a request without query, headers and body.
  public init(method: String, path: String, address: String = "") {
    (self.method, self.path, self.address) = (method, path, address)
  }

  /// Returns the first value of a name of the query; `nil` if there is none.
  public func argument(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// A response to a client.
public struct HTTPResponse: Sendable {
  /// Status code, from 200 to 599.
  public var status: Int
  /// Media type of the body.
  public var contentType: String
  /// Further headers, with names in small letters.
  public var headers: [(name: String, value: String)] = []
  /// The body; left out in a response to HEAD.
  public var body: [UInt8]

  /// Creates a response.
  ///
  /// - Parameters:
  ///   - status: Status code.
  ///   - contentType: Media type of the body.
  ///   - body: The body.
  public init(_ status: Int, contentType: String, body: some Sequence<UInt8>) {
    (self.status, self.contentType, self.body) = (status, contentType, Array(body))
  }
}

/// An address on which a server listens.
public struct HTTPListener: Sendable, Equatable {
  /// Address of the interface, as 127.0.0.1, 0.0.0.0 or ::1.
  public var address: String
  /// Port from 0 to 65,535; 0 for a free one.
  public var port: Int
  /// Certificate chain and key as PEM files; `nil` for no TLS.
  public var certificate: (chain: String, key: String)?

  /// Creates a listener.
  ///
  /// - Parameters:
  ///   - address: Address of the interface.
  ///   - port: Port; 0 for a free one.
  ///   - certificate: Certificate chain and key as PEM files; `nil` for no TLS.
  public init(address: String, port: Int, certificate: (chain: String, key: String)? = nil) {
    (self.address, self.port, self.certificate) = (address, port, certificate)
  }

  /// Whether two listeners are the same.
  public static func == (one: Self, other: Self) -> Bool {
    one.address == other.address && one.port == other.port && one.certificate?.chain == other.certificate?.chain
      && one.certificate?.key == other.certificate?.key
  }
}

/// The limits that a server enforces before its handler sees a request.
public struct HTTPLimits: Sendable {
  /// Maximum length of a body [bytes].
  public var body = 1 << 20
  /// Maximum number of open connections.
  public var connections = 2_048
  /// Maximum length of all headers of a request [bytes].
  public var headers: UInt16 = 8_192
  /// Time that a client has for its request, and for taking the response [s].
  public var patience: UInt32 = 20
  /// Time that an idle connection is kept [s].
  public var idle: Int32 = 30
  /// Bounds of WebSockets.
  public var webSockets = WebSocketLimits()

  /// Creates the usual limits.
  public init() {}

  /// Open files that are left to the rest of the process.
  public static let reservedFiles = 512

  /// Returns the number of connections that a limit of open files allows.
  ///
  /// - Parameters:
  ///   - files: Limit of open files of the process.
  ///   - wanted: Maximum number that an administrator wants; `nil` for the usual one.
  /// - Returns: The number, at least 16.
  public static func connections(files: Int, wanted: Int? = nil) -> Int {
    max(16, min(wanted ?? 8_192, files - reservedFiles))
  }
}

/// A server that cannot start.
public struct HTTPServerError: Error, CustomStringConvertible {
  /// The error, and what would be right.
  public let description: String

  /// Creates an error.
  public init(_ description: String) { self.description = description }
}
