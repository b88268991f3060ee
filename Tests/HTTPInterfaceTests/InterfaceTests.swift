import Foundation
import Pipeline
import Settings
import SinkCore
import Testing
import WattlineTime
import WebServer

@testable import HTTPInterface

@Suite("The HTTP interface")
struct InterfaceTests {
  private static func interface(
    _ change: (inout HTTPSettings) -> Void = { _ in }, status: PipelineStatus = PipelineStatus()
  ) -> Interface {
    var settings = HTTPSettings(address: "127.0.0.1", port: 0)
    change(&settings)
    return Interface(settings: settings, program: ProgramFacts(version: "1.2.3", commit: "abc<d>")) { status }
  }

  private static var healthy: PipelineStatus {
    var status = PipelineStatus()
    status.intake.isSubscribed = true
    return status
  }

  private static func get(
    _ path: String, method: String = "GET", from interface: Interface, headers: [String: String] = [:]
  ) -> HTTPResponse {
    var request = HTTPRequest(method: method, path: path, address: "192.0.2.7")
    request.headers = headers
    return interface.answer(request)
  }

  @Test func `readiness names each reason, and is 200 without one`() {
    let ready = Self.get("/health/ready", from: Self.interface(status: Self.healthy))
    #expect(ready.status == 200)
    #expect(String(decoding: ready.body, as: UTF8.self) == #"{"reasons":[]}"#)

    var status = PipelineStatus()
    status.sink.state = .held(.credentials, "unauthorized access")
    status.stages.lagSeconds = 40.7
    let away = Self.get("/health/ready", from: Self.interface(status: status))
    #expect(away.status == 503)
    let reasons = Readiness(of: status).reasons
    #expect(reasons.count == 3)
    #expect(reasons[1].contains("credentials: unauthorized access"))
    #expect(reasons[2] == "the newest processed record is 40 s old; 15 s are usual")
  }

  @Test func `an outage does not end life`() {
    let live = Self.get("/health/live", from: Self.interface())
    #expect(live.status == 200)
    #expect(String(decoding: live.body, as: UTF8.self) == #"{"status":"live"}"#)
  }

  @Test func `the account of messages is in the metrics, with every reason from zero on`() {
    var status = Self.healthy
    (status.stages.ledger.messages, status.stages.ledger.decoded, status.stages.ledger.readings) = (10, 7, 21)
    status.stages.ledger.refused["not_a_number"] = 1
    let text = Self.text(of: "/metrics", from: Self.interface(status: status))
    #expect(text.contains("\nwattline_messages_received_total 10\n"))
    #expect(text.contains("\nwattline_messages_decoded_total 7\n"))
    #expect(text.contains("\nwattline_messages_refused_total{reason=\"not_a_number\"} 1\n"))
    #expect(text.contains("\nwattline_messages_refused_total{reason=\"too_large\"} 0\n"))
    #expect(text.contains("\nwattline_readings_decoded_total 21\n"))
    #expect(text.contains("\nwattline_broker_subscribed 1\n"))
    #expect(text.contains("wattline_build_info{version=\"1.2.3\",commit=\"abc<d>\"} 1\n"))
    #expect(text.contains("\nprocess_resident_memory_bytes "))
  }

  @Test func `WebSockets, posted readings and refused publishers are counted`() {
    var status = Self.healthy
    status.intake.postedReadings = 12
    let silent = Self.text(of: "/metrics", from: Self.interface(status: status))
    #expect(silent.contains("\nwattline_readings_posted_total 12\n"))
    #expect(silent.contains("\nwattline_websockets_open 0\n"))
    // Without the broker's log nothing is known of its refusals.
    #expect(!silent.contains("wattline_broker_refused"))
    status.refusedPublishes = 3
    let interface = Self.interface(status: status)
    var counts = WebSocketCounts()
    (counts.open, counts.opened, counts.refused, counts.slow, counts.silent) = (1, 2, 3, 4, 5)
    (counts.violations, counts.received, counts.sent) = (6, 7, 8)
    interface.watch(webSockets: { [counts] in counts })
    let text = Self.text(of: "/metrics", from: interface)
    for line in [
      "broker_refused_messages_total 3", "websockets_open 1", "websockets_opened_total 2", "websockets_refused_total 3",
      "websockets_dropped_total{reason=\"slow\"} 4", "websockets_dropped_total{reason=\"silent\"} 5",
      "websockets_dropped_total{reason=\"violation\"} 6", "websocket_received_messages_total 7",
      "websocket_sent_messages_total 8",
    ] {
      #expect(text.contains("\nwattline_\(line)\n"), "\(line)")
    }
  }

