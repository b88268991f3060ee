import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import DataSources

extension KnownReadings {
  /// Returns whether a reading is known, without marking it.
  fileprivate func knows(_ key: Key, value: Double) -> Bool {
    var copy = self
    return copy.has(key, value: value)
  }
}

@Suite("what a source knows of earlier fetches")
struct KnownReadingsTests {
  private func key(_ second: Int64) -> KnownReadings.Key {
    KnownReadings.Key(series: KnownReadings.hash(asset: "meter", sensor: "energy"), time: Timestamp(seconds: second))
  }

  @Test func `a repeated reading is known, a corrected one is not`() {
    var known = KnownReadings()
    known.beginFetch()
    known.insert(key(1), value: 2.5)
    #expect(known.knows(key(1), value: 2.5))
    #expect(!known.knows(key(1), value: 2.6))
    #expect(!known.knows(key(2), value: 2.5))
  }

  @Test func `what the last fetch has brought is kept, however old, and the rest by its age`() {
    var known = KnownReadings()
    known.beginFetch()
    for second in [1, 2, 100] { known.insert(key(Int64(second)), value: 1) }
    known.beginFetch()
    _ = known.has(key(1), value: 1)
    known.endFetch(keepingFrom: Timestamp(seconds: 50))
    #expect(known.knows(key(1), value: 1) && known.knows(key(100), value: 1))
    #expect(!known.knows(key(2), value: 1))
  }

  @Test func `memory is bounded, and the oldest are forgotten`() {
    var known = KnownReadings()
    known.beginFetch()
    for second in 0..<KnownReadings.most + 200_000 { known.insert(key(Int64(second)), value: 1) }
    #expect(known.count <= KnownReadings.most * 5 / 4)
    #expect(known.knows(key(Int64(KnownReadings.most + 199_999)), value: 1))
  }

  @Test func `a saved state is restored, and a damaged one is refused`() throws {
    var state = SourceState()
    state.known.insert(key(7), value: 3)
    (state.rows, state.through, state.refusal) = (12, Timestamp(seconds: 5), "refused")
    state.files = [SourceState.FileMark(device: 1, inode: 2, head: 3, headLength: 4, offset: 5, lines: 6)]
    let restored = try SourceState(state.bytes)
    #expect(restored == state)
    #expect(throws: SnapshotError.self) { try SourceState(Array(state.bytes.dropLast())) }
  }
}

@Suite("times of fetches")
struct FetchScheduleTests {
  private let noon = Timestamp(seconds: 1_772_362_800)

  @Test func `failures back off, and wait at least as long as the server asks`() {
    var schedule = FetchSchedule(.every(.minutes(15)), calendar: .utc, seed: 1)
    let asked = schedule.afterFailure(wait: .seconds(90), now: noon)
    #expect(asked == noon + .seconds(90))
    let waits = (0..<12).map { _ in schedule.afterFailure(wait: nil, now: noon) - noon }
    #expect(waits.allSatisfy { $0 <= .minutes(15) })
    #expect(waits[11] >= .minutes(7))
  }

  @Test func `a time of the day is local, on days of 23 and 25 hours too`() throws {
    let calendar = try #require(LocalCalendar(identifier: "Europe/Berlin"))
    var schedule = FetchSchedule(.daily(.minutes(14 * 60 + 5)), calendar: calendar, seed: 1)
    // 28 March 2026, 14:30 local; the clock is put forward in the night.
    let next = schedule.afterSuccess(of: noon, now: Timestamp(seconds: 1_774_704_600))
    #expect(next >= Timestamp(seconds: 1_774_785_900) && next <= Timestamp(seconds: 1_774_785_930))
  }

  @Test func `a daily time that was missed is made up for`() {
    var schedule = FetchSchedule(.daily(.hours(14)), calendar: .utc, seed: 1)
    let first = schedule.first(after: noon - .days(2), now: noon)
    #expect(first - noon <= .seconds(2))
  }
}
