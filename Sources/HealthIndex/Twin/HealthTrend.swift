import PlantModel
import StreamCore

/// The trend of an asset's health index, and the day on which it would fall to 60.
///
/// The trend is the median of the slopes between daily means over at most 30 days (H. Theil, 1950; P. Sen, 1968,
/// doi:10.1080/01621459.1968.10480934).
///
/// Worked value: 100, 98, 96, 94, 92 have a slope of −2 a day and reach 60 after 16 days.
struct HealthTrend: BitwiseCopyable {
  static let threshold = 60.0
  static let days = 30
  static let leastDays = 5
  /// Slopes closer to zero are not significant [1/day].
  static let leastSlope = 0.1
  /// Resolution of the stored daily means.
  private static let unit = 1.0 / 600

  private var means: InlineArray<30, UInt16> = .init(repeating: 0)
  private var known: UInt8 = 0
  private var count: UInt16 = 0
  private var sum: Float = 0
  private var day = Int32.min

  /// Adds an index, 0...100, at a slot.
  mutating func add(_ index: Double, slot: Int) {
    let today = Int32(clamping: slot / QuarterHour.perDay)
    if today != day {
      if count > 0 { append(Double(sum) / Double(count)) }
      (day, sum, count) = (today, 0, 0)
    }
    guard count < .max else { return }
    sum += Float(index)
    count += 1
  }

  private mutating func append(_ mean: Double) {
    if Int(known) == Self.days {
      for i in 1..<Self.days { means[i - 1] = means[i] }
      known -= 1
    }
    means[Int(known)] = UInt16(min(max(mean, 0), 100) / Self.unit + 0.5)
    known += 1
  }

  /// The slope [1/day], and the days until the threshold with an interval from the 10 % and 90 % quantiles of the
  /// slopes. It is `nil` if the index does not fall, or before five days.
  var fall: (slope: Double, days: Double, soonest: Double, latest: Double)? {
    let count = Int(known)
    guard count >= Self.leastDays else { return nil }
    let room = Double(means[count - 1]) * Self.unit - Self.threshold
    guard room > 0 else { return nil }
    var slopes: [Double] = []
    slopes.reserveCapacity(count * (count - 1) / 2)
    for i in 0..<count - 1 {
      for j in (i + 1)..<count { slopes.append((Double(means[j]) - Double(means[i])) * Self.unit / Double(j - i)) }
    }
    slopes.sort()
    let slope = EmpiricalQuantile.ofSorted(slopes, probability: 0.5)
    guard slope < -Self.leastSlope else { return nil }
    func days(_ slope: Double) -> Double { slope < -0.01 ? room / -slope : .infinity }
    return (
      slope, days(slope), days(EmpiricalQuantile.ofSorted(slopes, probability: 0.1)),
      days(EmpiricalQuantile.ofSorted(slopes, probability: 0.9))
    )
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(known)
    for i in 0..<Int(known) { writer.write(means[i]) }
    writer.write(count)
    writer.write(sum.bitPattern)
    writer.write(day)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    known = try reader.read(UInt8.self)
    guard known <= Self.days else { throw .invalid("a trend of too many days") }
    for i in 0..<Int(known) { means[i] = try reader.read(UInt16.self) }
    count = try reader.read(UInt16.self)
    sum = Float(bitPattern: try reader.read(UInt32.self))
    day = try reader.read(Int32.self)
  }

  init() {}
}
