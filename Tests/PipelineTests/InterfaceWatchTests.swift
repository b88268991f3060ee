import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("The watch over the HTTP interface")
struct InterfaceWatchTests {
  private let start = Timestamp(seconds: 1_796_061_600)

  /// Looks twice, a minute apart.
  private func judged(_ change: (inout InterfaceFacts) -> Void) -> ProcessFault {
    var watch = InterfaceWatch()
    var facts = InterfaceFacts(requests: 1_000, slow: 500, failed: 500, refusedLogins: 500)
    #expect(!watch.look(facts, at: start).isStanding)
    change(&facts)
    return watch.look(facts, at: start + .minute)
  }

  @Test func `slow and failing requests, refused logins and late jobs are faults, a few are not`() {
    #expect(
      judged { ($0.requests, $0.slow) = (1_100, 506) }.text.contains("6 % of 100 requests took longer than 0.5 s"))
    #expect(!judged { ($0.requests, $0.slow) = (1_100, 505) }.isStanding)
    #expect(judged { ($0.requests, $0.failed) = (1_020, 520) }.text.contains("100 % of 20 requests failed"))
    #expect(!judged { ($0.requests, $0.failed) = (1_019, 519) }.isStanding)
    #expect(judged { $0.refusedLogins += 20 }.text.contains("20 logins were refused"))
    #expect(!judged { $0.refusedLogins += 19 }.isStanding)
    #expect(judged { $0.lateJobs = 1 }.text.contains("1 job took"))
  }

  @Test func `what is older than five minutes does not count`() {
    var watch = InterfaceWatch()
    _ = watch.look(InterfaceFacts(), at: start)
    #expect(watch.look(InterfaceFacts(refusedLogins: 30), at: start + .minute).isStanding)
    #expect(!watch.look(InterfaceFacts(refusedLogins: 30), at: start + .minutes(7)).isStanding)
  }
}
