import CurlTransport
import Foundation
import PlantModel
public import Settings
import SinkCore
import WattlineTime

/// Reason why a query returns no rows.
public enum ReadError: Error, Equatable, CustomStringConvertible {
  /// There is no answer from the address.
  case noAnswer(url: String, words: String)
  /// The credentials are missing or wrong.
  case forbidden(url: String)
  /// The database refuses the query.
  case refused(words: String)
  /// The answer is cut off or of another form.
  case broken(url: String, words: String)

  /// The problem and its remedy.
  public var description: String {
    switch self {
    case .noAnswer(let url, let words):
      "no database answers at \(url) (\(words)); start it, or set influxdb.url in wattline.yaml"
    case .forbidden(let url):
      "the database at \(url) refuses the credentials; set username and password_file, or token_file, of influxdb"
    case .refused(let words): "the database refuses the question: \(words)"
    case .broken(let url, let words): "the answer of the database at \(url) cannot be read: \(words)"
    }
  }
}

/// Queries the database in InfluxQL. Versions 1.x and 3 support it directly, 2.x for databases mapped to a bucket.
public final class DatabaseReader {
  private static let longestAnswer = 64 << 20
  private let settings: DatabaseSettings
  let endpoint: WriteEndpoint
  private let client: HTTPClient

  /// Creates a reader. If the settings leave the version open, it queries the server for it.
  ///
  /// - Throws: `ReadError.noAnswer` if libcurl cannot be started or the server does not answer.
  public convenience init(_ settings: DatabaseSettings) throws(ReadError) {
    let made = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: .seconds(5), totalTimeout: .minutes(2),
      longestBody: DatabaseReader.longestAnswer,
      keptHeaders: [WriteEndpoint.versionHeader])
    guard let client = made else { throw .noAnswer(url: settings.url, words: "libcurl cannot start") }
    try self.init(settings, client: client)
  }

  /// Creates a reader with a client that keeps the header of the version.
  init(_ settings: DatabaseSettings, client: HTTPClient) throws(ReadError) {
    self.settings = settings
    self.client = client
    if let known = WriteEndpoint.interface(for: settings.version) {
      endpoint = WriteEndpoint(settings, interface: known)
    } else {
      let ping = client.send(
        WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: nil, basic: nil)
      if ping.status == 0 { throw .noAnswer(url: settings.url, words: ping.body) }
      let version = ping.headers[WriteEndpoint.versionHeader]
      endpoint = WriteEndpoint(
        settings, interface: WriteEndpoint.interface(versionHeader: version, body: ping.body))
    }
  }

  /// Checked about once a second during a request; `true` aborts it.
  package var shouldAbort: () -> Bool {
    get { client.shouldAbort }
    set { client.shouldAbort = newValue }
  }

  /// Returns the rows that a statement selects; times are milliseconds since the epoch. The statement is sent in the
  /// URL, one at a time, because version 3 accepts nothing else.
  ///
  /// - Throws: `ReadError` if there is no answer, or the credentials or the statement are refused.
  public func rows(_ statement: String) throws(ReadError) -> [QueryRow] {
    let answer = try answer(statement, url: endpoint.queryURL)
    return try decoded(answer).rows
  }

  /// Returns the rows that a statement without groups selects; times are nanoseconds since the epoch.
  ///
  /// - Throws: `ReadError` if there is no answer, the credentials or the statement are refused, or the answer is
  ///   broken.
  public func table(_ statement: String) throws(ReadError) -> QueryTable {
    var answer = try answer(statement, url: endpoint.exactQueryURL)
    if answer.status != 200 { _ = try decoded(answer) }
    let result = answer.body.withUTF8 { body in
      Result { () throws(AnswerDefect) in try QueryTable(body) }
    }
    let table: QueryTable
    do { table = try result.get() } catch { throw .broken(url: settings.url, words: error.words) }
    // An error may stand beside status 200, and beside rows that are not all.
    if let error = table.error { throw .refused(words: error) }
    return table
  }

  private func answer(_ statement: String, url: String) throws(ReadError) -> HTTPAnswer {
    let answer = client.send(
      "\(url)&q=\(WriteEndpoint.percentEncoded(statement))", body: nil, contentType: "text/plain",
      authorization: endpoint.authorization, basic: endpoint.basicCredentials)
    switch answer.status {
    case 0: throw .noAnswer(url: settings.url, words: answer.body)
    case 401, 403: throw .forbidden(url: settings.url)
    default: return answer
    }
  }

  private func decoded(_ answer: HTTPAnswer) throws(ReadError) -> QueryAnswer {
    let decoded = try? JSONDecoder().decode(QueryAnswer.self, from: Data(answer.body.utf8))
    if let error = decoded?.firstError { throw .refused(words: error) }
    guard let decoded, decoded.results != nil, answer.status == 200 else {
      throw .refused(words: "\(answer.status) \(answer.body.prefix(300))")
    }
    return decoded
  }

  /// Returns a text in single quotes with InfluxQL escapes. Example: `a'b` becomes `'a\'b'`.
  ///
  /// It works on bytes: a quote before a combining mark is one character with it, and a quote all the same.
  public static func quoted(_ text: String) -> String {
    var bytes = [UInt8(ascii: "'")]
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"), UInt8(ascii: "'"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes + [UInt8(ascii: "'")], as: UTF8.self)
  }
}
