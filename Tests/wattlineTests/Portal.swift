import Foundation
import PlantTesting
import SystemCore
import WattlineTime

/// A utility's portal on this machine: pages of meter readings, with the faults that portals have.
final class Portal: Sendable {
  /// Faults of the answers; each is the share of requests that it hits.
  struct Faults: Sendable {
    var errors = 0.0
    var refusals = 0.0
    var cuts = 0.0
    var duplicates = 0.0
    var reordered = 0.0
  }

  private struct State: Sendable {
    var rows: [Int64: Int] = [:]
    var faults = Faults()
    var random: SplitMix
    var key: String?
    var requests: [String] = []
    var pageSize = 50
  }

  private let state: Locked<State>
  private let server: ScriptedServer
  var port: Int { server.port }
  /// Request lines so far.
  var requests: [String] { state.with { $0.requests } }

  init(seed: UInt64 = 1) throws {
    let state = Locked(State(random: SplitMix(state: seed)))
    self.state = state
    server = try ScriptedServer { connection in
      guard let request = connection.line() else { return }
      var key: String?
      while let line = connection.line(), !line.isEmpty {
        if line.lowercased().hasPrefix("x-key:") { key = line.dropFirst(6).trimmingCharacters(in: .whitespaces) }
      }
      let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? "/"
      let sent = key
      connection.say(state.with { Portal.answer(to: path, key: sent, state: &$0) })
    }
  }

  /// Readings by time [s since 1970], in Wh.
  var rows: [Int64: Int] { state.with { $0.rows } }
  func set(_ rows: [Int64: Int]) { state.with { $0.rows = rows } }
  func change(_ body: @Sendable (inout [Int64: Int]) -> Void) { state.with { body(&$0.rows) } }
  func set(faults: Faults) { state.with { $0.faults = faults } }
  func set(key: String?) { state.with { $0.key = key } }
  func set(pageSize: Int) { state.with { $0.pageSize = pageSize } }
  func stop() { server.stop() }

  private static func answer(to path: String, key: String?, state: inout State) -> [UInt8] {
    state.requests.append(path)
    func status(_ words: String, headers: String = "") -> [UInt8] {
      Array("HTTP/1.1 \(words)\r\n\(headers)Content-Length: 0\r\nConnection: close\r\n\r\n".utf8)
    }
    if let wanted = state.key, wanted != key { return status("401 Unauthorized") }
    if state.random.uniform(0...1) < state.faults.errors { return status("500 Internal Server Error") }
    if state.random.uniform(0...1) < state.faults.refusals {
      return status("429 Too Many Requests", headers: "Retry-After: 1\r\n")
    }
    let query = Dictionary(
      (URLComponents(string: path)?.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { $1 })
    let (start, end) = (seconds(query["from"]), seconds(query["to"]))
    let page = Int(query["page"] ?? "") ?? 0
    let found = state.rows.filter { $0.key >= start && $0.key <= end }.sorted { $0.key < $1.key }
    var rows = Array(found.dropFirst(page * state.pageSize).prefix(state.pageSize))
    if state.random.uniform(0...1) < state.faults.duplicates { rows += rows.prefix(3) }
    if state.random.uniform(0...1) < state.faults.reordered { rows.reverse() }
    let isLast = (page + 1) * state.pageSize >= found.count
    let next = "/api/meter?from=\(query["from"] ?? "")&to=\(query["to"] ?? "")&page=\(page + 1)"
    let readings = rows.map { "{\"at\":\"\(iso($0.key))\",\"kwh\":\(Double($0.value) / 1_000)}" }
    let body = "{\"readings\":[\(readings.joined(separator: ","))],\"next\":\(isLast ? "null" : "\"\(next)\"")}"
    let head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
      + "Connection: close\r\n\r\n"
    let isCut = state.random.uniform(0...1) < state.faults.cuts
    return Array(head.utf8) + (isCut ? Array(body.utf8.prefix(body.utf8.count / 2)) : Array(body.utf8))
  }

  private static func seconds(_ text: String?) -> Int64 {
    guard let text, let date = ISO8601DateFormatter().date(from: text) else { return 0 }
    return Int64(date.timeIntervalSince1970)
  }

  static func iso(_ seconds: Int64) -> String { CivilTime(utc: Timestamp(seconds: seconds)).iso8601 }
}
