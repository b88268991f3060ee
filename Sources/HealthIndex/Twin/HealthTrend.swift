import PlantModel
import StreamCore

/// Where an asset's health index is heading: the median of the slopes between its daily means (H. Theil, 1950; P. Sen,
/// 1968, doi:10.1080/01621459.1968.10480934) over at most 30 days, and the day at which it would fall to 60.
///
/// Worked value: 100, 98, 96, 94, 92 have a slope of −2 a day and reach 60 after 16 days.
struct HealthTrend: Sendable, Equatable {
  static let threshold = 60.0
  static let days = 30
  static let leastDays = 5
  /// Slopes closer to zero than this tell nothing [1/day].
  static let leastSlope = 0.1

  private(set) var means: [Double] = []
  private var day = Int.min
  private var sum = 0.0
  private var count = 0.0

  /// Takes in an index at a slot.
  mutating func add(_ index: Double, slot: Int) {
    let today = slot / QuarterHour.perDay
    if today != day {
      if count > 0 { means.append(sum / count) }
      if means.count > HealthTrend.days { means.removeFirst() }
      (day, sum, count) = (today, 0, 0)
    }
    sum += index
    count += 1
  }

  /// The slope [1/day], and the days until the threshold with an interval of four fifths of the slopes; `nil` while it
  /// does not fall, or before five days.
  var fall: (slope: Double, days: Double, soonest: Double, latest: Double)? {
    guard means.count >= HealthTrend.leastDays, let last = means.last, last > HealthTrend.threshold else { return nil }
    var slopes: [Double] = []
    for i in means.indices {
      for j in (i + 1)..<max(means.count, i + 1) { slopes.append((means[j] - means[i]) / Double(j - i)) }
    }
    slopes.sort()
    let slope = EmpiricalQuantile.ofSorted(slopes, 0.5)
    guard slope < -HealthTrend.leastSlope else { return nil }
    let room = last - HealthTrend.threshold
    func days(_ slope: Double) -> Double { slope < -0.01 ? room / -slope : .infinity }
    return (
      slope, days(slope), days(EmpiricalQuantile.ofSorted(slopes, 0.1)), days(EmpiricalQuantile.ofSorted(slopes, 0.9))
    )
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(means)
    writer.write(Int64(day))
    writer.write([sum, count])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    means = try reader.readDoubles()
    day = Int(try reader.read(Int64.self))
    let numbers = try reader.readDoubles()
    guard numbers.count == 2, means.count <= HealthTrend.days + 1 else { throw .invalid("a trend of another shape") }
    (sum, count) = (numbers[0], numbers[1])
  }
}
