import Glibc
import PlantModel
import StreamCore

/// Whether the sensors of an asset fit together as they usually do: an isolation forest on its feature windows.
///
/// A row has the quarter-hour mean of every sensor but counters and the time of day as a point on a circle. Once a day, at a quarter that differs between assets, the forest is made anew from the last two
/// weeks, without the quarters in which something else spoke against the asset: a fault is not learned. Beyond that
/// ``IsolationForest/contamination`` may be odd.
///
/// The score is `0.15 · clip((s − q) / (q − m), 0, 1)`, the median of the last three, of a row's score s and the median m
/// and 0.99 quantile q of the forest's own rows: what is new is worth a look, but not an alarm by itself.
///
/// Worked value: s = 0.65 with m = 0.45 and q = 0.60 scores 0.05.
struct PatternTrack: Sendable {
  static let days = 14
  static let leastDays = 3
  static let weight = 0.15
  /// Penalty of anything else from which on a quarter is not learned.
  static let suspicious = 0.2

  private(set) var forest: IsolationForest?
  /// Series of the forest's columns.
  private var columns: [SeriesIndex] = []
  private var median = 0.0
  private var limit = 1.0
  /// Slots that are not learned, ascending.
  private var suspects: [Int] = []
  private var recent: [Double] = []

  /// 0 ordinary, ``weight`` at the most.
  var score: Double { recent.count == 3 ? EmpiricalQuantile.median(recent) : 0 }

  /// Judges a quarter of an hour.
  /// - Parameter mean: The mean of a series in a slot, NaN where there is none.
  mutating func judge(slot: Int, mean: (SeriesIndex, Int) -> Double) {
    guard let forest, let row = PatternTrack.row(columns, slot, mean) else { return }
    if recent.count == 3 { recent.removeFirst() }
    recent.append(PatternTrack.weight * HealthFormula.clip((forest.score(row) - limit) / max(1e-6, limit - median)))
  }

  /// Remembers that a slot is not to be learned.
  mutating func suspect(_ slot: Int) {
    suspects.removeAll { $0 <= slot - PatternTrack.days * QuarterHour.perDay }
    if suspects.last.map({ $0 < slot }) ?? true { suspects.append(slot) }
  }

  /// Makes the forest anew from what came before a slot; one that has too little to go by leaves it as it is.
  mutating func learn(before slot: Int, from series: [SeriesIndex], mean: (SeriesIndex, Int) -> Double) {
    let slots = (slot - PatternTrack.days * QuarterHour.perDay)..<slot
    // What speaks less often than every other quarter would leave hardly a whole row.
    let most = series.map { one in slots.count { mean(one, $0).isFinite } }
    let known = most.max() ?? 0
    guard known >= PatternTrack.leastDays * QuarterHour.perDay else { return }
    let columns = zip(series, most).filter { 10 * $0.1 >= 9 * known }.map(\.0)
    // One sensor has nothing to fit together with.
    guard columns.count > 1 else { return }
    let left = Set(suspects)
    let rows = slots.filter { !left.contains($0) }.compactMap { PatternTrack.row(columns, $0, mean) }
    // Where more than half was suspicious, what is left is no measure.
    guard 2 * rows.count >= known,
      let (forest, scores) = IsolationForest.fitted(to: rows, seed: UInt64(bitPattern: Int64(slot)))
    else { return }
    (self.forest, self.columns) = (forest, columns)
    (median, limit) = (EmpiricalQuantile.ofSorted(scores, 0.5), EmpiricalQuantile.ofSorted(scores, 0.99))
  }

  private static func row(_ columns: [SeriesIndex], _ slot: Int, _ mean: (SeriesIndex, Int) -> Double) -> [Float]? {
    let angle = 2 * Double.pi * Double(slot % QuarterHour.perDay) / Double(QuarterHour.perDay)
    var row = [Float(sin(angle)), Float(cos(angle))]
    for series in columns {
      let value = mean(series, slot)
      guard value.magnitude < 1e30 else { return nil }
      row.append(Float(value))
    }
    return row
  }
}

extension PatternTrack {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(columns) { $0.write($1.rawValue) }
    writer.write(forest?.seed ?? 0)
    writer.write(forest?.rows ?? []) { $0.write($1.bitPattern) }
    writer.write([median, limit])
    writer.write(suspects) { $0.write(Int64($1)) }
    writer.write(recent)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    columns = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      SeriesIndex(Int(try reader.read(Int32.self)))
    }
    let seed = try reader.read(UInt64.self)
    let rows = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      Float(bitPattern: try reader.read(UInt32.self))
    }
    forest = IsolationForest(rows: rows, width: 2 + columns.count, seed: seed)
    let numbers = try reader.readDoubles()
    suspects = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      Int(try reader.read(Int64.self))
    }
    recent = try reader.readDoubles()
    guard rows.isEmpty == (forest == nil), numbers.count == 2, recent.count <= 3,
      rows.count <= IsolationForest.mostRows * (2 + columns.count),
      columns.allSatisfy({ $0.rawValue >= 0 }),
      suspects.allSatisfy({ (-100_000_000...100_000_000).contains($0) })
    else { throw .invalid("a forest of another shape") }
    (median, limit) = (numbers[0], numbers[1])
  }
}
