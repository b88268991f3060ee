import CurlTransport
import PlantModel
public import Settings
public import WattlineTime

/// Reason why points cannot be deleted.
public enum RemovalError: Error, Equatable, CustomStringConvertible {
  /// The version of the database deletes no points.
  case unsupported
  /// The database does not answer, or refuses, with its words.
  case failed(String)
  /// The clocks of this machine and of the database differ by more than a day.
  case clocksDiffer

  /// The problem and its remedy.
  public var description: String {
    switch self {
    case .unsupported:
      "InfluxDB 3 Core deletes no points; leave 'retention' out, and bound the whole database instead (influxdb3 create "
        + "database --retention-period)"
    case .failed(let words): words
    case .clocksDiffer:
      "the clocks of this machine and of the database differ by more than a day, so that the age of points is not known; "
        + "set the clock"
    }
  }
}

/// Deletes old points of a measurement: by `DELETE` in 1.x, and by `/api/v2/delete` in 2.x. Used by one thread.
public final class PointRemover {
  /// Longest time of a deletion. The database goes on with a deletion that was given up.
  private static let longest = TimeSpan.minutes(30)

  private let settings: DatabaseSettings
  private let reader: DatabaseReader
  private let client: HTTPClient

  /// Connects to the database and asks for its version.
  ///
  /// - Parameters:
  ///   - settings: Address, version and credentials of the database.
  ///   - isOver: Checked about once a second during a deletion; `true` stops waiting for it.
  /// - Throws: ``RemovalError``.
  public init(_ settings: DatabaseSettings, isOver: @escaping () -> Bool) throws(RemovalError) {
    let made = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: .seconds(5), totalTimeout: Self.longest,
      keptHeaders: [WriteEndpoint.versionHeader, "date"])
    guard let client = made else { throw .failed("libcurl cannot start") }
    client.shouldAbort = isOver
    (self.settings, self.client) = (settings, client)
    do throws(ReadError) { reader = try DatabaseReader(settings, client: client) } catch { throw .failed("\(error)") }
    if reader.endpoint.interface == .v3 { throw .unsupported }
  }

  /// Throws if the clock of the database is more than a day from a time. A server that states none is believed.
  public func compareClock(with now: Timestamp) throws(RemovalError) {
    let answer = client.send(
      WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: nil, basic: nil)
    if answer.status == 0 { throw .failed("no answer: \(answer.body)") }
    guard let stated = answer.headers["date"].flatMap(RetryAfter.date) else { return }
    if (stated - now).magnitude > .day { throw .clocksDiffer }
  }

  /// Returns the time of the oldest point of a name in `RetentionSettings.bounded` before a time; `nil` if there is
  /// none.
  public func oldest(of name: String, before end: Timestamp) throws(RemovalError) -> Timestamp? {
    let rows: [QueryRow]
    do throws(ReadError) {
      rows = try reader.rows(
        "SELECT * FROM \(RemovalTarget(name).condition) AND time < '\(end)' ORDER BY time ASC LIMIT 1")
    } catch { throw .failed("\(error)") }
    return rows.first?.number("time").map { Timestamp(milliseconds: Int64($0)) }
  }

  /// Deletes all points of a name in `RetentionSettings.bounded` before a time, and waits until that is done.
  public func remove(_ name: String, before end: Timestamp) throws(RemovalError) {
    guard let request = reader.endpoint.removal(of: RemovalTarget(name), before: end) else { throw .unsupported }
    let body = Array(request.body.utf8)
    let answer = body.withUnsafeBytes {
      client.send(
        request.url, body: $0, contentType: request.contentType, authorization: reader.endpoint.authorization,
        basic: reader.endpoint.basicCredentials)
    }
    if answer.status == 0 { throw .failed("no answer: \(answer.body)") }
    // 1.x reports an error of a statement inside an answer with status 200.
    if answer.status >= 300 || answer.body.contains("\"error\"") {
      throw .failed("the database refuses: \(answer.status) \(answer.body.prefix(300))")
    }
  }
}

/// A measurement, or its series of one window.
struct RemovalTarget {
  /// Name of the measurement.
  let measurement: String
  /// Value of the tag `window`; `nil` for all series.
  let window: String?

  /// Creates the target of a name in `RetentionSettings.bounded`.
  init(_ name: String) {
    let isMinute = name == "feature_1m"
    (measurement, window) = (isMinute ? "feature" : name, isMinute ? "1m" : nil)
  }

  /// Measurement and tags for InfluxQL, ready for a further condition.
  var condition: String {
    let start = "\(WriteEndpoint.quotedIdentifier(measurement)) WHERE "
    return start + (window.map { "\"window\" = '\($0)'" } ?? "time > '1677-09-22T00:00:00Z'")
  }

  /// Predicate of version 2, as a JSON string.
  var predicate: String {
    "\"_measurement=\\\"\(measurement)\\\"" + (window.map { " AND window=\\\"\($0)\\\"" } ?? "") + "\""
  }
}

extension WriteEndpoint {
  /// Request that deletes points before a time; `nil` if the version deletes none.
  func removal(of target: RemovalTarget, before end: Timestamp) -> (url: String, body: String, contentType: String)? {
    switch interface {
    case .v1:
      let statement = "DELETE FROM \(target.condition) AND time < '\(end)'"
      return (queryURL, "q=\(Self.percentEncoded(statement))", "application/x-www-form-urlencoded")
    case .v2:
      let body = "{\"start\":\"1677-09-22T00:00:00Z\",\"stop\":\"\(end)\",\"predicate\":\(target.predicate)}"
      return (deleteURL, body, "application/json")
    case .v3: return nil
    }
  }
}
