public import WebServer

/// The rights of a client of the live feed.
public struct LiveAccess: Sendable {
  /// Plants that may be read.
  public enum Plants: Sendable, Hashable {
    /// All, also those that are created later.
    case all
    /// Those with the names.
    case named(Set<String>)

    /// Returns whether a plant is one of them.
    public func contains(_ plant: String) -> Bool {
      switch self {
      case .all: true
      case .named(let names): names.contains(plant)
      }
    }
  }

  /// Plants whose messages the client gets.
  public var plants: Plants
  /// Returns whether the client may publish readings of a plant.
  public var publishes: @Sendable (String) -> Bool
  /// Returns whether the client may instruct a plant about a subject, such as `commands`.
  public var instructs: @Sendable (_ plant: String, _ subject: String) -> Bool
  /// Returns whether the client's token still counts. Asked every few seconds.
  public var isValid: @Sendable () -> Bool

  /// Author of the client's instructions, whatever their payload says.
  public var name = ""
  /// Receives each instruction for the audit: its subject and topic, and why it was refused, or `nil`.
  public var record: @Sendable (_ subject: String, _ topic: String, _ refusal: String?) -> Void = { _, _, _ in }

  /// Creates an access.
  ///
  /// - Parameters:
  ///   - plants: Plants whose messages the client gets.
  ///   - publishes: Returns whether the client may publish readings of a plant.
  ///   - instructs: Returns whether the client may instruct a plant about a subject.
  ///   - isValid: Returns whether the client's token still counts.
  public init(
    plants: Plants, publishes: @escaping @Sendable (String) -> Bool = { _ in false },
    instructs: @escaping @Sendable (_ plant: String, _ subject: String) -> Bool = { _, _ in false },
    isValid: @escaping @Sendable () -> Bool = { true }
  ) {
    (self.plants, self.publishes, self.instructs, self.isValid) = (plants, publishes, instructs, isValid)
  }
}

/// The refusal of a client before its WebSocket is opened, such as 401 or 403.
public struct LiveRefusal: Error {
  /// The response.
  public var response: HTTPResponse

  /// Creates a refusal.
  public init(_ response: HTTPResponse) { self.response = response }
}

/// Where a request for a WebSocket has its token: browsers cannot set the header `authorization`, but can offer
/// subprotocols.
public enum LiveToken {
  /// Name of the protocol of the live feed.
  public static let subprotocol = "wattline.v1"
  private static let prefix = "bearer."

  /// Returns the token of a request.
  ///
  /// It is in `authorization: Bearer TOKEN`, or offered as the subprotocol `bearer.TOKEN`, or as `TOKEN` itself.
  public static func bearer(in request: HTTPRequest) -> String? {
    if let header = request.headers["authorization"] {
      let words = header.split(separator: " ")
      return words.count == 2 && words[0].lowercased() == "bearer" ? String(words[1]) : nil
    }
    let offered = offered(by: request).filter { $0 != subprotocol }
    if let marked = offered.first(where: { $0.hasPrefix(prefix) }) { return String(marked.dropFirst(prefix.count)) }
    return offered.first
  }

  /// Returns the subprotocol that the answer names: that of the feed if it is offered, else the first.
  static func chosen(for request: HTTPRequest) -> String? {
    let offered = offered(by: request)
    return offered.contains(subprotocol) ? subprotocol : offered.first
  }

  private static func offered(by request: HTTPRequest) -> [String] {
    (request.headers["sec-websocket-protocol"] ?? "").split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
  }
}
