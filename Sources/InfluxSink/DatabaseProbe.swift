import CurlTransport
import Foundation
import PlantModel
public import Settings
import SinkCore
import SystemCore
import WattlineTime

/// Trial of a database: connection, version, clock, writing and reading a point of its own, which is deleted again.
///
/// The point is in a measurement of its own, which no board reads. Versions 1.x and 2 delete it; in version 3 it stays.
public struct DatabaseProbe {
  /// Measurement of the point.
  public static let measurement = "wattline_check"

  private let settings: DatabaseSettings
  private let client: HTTPClient?
  /// Value of the tag `probe`, different in each process and trial.
  private let identity: String
  /// Differences of the clocks that are said, and that are a failure [s].
  private static let clock = (notable: 5.0, wrong: 60.0)

  /// Creates the trial of a database. Each request takes at most eight seconds.
  public init(_ settings: DatabaseSettings) {
    self.settings = settings
    client = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: .seconds(6), totalTimeout: .seconds(8),
      keptHeaders: [WriteEndpoint.versionHeader, "date"])
    identity = "\(getpid())-\(SystemClock.now().seconds)"
  }

  /// Tries everything in turn; a step that fails ends the trial if the others depend on it.
  public func run() -> [ProbeStep] {
    guard let client else { return [step("connection", .failed, "libcurl cannot be started")] }
    let known = WriteEndpoint(settings, interface: .v3)
    let ping = client.send(
      WriteEndpoint.pingURL(settings), body: nil, contentType: "text/plain", authorization: known.authorization,
      basic: known.basicCredentials)
    guard ping.status != 0 else { return [connectionFailure(client.failureDetail)] }
    var steps = [step("connection", .ok, "\(settings.url) answers")]
    if settings.url.hasPrefix("https://") {
      steps.append(step("tls", .ok, "the certificate is valid and trusted"))
    }
    if ping.status == 401 { return steps + [credentials(ping)] }
    let found = WriteEndpoint.interface(versionHeader: ping.headers[WriteEndpoint.versionHeader], body: ping.body)
    let version = version(ping, interface: found)
    steps.append(version)
    if let clock = clock(ping.headers["date"]) { steps.append(clock) }
    if version.outcome == .failed { return steps }
    let interface = WriteEndpoint.interface(for: settings.version) ?? found
    return steps + points(WriteEndpoint(settings, interface: interface), client: client)
  }

  private func step(_ name: String, _ outcome: ProbeStep.Outcome, _ words: String) -> ProbeStep {
    ProbeStep(part: "database", step: name, outcome: outcome, words: words)
  }

  /// Returns a failed connection in words.
  private func connectionFailure(_ reason: String) -> ProbeStep {
    let url = settings.url
    let fault = ConnectionFault(reason)
    let words =
      switch fault {
      case .name: "the host of \(url) is not known; look at influxdb.url, and at the name server"
      case .port: "nothing answers at \(url) (\(reason)); start the database, or look at influxdb.url"
      case .timeout: "no answer from \(url) in time; look at influxdb.url, and at firewalls"
      case .expired:
        "the database's certificate has expired or is not valid yet (\(reason)); renew it, or set the clock"
      case .host:
        "the database's certificate is not for the host of \(url) (\(reason)); write its name into influxdb.url"
      case .authority:
        "the database's certificate is of an unknown authority (\(reason)); name the authority's file: influxdb.ca"
      case .plain: "\(url) does not speak TLS; write http://"
      case .client: "the database refuses TLS (\(reason))"
      case .file: "the file of influxdb.ca cannot be used (\(reason))"
      case .tls, .other: "no answer from \(url): \(reason)"
      }
    return step(fault.isOfTLS ? "tls" : "connection", .failed, words)
  }

  private var user: String {
    settings.token != nil ? "the token" : settings.username.map { "user '\($0)'" } ?? "a client without user"
  }

  private func credentials(_ answer: HTTPAnswer) -> ProbeStep {
    let keys = settings.token != nil ? "influxdb.token_file" : "influxdb.username and influxdb.password_file"
    return step(
      "credentials", .failed, "the database does not accept \(user) (\(Self.words(answer))); look at \(keys)")
  }

  private func version(_ ping: HTTPAnswer, interface: WriteEndpoint.Interface) -> ProbeStep {
    let header = ping.headers[WriteEndpoint.versionHeader] ?? ""
    let stated = header.isEmpty ? nil : header
    let names: [WriteEndpoint.Interface: String] = [.v1: "1", .v2: "2", .v3: "3"]
    let name = names[interface] ?? "1"
    if ![200, 204, 404].contains(ping.status) {
      let hint =
        ping.body.lowercased().contains("https") ? "; write https:// if it is a port of TLS" : "; look at influxdb.url"
      return step("version", .failed, "\(settings.url) answers \(Self.words(ping)), as no InfluxDB does\(hint)")
    }
    if stated == nil, ping.status == 404 || ping.body.contains("<") {
      return step(
        "version", .failed, "\(settings.url) is answered by something else than InfluxDB; look at influxdb.url")
    }
    if let wanted = WriteEndpoint.interface(for: settings.version), wanted != interface,
      stated != nil || interface == .v3
    {
      return step(
        "version", .failed,
        "influxdb.version is \(settings.version.rawValue), and the server is of version \(stated ?? name); write "
          + "version: \(name), or version: auto")
    }
    if interface == .v3, settings.retention != nil {
      return step(
        "version", .warning,
        "InfluxDB \(stated ?? name) deletes no points, so that influxdb.retention has no effect; leave it out, and bound "
          + "the whole database (influxdb3 create database --retention-period)")
    }
    return step("version", .ok, "InfluxDB \(stated ?? name)")
  }

  private func clock(_ header: String?) -> ProbeStep? {
    guard let server = header.flatMap(HTTPDate.seconds) else { return nil }
    let difference = Double(server) + 0.5 - Double(SystemClock.now().nanoseconds) / 1e9
    let size = difference.magnitude
    let side = difference > 0 ? "ahead of" : "behind"
    let words = "the database's clock is \(Int(size.rounded())) s \(side) this machine's"
    if size >= Self.clock.wrong { return step("clock", .failed, words + "; set both by a time server (NTP)") }
    if size >= Self.clock.notable { return step("clock", .warning, words + "; set both by a time server (NTP)") }
    return step("clock", .ok, "the database's clock agrees with this machine's, to a few seconds")
  }

  // MARK: Points

  private func points(_ endpoint: WriteEndpoint, client: HTTPClient) -> [ProbeStep] {
    let milliseconds = SystemClock.now().nanoseconds / 1_000_000
    let line = "\(Self.measurement),probe=\(identity) value=1 \(milliseconds)\n"
    let answer = send(
      endpoint.writeURL, text: line, type: "text/plain; charset=utf-8", endpoint: endpoint, client: client)
    switch WriteAnswer.classify(status: answer.status, body: answer.body, retryAfter: nil) {
    case .accepted: break
    case .hold(.credentials): return [credentials(answer)]
    case .hold(.permission): return [noPermission(answer, endpoint: endpoint)]
    case .hold(.missing): return [missing(answer, endpoint: endpoint, client: client)]
    case .hold(.limit):
      return [step("write", .failed, "the database takes no further series (\(Self.words(answer))); raise its limit")]
    case .hold(.unexpected):
      return [
        step("write", .failed, "something else than InfluxDB answers (\(Self.words(answer))); look at influxdb.url")
      ]
    default:
      return [step("write", .failed, "the database does not take a point: \(Self.words(answer))")]
    }
    return [
      step("write", .ok, "\(user) may write to '\(settings.database)'"), read(endpoint, client: client),
    ] + remove(endpoint, client: client)
  }

  private func noPermission(_ answer: HTTPAnswer, endpoint: WriteEndpoint) -> ProbeStep {
    let right =
      endpoint.interface == .v1
      ? "GRANT ALL ON \(WriteEndpoint.quotedIdentifier(settings.database)) TO "
        + WriteEndpoint.quotedIdentifier(settings.username ?? "wattline")
      : "give the token the right to write to the bucket '\(settings.database)'"
    return step("write", .failed, "\(user) may not write to '\(settings.database)' (\(Self.words(answer))): \(right)")
  }

  private func missing(_ answer: HTTPAnswer, endpoint: WriteEndpoint, client: HTTPClient) -> ProbeStep {
    guard endpoint.interface == .v1, let create = endpoint.createDatabase else {
      return step(
        "write", .failed,
        "there is no \(endpoint.interface == .v2 ? "bucket" : "database") '\(settings.database)', or it is of another "
          + "organisation (\(Self.words(answer))); create it, or look at influxdb.database and influxdb.org")
    }
    // Only an administrator may list users, and only one may create databases.
    let users = query("SHOW USERS", endpoint: endpoint, client: client)
    let mayCreate = users.status == 200 && !users.body.contains("\"error\"")
    let statement = create.body.dropFirst(2).removingPercentEncoding ?? "CREATE DATABASE"
    return step(
      "write", .failed,
      "there is no database '\(settings.database)': \(statement)"
        + (mayCreate
          ? ", or let the first start of wattline run create it; if there should be one, look at influxdb.database"
          : ", as an administrator, because \(user) may not create it, or look at influxdb.database"))
  }

  private func read(_ endpoint: WriteEndpoint, client: HTTPClient) -> ProbeStep {
    let answer = query(
      "SELECT \"value\" FROM \"\(Self.measurement)\" WHERE \"probe\" = '\(identity)'", endpoint: endpoint,
      client: client)
    let words = Self.words(answer)
    if answer.status == 200, answer.body.contains("\"values\"") {
      return step("read", .ok, "\(user) may read from '\(settings.database)': the point came back")
    }
    if [401, 403].contains(answer.status) || answer.body.contains("not authorized") {
      return step(
        "read", .failed,
        "\(user) may write to '\(settings.database)' and not read from it (\(words)): give it the right "
          + "to read, which reports and boards need")
    }
    if endpoint.interface == .v2 {
      return step(
        "read", .warning,
        "the bucket '\(settings.database)' cannot be read by InfluxQL (\(words)); map it: influx v1 dbrp create --db "
          + "\(settings.database) --rp autogen --default --bucket-id ID")
    }
    return step("read", .failed, "the point that was written does not come back: \(words)")
  }

  private func remove(_ endpoint: WriteEndpoint, client: HTTPClient) -> [ProbeStep] {
    switch endpoint.interface {
    case .v1:
      let statement = "DROP SERIES FROM \"\(Self.measurement)\" WHERE \"probe\" = '\(identity)'"
      let answer = send(
        endpoint.queryURL, text: "q=\(WriteEndpoint.percentEncoded(statement))",
        type: "application/x-www-form-urlencoded", endpoint: endpoint, client: client)
      return answer.status == 200 && !answer.body.contains("\"error\"") ? [] : [leftover]
    case .v2:
      let organisation = settings.organisation.map { "org=\(WriteEndpoint.percentEncoded($0))&" } ?? ""
      let url =
        "\(settings.url)/api/v2/delete?\(organisation)bucket=\(WriteEndpoint.percentEncoded(settings.database))"
      let body = """
        {"start":"1970-01-01T00:00:00Z","stop":"2200-01-01T00:00:00Z",\
        "predicate":"_measurement=\\"\(Self.measurement)\\" AND probe=\\"\(identity)\\""}
        """
      let answer = send(url, text: body, type: "application/json", endpoint: endpoint, client: client)
      return (200..<300).contains(answer.status) ? [] : [leftover]
    case .v3: return [leftover]
    }
  }

  private var leftover: ProbeStep {
    step("remove", .ok, "the point stays in the measurement '\(Self.measurement)', which nothing reads")
  }

  // MARK: Requests

  private func query(_ statement: String, endpoint: WriteEndpoint, client: HTTPClient) -> HTTPAnswer {
    client.send(
      "\(endpoint.queryURL)&q=\(WriteEndpoint.percentEncoded(statement))", body: nil, contentType: "text/plain",
      authorization: endpoint.authorization, basic: endpoint.basicCredentials)
  }

  private func send(
    _ url: String, text: String, type: String, endpoint: WriteEndpoint, client: HTTPClient
  ) -> HTTPAnswer {
    var text = text
    return text.withUTF8 {
      client.send(
        url, body: UnsafeRawBufferPointer($0), contentType: type, authorization: endpoint.authorization,
        basic: endpoint.basicCredentials)
    }
  }

  /// Returns status and message of an answer, on one line.
  private static func words(_ answer: HTTPAnswer) -> String {
    let message =
      answer.body.firstMatch(of: #/"(?:error|message)":\s*"((?:[^"\\]|\\.)*)"/#).map { String($0.1) }
      ?? String(answer.body.prefix(120))
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    return "\(answer.status)\(line.isEmpty ? "" : ": \(line)")"
  }
}

/// Dates of HTTP headers (RFC 9110, section 5.6.7).
enum HTTPDate {
  /// Returns the seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` for other texts.
  static func seconds(_ text: String) -> Int64? {
    let parts = text.split { $0 == " " || $0 == "," || $0 == ":" }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 8, let day = Int(parts[1]), let month = months.firstIndex(of: String(parts[2])),
      let year = Int(parts[3]), let hour = Int(parts[4]), let minute = Int(parts[5]), let second = Int(parts[6])
    else { return nil }
    return CivilTime(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second).utc.seconds
  }
}