  @Test func `a request is slow above the bound of the configuration`() {
    let statistics = RequestStatistics(slowBound: .milliseconds(10))
    for seconds in [0.01, 0.011, 0.2] {
      statistics.record(method: "GET", route: "/", status: 200, seconds: seconds)
    }
    #expect(statistics.facts(lateJobs: 2) == InterfaceFacts(requests: 3, slow: 2, lateJobs: 2))
    let none = RequestStatistics()
    none.record(method: "GET", route: "/", status: 503, seconds: 60)
    #expect(none.facts(lateJobs: 0) == InterfaceFacts(requests: 1, failed: 1))
  }

  private static func text(of path: String, from interface: Interface) -> String {
    String(decoding: get(path, from: interface).body, as: UTF8.self)
  }

  @Test func `an unknown path and a wrong method are told what there is`() {
    let interface = Self.interface()
    let missing = Self.get("/healthz", from: interface)
    #expect(missing.status == 404)
    #expect(missing.contentType == "application/problem+json")
    let wrong = Self.get("/metrics", method: "POST", from: interface)
    #expect(wrong.status == 405)
    #expect(wrong.headers.contains { $0.name == "allow" && $0.value == "GET, HEAD" })
  }

  @Test func `an address that asks too often waits, and others do not`() throws {
    let interface = Self.interface { $0.rate = .init(requests: 3, per: .minute) }
    for _ in 0..<3 { #expect(Self.get("/health/live", from: interface).status == 200) }
    let limited = Self.get("/health/live", from: interface)
    #expect(limited.status == 429)
    let wait = try #require(limited.headers.first { $0.name == "retry-after" }.flatMap { Int($0.value) })
    #expect((1...20).contains(wait))
    let other = interface.answer(HTTPRequest(method: "GET", path: "/health/live", address: "192.0.2.8"))
    #expect(other.status == 200)
  }

  @Test func `a full allowance comes back with time`() {
    let limiter = RateLimiter(.init(requests: 2, per: .seconds(10)))
    #expect(limiter.wait(of: "a", at: 0) == nil)
    #expect(limiter.wait(of: "a", at: 0) == nil)
    #expect(limiter.wait(of: "a", at: 0) == 5)
    #expect(limiter.wait(of: "a", at: 5_000_000_000) == nil)
    #expect(limiter.wait(of: "a", at: 5_000_000_000) == 5)
  }

  @Test func `pages of listed origins may read, others may not`() {
    let interface = Self.interface { $0.origins = ["https://boards.example.com"] }
    let listed = Self.get("/metrics", from: interface, headers: ["origin": "https://boards.example.com"])
    #expect(listed.headers.contains { $0.name == "access-control-allow-origin" })
    let other = Self.get("/metrics", from: interface, headers: ["origin": "https://evil.example"])
    #expect(!other.headers.contains { $0.name == "access-control-allow-origin" })
    let asked = Self.get(
      "/metrics", method: "OPTIONS", from: interface, headers: ["origin": "https://evil.example"])
    #expect(asked.status == 403)
  }

  @Test func `every path of the document answers as the document says`() throws {
    let interface = Self.interface(status: Self.healthy)
    let document = Self.get("/openapi.json", from: interface)
    let root = try #require(try JSONSerialization.jsonObject(with: Data(document.body)) as? [String: Any])
    #expect(root["openapi"] as? String == "3.1.0")
    let paths = try #require(root["paths"] as? [String: [String: [String: Any]]])
    #expect(Set(paths.keys) == ["/", "/health/live", "/health/ready", "/metrics", "/openapi.json"])
    for (path, operations) in paths {
      let responses = try #require(operations["get"]?["responses"] as? [String: [String: Any]])
      let answer = Self.get(path, from: interface)
      let content = try #require(responses["\(answer.status)"]?["content"] as? [String: Any], "\(path)")
      #expect(content[answer.contentType] != nil, "\(path) gives \(answer.contentType)")
    }
  }

  @Test func `the page lists every path, and has no scripts`() {
    let text = Self.text(of: "/", from: Self.interface())
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
      #expect(text.contains("<a href=\"\(path)\">"))
    }
    #expect(text.contains("abc&lt;d&gt;"))
    #expect(!text.contains("<script"))
  }
}
