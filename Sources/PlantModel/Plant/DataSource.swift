public import WattlineTime

/// Source of readings that does not come over MQTT: an entry of a plant file's `sources`.
///
/// All that is fetched is read by ``rule``, as a payload of MQTT is read by the rule of its topic.
public struct DataSource: Hashable, Sendable {
  /// Time of the fetches.
  public enum Schedule: Hashable, Sendable {
    /// A fetch each span, which is 1 s to 7 d.
    case every(TimeSpan)
    /// A fetch each day at a local time of the plant, as span since midnight.
    case daily(TimeSpan)
  }

  /// Place from which readings are fetched.
  public enum Access: Hashable, Sendable {
    /// An HTTP server.
    case http(HTTPAccess)
    /// Files of a folder, which are followed while they grow.
    case file(FileAccess)
    /// A program that prints readings.
    case exec(ExecAccess)
  }

  /// Name, unique within the plant: ASCII letters, digits, `-`, `_` and `.`.
  public var name: String
  /// Time of the fetches.
  public var schedule = Schedule.every(.minutes(15))
  /// Span before the first fetch that it asks for; 0 to 3,660 d.
  public var backfill = TimeSpan.day
  /// Span before the latest reading that each fetch asks for again; 0 to 60 d.
  public var overlap = TimeSpan.day
  /// Place from which readings are fetched.
  public var access: Access
  /// Rule by which what is fetched is read. Its `match` is ``topic``.
  public var rule: TopicRule
  /// Whether places of ``rule`` are headings of columns.
  public var hasHeadings = false

  /// Pattern of the rules of sources, which no message of MQTT is compared with.
  public static let topic = "source"

  /// Creates a source with the defaults of absent keys.
  ///
  /// - Parameters:
  ///   - name: Name, unique within the plant.
  ///   - access: Place from which readings are fetched.
  ///   - rule: Rule by which what is fetched is read.
  public init(name: String, access: Access, rule: TopicRule) {
    (self.name, self.access, self.rule) = (name, access, rule)
  }
}

/// Text of a header or of an environment variable.
public enum StatedText: Hashable, Sendable {
  /// The text itself.
  case text(String)
  /// The content of a file, whose path is as in the configuration. It is read with each fetch.
  case file(String)
}

/// Requests to an HTTP server.
public struct HTTPAccess: Hashable, Sendable {
  /// Address with `{since:FORM}` and `{until:FORM}`.
  public var url: String
  /// Headers by name.
  public var headers: [String: StatedText] = [:]
  /// Body of a POST request, with `{since:FORM}` and `{until:FORM}`; `nil` for GET.
  public var body: String?
  /// JSON pointer to the address of the next page, or to its cursor; `nil` if only a `Link` header names it.
  public var next: String?
  /// Query parameter that takes what ``next`` points to; `nil` if that is an address.
  public var cursor: String?
  /// Query parameter that counts pages or records; the page after the last has none.
  public var counter: PageCounter?
  /// Server that gives access tokens; `nil` for none.
  public var oauth: OAuthAccess?
  /// Path of a file with the only trusted authorities, as in the configuration.
  public var caFile: String?
  /// Time-out of a request; 1 s to 10 min.
  public var timeout = TimeSpan.minute
  /// Longest page [bytes]; 1 kB to 256 MB.
  public var longestPage = 16 << 20

  /// Creates requests with GET to an address.
  public init(url: String) { self.url = url }
}

/// Query parameter that counts from page to page.
public enum PageCounter: Hashable, Sendable {
  /// The number of the page, from 1.
  case page(String)
  /// The number of records before the page.
  case offset(String)
}

/// Server of access tokens after OAuth 2.0 (RFC 6749).
public struct OAuthAccess: Hashable, Sendable {
  /// Address of the server.
  public var tokenURL: String
  /// Name of the client.
  public var clientID: String
  /// Secret of the client; `nil` for a public one.
  public var secret: StatedText?
  /// Refresh token; without it, the client's own credentials ask for a token.
  public var refreshToken: StatedText?
  /// Scope that is asked for.
  public var scope: String?
  /// Whether the secret is in the body instead of a Basic header.
  public var isSecretInBody = false

  /// Creates the access of a client.
  ///
  /// - Parameters:
  ///   - tokenURL: Address of the server.
  ///   - clientID: Name of the client.
  public init(tokenURL: String, clientID: String) { (self.tokenURL, self.clientID) = (tokenURL, clientID) }
}

/// Files that are followed.
public struct FileAccess: Hashable, Sendable {
  /// Path with `*`, `?` and `[…]`, as in the configuration.
  public var path: String

  /// Creates the access to the files of a pattern.
  public init(path: String) { self.path = path }
}

/// Program that prints readings on its standard output, a document or row a line.
public struct ExecAccess: Hashable, Sendable {
  /// Name or path of the program and its arguments, with `{since:FORM}` and `{until:FORM}`.
  public var command: [String]
  /// Environment variables by name, besides the usual ones.
  public var environment: [String: StatedText] = [:]
  /// Whether the program runs on between fetches.
  public var isKept = false
  /// Longest run of a program that is not kept; 1 s to 6 h.
  public var timeout = TimeSpan.minutes(5)
  /// Most memory of the program and all that it starts [bytes].
  public var mostMemory = 1 << 30

  /// Creates runs of a program.
  public init(command: [String]) { self.command = command }
}
