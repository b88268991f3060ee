import Glibc
import PlantModel
import PlantPhysics
import StreamCore

/// The usual relation between the sensors of all assets of a kind with the same sensors: an isolation forest on their
/// quarter-hour means.
///
/// A row has a code for each sensor, see ``DayProfile/patternCode(_:)``, and the time of day as a point on a circle.
/// Rows are a random sample of about the last two weeks. Quarter-hours in which other findings indicate a fault are
/// excluded, so a fault is not learned. Once a day the oddest rows are set aside, up to
/// ``IsolationForest/contamination``, and the usual scores are measured on the others.
///
/// The score is `0.15 · clip((s − q) / (q − m), 0, 1)` with a row's score s. The median m and the 0.99 quantile q are
/// those of the forest's own rows. A new pattern is worth a look, but is no alarm by itself.
///
/// Worked value: s = 0.65 with m = 0.45 and q = 0.60 scores 0.05.
struct PatternClass: Sendable {
  static let days = 14
  /// Days from the first row to the first forest.
  static let leastDays = 2
  static let mostRows = 96
  static let weight = 0.15
  /// Radius of the time-of-day circle in codes.
  private static let radius = 57.0

  /// The sensors, taken from the asset with which the class began.
  let columns: [SeriesIndex]
  /// Codes row by row, in random order; rows that were set aside come last.
  private var rows: [Int8] = []
  /// Number of rows in the forest; 0 while there is none.
  private var ordinary = 0
  private var median: Float = 0
  private var limit: Float = 1
  /// Slot of the first row, and number of rows from which the sample is drawn.
  private var firstSlot = Int32.min
  private var seen: UInt32 = 0

  init(columns: [SeriesIndex]) { self.columns = columns }

  private var width: Int { 2 + columns.count }
  var count: Int { rows.count / width }

  /// Returns the codes of a slot, including the time of day; `nil` if a sensor has none.
  func row(_ slot: Int, code: (SeriesIndex) -> Int8?) -> [Int8]? {
    let angle = 2 * Double.pi * Double(slot % QuarterHour.perDay) / Double(QuarterHour.perDay)
    var row = [sin(angle), cos(angle)].map { Int8(clamping: Int(($0 * Self.radius).rounded())) }
    row.reserveCapacity(width)
    for column in columns {
      guard let code = code(column) else { return nil }
      row.append(code)
    }
    return row
  }

  /// The forest of the current rows; `nil` in the first two days.
  var forest: IsolationForest? {
    ordinary == 0 ? nil : forest(of: 0..<min(ordinary, count))
  }

  private func forest(of range: Range<Int>) -> IsolationForest? {
    IsolationForest(
      rows: rows[range.lowerBound * width..<range.upperBound * width].map(Float.init), width: width,
      seed: UInt64(bitPattern: Int64(firstSlot)))
  }

  /// Returns the score of a row: 0 is ordinary, ``weight`` the maximum.
  func score(_ row: [Int8], by forest: IsolationForest) -> Double {
    let score = Float(forest.score(row.map(Float.init)))
    return Self.weight * HealthFormula.clip(Double((score - limit) / max(1e-6, limit - median)))
  }

  /// Adds a row to the sample with a probability that is about the same for all rows of the last two weeks. The choice
  /// depends on slot and asset alone.
  ///
  /// - Parameters:
  ///   - row: The row.
  ///   - slot: Its quarter-hour.
  ///   - asset: Its asset.
  ///   - members: Number of assets that contribute rows.
  mutating func observe(_ row: [Int8], slot: Int, asset: AssetIndex, members: Int) {
    guard row.count == width else { return }
    if firstSlot == .min { firstSlot = Int32(clamping: slot) }
    let span = UInt32(clamping: Self.days * QuarterHour.perDay * max(1, members))
    seen = min(seen, span - 1) + 1
    var random = SplitMix64(seed: UInt64(bitPattern: Int64(slot)) << 24 ^ UInt64(UInt32(bitPattern: asset.rawValue)))
    let place = Int(random.next() % UInt64(max(seen, UInt32(count) + 1)))
    if count < Self.mostRows {
      // A random position, so that consecutive rows are a random draw.
      if rows.isEmpty { rows.reserveCapacity(Self.mostRows * width) }
      rows.append(contentsOf: row)
      swapRows(count - 1, place % count)
    } else if place < count {
      for column in 0..<width { rows[place * width + column] = row[column] }
    }
  }

  private mutating func swapRows(_ a: Int, _ b: Int) {
    for column in 0..<width { rows.swapAt(a * width + column, b * width + column) }
  }

  /// Sets the oddest rows aside and measures the usual scores on the others.
  mutating func learn(at slot: Int) {
    guard firstSlot != .min, slot - Int(firstSlot) >= Self.leastDays * QuarterHour.perDay,
      let all = forest(of: 0..<count)
    else { return }
    let table = (0..<count).map { Array(rows[$0 * width..<($0 + 1) * width]) }
    let kept = IsolationForest.ordinary(table.map { $0.map(Float.init) }, by: all)
    let odd = Set(table.indices).subtracting(kept).sorted()
    rows.removeAll(keepingCapacity: true)
    for number in kept + odd { rows.append(contentsOf: table[number]) }
    guard let forest = forest(of: 0..<kept.count) else { return }
    ordinary = kept.count
    let scores = kept.map { forest.score(table[$0].map(Float.init)) }.sorted()
    median = Float(EmpiricalQuantile.ofSorted(scores, probability: 0.5))
    limit = Float(EmpiricalQuantile.ofSorted(scores, probability: 0.99))
  }
}

extension PatternClass {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(columns) { $0.write($1.rawValue) }
    writer.write(bytes: rows.map(UInt8.init(bitPattern:)))
    writer.write(UInt16(clamping: ordinary))
    for number in [median, limit] { writer.write(number.bitPattern) }
    writer.write(firstSlot)
    writer.write(seen)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    columns = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
      SeriesIndex(Int(try reader.read(Int32.self)))
    }
    rows = try reader.readBytes().map(Int8.init(bitPattern:))
    ordinary = Int(try reader.read(UInt16.self))
    median = Float(bitPattern: try reader.read(UInt32.self))
    limit = Float(bitPattern: try reader.read(UInt32.self))
    firstSlot = try reader.read(Int32.self)
    seen = try reader.read(UInt32.self)
    guard rows.count % width == 0, count <= Self.mostRows, ordinary <= count, columns.allSatisfy({ $0.rawValue >= 0 }),
      firstSlot == .min || firstSlot.magnitude < 100_000_000
    else { throw .invalid("a pattern of another shape") }
  }
}
