import Foundation
import PlantModel

/// Why a database does not answer a question.
public struct HistoryError: Error, CustomStringConvertible {
  /// What is wrong.
  public var description: String
}

/// Reads series back from the database with InfluxQL, which versions 1, 2 and 3 answer at `/query`.
public final class HistoryQuery {
  /// One series of an answer: its tags and its columns, the first of which is the time.
  public struct Series: Sendable, Decodable {
    /// The tags by which the query groups.
    public var tags: [String: String]?
    /// Names of the columns.
    public var columns: [String]
    /// Rows of numbers, `nil` where a cell has none; times in milliseconds since 1970.
    public var values: [[Double?]]
  }

  private struct Answer: Decodable {
    struct Statement: Decodable {
      var series: [Series]?
      var error: String?
    }
    var results: [Statement]?
    var error: String?
  }

  /// Longest answer that is read [bytes].
  private static let longestAnswer = 64 << 20
  private let client: HTTPClient
  private let endpoint: WriteEndpoint
  private let settings: DatabaseSettings

  /// A connection to the database of these settings.
  public init(_ settings: DatabaseSettings) throws(HistoryError) {
    let made = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: .seconds(5), totalTimeout: .minutes(2),
      longestBody: HistoryQuery.longestAnswer)
    guard let client = made else { throw HistoryError(description: "libcurl cannot start") }
    self.client = client
    self.settings = settings
    if let known = WriteEndpoint.interface(for: settings.version) {
      endpoint = WriteEndpoint(settings, interface: known)
    } else {
      let ping = client.send(
        WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: nil, basic: nil)
      guard ping.status != 0 else {
        throw HistoryError(description: "no database answers at \(settings.url): \(ping.body)")
      }
      endpoint = WriteEndpoint(
        settings, interface: WriteEndpoint.interface(versionHeader: ping.influxVersion, body: ping.body))
    }
  }

  /// The series that answer a statement.
  public func series(_ statement: String) throws(HistoryError) -> [Series] {
    let url = "\(endpoint.queryURL)&q=\(WriteEndpoint.percentEncoded(statement))"
    let answer = client.send(
      url, body: nil, contentType: "text/plain", authorization: endpoint.authorization,
      basic: endpoint.basicCredentials)
    guard let decoded = try? JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8)) else {
      throw HistoryError(description: "\(settings.url) answered \(answer.status): \(answer.body.prefix(200))")
    }
    if let error = decoded.error ?? decoded.results?.compactMap(\.error).first {
      throw HistoryError(description: "\(settings.url): \(error)")
    }
    return (decoded.results ?? []).flatMap { $0.series ?? [] }
  }

  /// A text as InfluxQL writes it, in single quotes. Example: `it's` becomes `'it\'s'`.
  public static func quoted(_ text: String) -> String {
    var result = "'"
    for character in text {
      if character == "'" || character == "\\" { result += "\\" }
      result += character == "\n" ? "\\n" : String(character)
    }
    return result + "'"
  }
}
