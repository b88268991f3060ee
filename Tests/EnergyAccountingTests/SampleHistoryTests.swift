import PlantModel
import Testing
import WattlineTime

@testable import EnergyAccounting

private let midnight = Timestamp(seconds: 1_699_920_000)

private func history(_ values: [(minute: Double, value: Double)]) -> SampleHistory {
  var history = SampleHistory()
  for (minute, value) in values {
    _ = history.insert(
      MeterSample(time: midnight + .seconds(Int64(minute * 60)), value: value, standing: .good))
  }
  return history
}

@Suite("Readings that make energy")
struct SampleHistoryTests {
  @Test func `between samples lies a straight line, and zero is where the direction changes`() {
    let cell = history([(0, 2), (1, 2), (2, -2)]).energy(
      from: midnight, to: midnight + .hour, rule: MeterRule(sampling: .instant), holds: false)
    #expect(abs(cell.positive - (2 + 0.5) / 60) < 1e-15)
    #expect(abs(cell.negative - 0.5 / 60) < 1e-15)
    #expect(abs(cell.known - 2.0 / 60) < 1e-15)
  }

  @Test
  func `a value that holds does so until the next, until its device goes, and no longer than the longest silence`() {
    var samples = history([(0, 0.3), (360, 2), (420, 0.3)])
    let rule = MeterRule(sampling: .instant, longestSilence: .hours(4))
    func energy(_ from: Int64, to: Int64) -> EnergyCell {
      samples.energy(from: midnight + .hours(from), to: midnight + .hours(to), rule: rule, holds: true)
    }
    #expect(abs(energy(0, to: 6).net - 1.2) < 1e-12 && abs(energy(0, to: 6).known - 4) < 1e-12)
    #expect(abs(energy(6, to: 24).net - (2 + 4 * 0.3)) < 1e-12)
    _ = samples.insert(MeterSample(time: midnight + .hours(8), value: 0, standing: .offline))
    #expect(abs(energy(6, to: 24).net - (2 + 0.3)) < 1e-12)
  }

  @Test func `a day of 23 and one of 25 hours are whole for a daily meter`() {
    let starts: [Int64] = [0, 24, 47, 71, 96, 120]
    var samples = SampleHistory()
    for start in starts {
      _ = samples.insert(MeterSample(time: midnight + .hours(start), value: 2, standing: .good))
    }
    let cell = samples.energy(
      from: midnight, to: midnight + .hours(120), rule: MeterRule(sampling: .intervalStart), holds: false)
    #expect(abs(cell.known - 120) < 1e-12 && abs(cell.net - 240) < 1e-12)
  }

  @Test("a counter that falls for a reading or rests in its fall counts nothing of it, and one that begins anew does")
  func aCounterThatFallsForAReadingOrRestsInItsFallCountsNothingOfItAndOneThat() {
    func total(_ values: [(minute: Double, value: Double)]) -> Double {
      history(values).energy(
        from: midnight, to: midnight + .day, rule: MeterRule(sampling: .counter), holds: false
      ).net
    }
    #expect(abs(total([(0, 1_000), (5, 1_000.1), (10, 0), (15, 1_000.3), (20, 1_000.4)]) - 0.4) < 1e-9)
    #expect(abs(total([(0, 1_000), (5, 1_000.1), (10, 0), (12, 0), (15, 1_000.3), (20, 1_000.4)]) - 0.4) < 1e-9)
    #expect(abs(total([(0, 1_000), (5, 1_000.1), (10, 999.9), (15, 1_000.3), (20, 1_000.4)]) - 0.4) < 1e-9)
    #expect(abs(total([(0, 1_000), (5, 1_000.1), (10, 0.05), (15, 0.15), (20, 0.25)]) - 0.35) < 1e-9)
    // Nothing has said yet what the fall was.
    #expect(abs(total([(0, 1_000), (5, 1_000.1), (10, 0)]) - 0.1) < 1e-9)
  }

  @Test func `an increase over an outage of three days is spread evenly and told as an estimate`() {
    let samples = history((0..<12).map { (Double($0) * 5, Double($0)) } + [(55 + 3 * 1440, 83), (60 + 3 * 1440, 84)])
    let cell = samples.energy(
      from: midnight + .days(1), to: midnight + .days(2), rule: MeterRule(sampling: .counter), holds: false)
    #expect(abs(cell.net - 24) < 1e-9 && abs(cell.estimated - 24) < 1e-9)
  }
}

extension SampleHistory {
  /// The energy between two times without anything usual.
  fileprivate func energy(from start: Timestamp, to end: Timestamp, rule: MeterRule, holds: Bool) -> EnergyCell {
    var cell = EnergyCell()
    forEachPiece(from: start, to: end, rule: rule, holds: holds) { cell.add($0) }
    return cell
  }
}
