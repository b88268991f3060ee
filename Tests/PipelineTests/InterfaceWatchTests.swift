import Settings
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("The watch over the HTTP interface")
struct InterfaceWatchTests {
  private let start = Timestamp(seconds: 1_796_061_600)

  /// Looks twice, a minute apart; returns the faults that stand.
  private func judged(
    _ bounds: HTTPSettings.Bounds = HTTPSettings.Bounds(), _ change: (inout InterfaceFacts) -> Void
  ) -> [ProcessFault] {
    var watch = InterfaceWatch(bounds)
    var facts = InterfaceFacts(requests: 1_000, slow: 500, failed: 500, refusedLogins: 500)
    #expect(watch.look(facts, at: start).allSatisfy { !$0.isStanding })
    change(&facts)
    return watch.look(facts, at: start + .minute).filter(\.isStanding)
  }

  @Test func `slow and failing requests, refused logins and late jobs are a fault each, a few are none`() {
    let slow = judged { ($0.requests, $0.slow) = (1_100, 506) }
    #expect(slow.map(\.kind) == [.interface])
    #expect(
      slow.first?.text.contains("6 % of the last five minutes' 100 requests over HTTP took longer than 500 ms") == true)
    #expect(judged { ($0.requests, $0.slow) = (1_100, 505) }.isEmpty)
    let failed = judged { ($0.requests, $0.failed) = (1_020, 520) }
    #expect(failed.map(\.kind) == [.errors] && failed.first?.value == 1)
    #expect(judged { ($0.requests, $0.failed) = (1_019, 519) }.isEmpty)
    let logins = judged { $0.refusedLogins += 20 }
    #expect(logins.map(\.kind) == [.logins] && logins.first?.text.hasPrefix("20 logins were refused") == true)
    #expect(judged { $0.refusedLogins += 19 }.isEmpty)
    let jobs = judged { $0.lateJobs = 1 }
    #expect(jobs.map(\.kind) == [.jobs] && jobs.first?.text.hasPrefix("1 job of the interface took") == true)
    let all = judged { $0 = InterfaceFacts(requests: 1_100, slow: 600, failed: 600, refusedLogins: 600, lateJobs: 2) }
    #expect(all.map(\.kind) == [.interface, .errors, .logins, .jobs])
  }

  @Test func `bounds are those of the configuration, and one that is off is not judged`() {
    var bounds = HTTPSettings.Bounds()
    (bounds.latency, bounds.errors, bounds.refusedLogins, bounds.lateJob) = (.seconds(2), 0.5, 1, nil)
    let facts = { (facts: inout InterfaceFacts) in
      facts = InterfaceFacts(requests: 1_100, slow: 600, failed: 550, refusedLogins: 501, lateJobs: 5)
    }
    let found = judged(bounds, facts)
    #expect(found.map(\.kind) == [.interface, .logins])
    #expect(found.first?.text.contains("took longer than 2s") == true)
    #expect(found.last?.text.hasPrefix("1 login was refused") == true)
    (bounds.latency, bounds.errors, bounds.refusedLogins) = (nil, nil, nil)
    #expect(judged(bounds, facts).isEmpty)
  }

  @Test func `what is older than five minutes does not count`() {
    var watch = InterfaceWatch(HTTPSettings.Bounds())
    _ = watch.look(InterfaceFacts(), at: start)
    let many = InterfaceFacts(refusedLogins: 30)
    #expect(watch.look(many, at: start + .minute).contains { $0.isStanding })
    #expect(!watch.look(many, at: start + .minutes(7)).contains { $0.isStanding })
  }

  @Test func `each fault is an alert of its own, which its record in the journal keeps`() throws {
    for kind in [ProcessFault.Kind.interface, .errors, .logins, .jobs] {
      let fault = ProcessFault(kind, isStanding: true, text: "figures", value: 0.5)
      let read = try fault.bytes.withUnsafeBytes { try ProcessFault(record: $0) }
      #expect(read == fault)
    }
  }
}
