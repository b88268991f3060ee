public import WattlineTime

/// Reporting behaviour of a sensor. It determines which value applies between two readings.
public enum Reporting: String, Sendable, CaseIterable, BitwiseCopyable {
  /// Determined from the quantity or the sensor's readings: the default.
  case auto
  /// On change of the value: a value holds until the next.
  case onChange = "on_change"
  /// At intervals: no value applies within a gap.
  case interval
}

/// Detector of sensors that report on change, based on their readings.
///
/// A sensor that reports on change seldom repeats a value and sends in bursts, so a few long gaps make up most of the
/// time. A gap is long if it exceeds five minutes and three usual gaps. Reporting on change is detected after three
/// long gaps that make up a quarter of the time. Fewer than one reading in twenty may then be a repetition. It ends
/// once long gaps are a tenth of the time, or one reading in five is a repetition.
///
/// A quantity whose values hold by nature is treated as reported on change at first. This ends once one reading in five
/// is a repetition, or a hundred readings have arrived without a long gap.
public struct ReportingWatch: Sendable, BitwiseCopyable, Equatable {
  private static let shortest = TimeSpan.minutes(5)
  private static let fewest: UInt8 = 3
  private static let leastReadings: UInt8 = 10
  private static let steadyReadings: UInt8 = 100
  /// Time after which counts are halved.
  private static let memory = TimeSpan.days(2)
  /// Unit of ``allTime``; that of ``longTime`` is ``longUnit``.
  private static let unit = TimeSpan.seconds(4)
  private static let longUnit = TimeSpan.minutes(12)

  // Six bytes, because every series has them.
  private var readings: UInt8 = 0
  private var repeats: UInt8 = 0
  private var longGaps: UInt8 = 0
  private var longTime: UInt8 = 0
  /// Observed time; the lowest bit is ``isOnChange``.
  private var allTimeAndFlag: UInt16 = 0

  private var allTime: UInt16 { allTimeAndFlag & ~1 }
  /// Whether the sensor reports on change.
  public private(set) var isOnChange: Bool {
    get { allTimeAndFlag & 1 == 1 }
    set { allTimeAndFlag = allTime | (newValue ? 1 : 0) }
  }

  /// Creates a detector without readings.
  public init() {}

  /// Records a good reading that is later than all others.
  ///
  /// - Parameters:
  ///   - gap: Time since the previous reading.
  ///   - usual: Usual gap; zero while unknown.
  ///   - isRepeat: Whether the value equals that of the previous reading.
  public mutating func observe(gap: TimeSpan, usual: TimeSpan, isRepeat: Bool) {
    if readings == .max { (readings, repeats) = (readings / 2, repeats / 2) }
    readings += 1
    if isRepeat { repeats += 1 }
    // Rounded up to two units, so that the share of long gaps is underestimated rather than overestimated.
    let units = min(gap, Self.memory).nanoseconds / Self.unit.nanoseconds / 2 * 2 + 2
    let isLong = gap > Self.shortest && usual > .zero && gap > usual * 3
    if isLong {
      let long = (min(gap, Self.memory).nanoseconds + Self.longUnit.nanoseconds / 2) / Self.longUnit.nanoseconds
      longTime = UInt8(clamping: Int64(longTime) + long)
      longGaps = longGaps == .max ? .max : longGaps + 1
    }
    var all = Int64(allTime) + units
    if all > Self.memory.nanoseconds / Self.unit.nanoseconds {
      (all, longTime, longGaps) = (all / 2, longTime / 2, longGaps / 2 + longGaps % 2)
      (readings, repeats) = (readings / 2, repeats / 2)
    }
    allTimeAndFlag = UInt16(clamping: all) & ~1 | allTimeAndFlag & 1
    guard readings >= Self.leastReadings else { return }
    let share = Double(longTime) * Self.longUnit.inSeconds / (Double(allTime) * Self.unit.inSeconds)
    if isOnChange {
      isOnChange = share > 0.1 && Int(repeats) * 5 < Int(readings)
    } else if isLong {
      isOnChange = longGaps >= Self.fewest && share > 0.25 && Int(repeats) * 20 < Int(readings)
    }
  }

  /// Whether the sensor certainly reports at intervals.
  public var isAtIntervals: Bool {
    readings >= Self.leastReadings
      && (Int(repeats) * 5 >= Int(readings) || (readings >= Self.steadyReadings && longGaps == 0))
  }

  /// Encoded state for a snapshot.
  public var remembered: UInt64 {
    [UInt16(readings), UInt16(repeats), UInt16(longGaps), UInt16(longTime)].reduce(UInt64(allTimeAndFlag)) {
      $0 << 8 | UInt64($1)
    }
  }

  /// Restores a detector from ``remembered``.
  public init(remembered: UInt64) {
    readings = UInt8(truncatingIfNeeded: remembered >> 24)
    repeats = UInt8(truncatingIfNeeded: remembered >> 16)
    longGaps = UInt8(truncatingIfNeeded: remembered >> 8)
    longTime = UInt8(truncatingIfNeeded: remembered)
    allTimeAndFlag = UInt16(truncatingIfNeeded: remembered >> 32)
  }
}
