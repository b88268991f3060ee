import PlantModel
public import Settings

/// URL and authorization for writing to each version of the database. Performs no requests.
public struct WriteEndpoint: Sendable {
  /// A database interface version.
  public enum Interface: Sendable, Equatable {
    /// 1.x: `/write`, with Basic or token authorization.
    case v1
    /// 2.x: `/api/v2/write` with `Token`; with a user name `/write` and Basic.
    case v2
    /// 3 Core: `/api/v3/write_lp`, `Bearer`.
    case v3
  }

  /// The interface in use.
  public let interface: Interface
  private let settings: DatabaseSettings
  private let precision: WritePrecision
  private let base: String

  /// Creates the endpoint of a database for an interface version.
  ///
  /// - Parameters:
  ///   - settings: address, database and credentials.
  ///   - interface: interface version.
  ///   - precision: precision of the written timestamps.
  public init(_ settings: DatabaseSettings, interface: Interface, precision: WritePrecision = .milliseconds) {
    self.interface = interface
    self.settings = settings
    self.precision = precision
    self.base = Self.base(of: settings)
  }

  /// URL for posting lines.
  public var writeURL: String {
    let database = Self.percentEncoded(settings.database)
    let short = precision == .seconds ? "s" : "ms"
    switch interface {
    case .v1: return "\(base)/write?db=\(database)&precision=\(short)&consistency=one"
    // 2.x accepts a user with a password, or a token as password, only at its 1.x path.
    case .v2 where basicCredentials != nil: return "\(base)/write?db=\(database)&precision=\(short)"
    case .v2:
      let organisation = settings.organisation.map { "org=\(Self.percentEncoded($0))&" } ?? ""
      return "\(base)/api/v2/write?\(organisation)bucket=\(database)&precision=\(short)"
    case .v3:
      let long = precision == .seconds ? "second" : "millisecond"
      return "\(base)/api/v3/write_lp?db=\(database)&precision=\(long)"
    }
  }

  /// URL for InfluxQL queries, with times in milliseconds.
  public var queryURL: String { "\(base)/query?db=\(Self.percentEncoded(settings.database))&epoch=ms" }

  /// URL for InfluxQL queries, with times in nanoseconds.
  public var exactQueryURL: String { "\(base)/query?db=\(Self.percentEncoded(settings.database))&epoch=ns" }

  /// URL for deleting points; 2.x only.
  var deleteURL: String {
    let organisation = settings.organisation.map { "org=\(Self.percentEncoded($0))&" } ?? ""
    return "\(base)/api/v2/delete?\(organisation)bucket=\(Self.percentEncoded(settings.database))"
  }

  /// Value of the `Authorization` header, if a token is used.
  public var authorization: Secret? {
    guard let token = settings.token else { return nil }
    return Secret((interface == .v3 ? "Bearer " : "Token ") + Self.headerText(token.text))
  }

  /// User name and password for Basic authorization, if no token is used.
  public var basicCredentials: (username: String, password: Secret)? {
    guard settings.token == nil, let username = settings.username else { return nil }
    return (username, settings.password ?? Secret(""))
  }

  /// URL and form body of the request that creates a missing database. 1.x only; 2.x and 3 create buckets in other
  /// ways.
  public var createDatabase: (url: String, body: String)? {
    guard interface == .v1 else { return nil }
    let statement = "CREATE DATABASE \(Self.quotedIdentifier(settings.database))"
    return ("\(base)/query", "q=\(Self.percentEncoded(statement))")
  }

  /// Name of the header in which a server states its version, in lower case.
  public static let versionHeader = "x-influxdb-version"

  /// Returns the URL that reports the server's version.
  public static func pingURL(_ settings: DatabaseSettings) -> String { base(of: settings) + "/ping" }

  /// Returns the interface of a configured version, or `nil` for `auto`.
  public static func interface(for version: DatabaseSettings.Version) -> Interface? {
    switch version {
    case .auto: nil
    case .v1: .v1
    case .v2: .v2
    case .v3: .v3
    }
  }

  /// Returns the interface of a server by its answer to `/ping`.
  ///
  /// The version is in the header `X-Influxdb-Version` (`1.6.7`, `v2.7.1`), or, for 3, in the body
  /// `{"version":"3.0.1",…}`. A server that states neither is treated as 1.x, which most understand.
  public static func interface(versionHeader: String?, body: String) -> Interface {
    var text = versionHeader ?? ""
    if text.isEmpty, let found = body.range(after: "\"version\"") { text = String(body[found]) }
    switch text.first(where: { $0.isASCII && $0.isNumber }) {
    case "2": return .v2
    case "3": return .v3
    default: return .v1
    }
  }

  /// Returns an InfluxQL identifier in double quotes. Example: `a"b` becomes `"a\"b"`.
  static func quotedIdentifier(_ name: String) -> String {
    var result = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Encodes all but unreserved characters (RFC 3986) as `%XX`.
  static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func base(of settings: DatabaseSettings) -> String {
    var base = Substring(settings.url)
    while base.last == "/" { base.removeLast() }
    return String(base)
  }

  /// Returns a token without characters that would end a header, such as the newline at the end of a secret's file.
  private static func headerText(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }))
  }
}

extension String {
  /// Returns the range after the first occurrence of `marker`, if there is one.
  func range(after marker: String) -> Range<String.Index>? {
    let text = Array(utf8)
    let pattern = Array(marker.utf8)
    guard !pattern.isEmpty, text.count >= pattern.count else { return nil }
    for start in 0...(text.count - pattern.count) where text[start...].starts(with: pattern) {
      return utf8.index(startIndex, offsetBy: start + pattern.count)..<endIndex
    }
    return nil
  }
}
