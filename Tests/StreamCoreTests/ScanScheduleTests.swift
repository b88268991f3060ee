import StreamCore
import Testing
import WattlineTime

@Suite("Looking seldom")
struct ScanScheduleTests {
  @Test func `the first look is due, then none before the moment that it told, or after a clock was set back`() {
    var look = ScanSchedule()
    #expect(look.isDue(at: Timestamp(seconds: 1)))
    look.looked(at: Timestamp(seconds: 100), next: Timestamp(seconds: 160))
    #expect(!look.isDue(at: Timestamp(seconds: 100)))
    #expect(!look.isDue(at: Timestamp(seconds: 159)))
    #expect(look.isDue(at: Timestamp(seconds: 160)))
    #expect(look.isDue(at: Timestamp(seconds: 99)))
  }
}
