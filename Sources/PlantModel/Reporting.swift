/// When a sensor sends, which decides what holds between two readings.
public enum Reporting: String, Sendable, CaseIterable, BitwiseCopyable {
  /// Told by the quantity, or by the sensor's own readings: the default.
  case auto
  /// When its value changes: a value holds until the next.
  case onChange = "on_change"
  /// At intervals: a gap is a gap.
  case interval
}

/// What a sensor's own readings say of when it sends.
///
/// A sender on change repeats a value seldom and speaks in bursts: most of the time lies in a few long gaps. It is taken
/// for one after three gaps of more than three usual ones and five minutes that make up a quarter of the time, while fewer
/// than one reading in twenty repeats the one before; and no longer once the long gaps are a tenth of the time, or one
/// reading in five is a repetition.
///
/// A quantity that holds by its nature is taken for one until one reading in five is a repetition, or a hundred readings
/// have come without a long gap.
public struct ReportingWatch: Sendable, BitwiseCopyable, Equatable {
  private static let shortest = TimeSpan.minutes(5)
  private static let fewest: UInt8 = 3
  private static let leastReadings: UInt8 = 10
  private static let steadyReadings: UInt8 = 100
  /// Two days are remembered.
  private static let memory = TimeSpan.days(2)
  /// The units of ``allTime`` and ``longTime``.
  private static let unit = TimeSpan.seconds(4)
  private static let longUnit = TimeSpan.minutes(12)

  // Six bytes, since every series has them.
  private var readings: UInt8 = 0
  private var repeats: UInt8 = 0
  private var longGaps: UInt8 = 0
  private var longTime: UInt8 = 0
  /// The lowest bit says whether it is taken for a sender on change.
  private var allTimeAndFlag: UInt16 = 0

  private var allTime: UInt16 { allTimeAndFlag & ~1 }
  /// Whether it is taken for a sender on change.
  public private(set) var isOnChange: Bool {
    get { allTimeAndFlag & 1 == 1 }
    set { allTimeAndFlag = allTime | (newValue ? 1 : 0) }
  }

  /// A watch that has seen nothing.
  public init() {}

  /// Takes in a good reading that is later than all others.
  ///
  /// - Parameters:
  ///   - gap: The time since the reading before.
  ///   - usual: The usual gap; zero while none is known.
  ///   - isRepeat: Whether the value is that of the reading before.
  public mutating func note(gap: TimeSpan, usual: TimeSpan, isRepeat: Bool) {
    if readings == .max { (readings, repeats) = (readings / 2, repeats / 2) }
    readings += 1
    if isRepeat { repeats += 1 }
    // Rounded up to two units, so that the share of long gaps is rather told too low.
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

  /// Whether it sends at intervals beyond doubt.
  public var isAtIntervals: Bool {
    readings >= Self.leastReadings
      && (Int(repeats) * 5 >= Int(readings) || (readings >= Self.steadyReadings && longGaps == 0))
  }

  /// What is remembered, for a snapshot.
  public var remembered: UInt64 {
    [UInt16(readings), UInt16(repeats), UInt16(longGaps), UInt16(longTime)].reduce(UInt64(allTimeAndFlag)) {
      $0 << 8 | UInt64($1)
    }
  }

  /// The watch of which ``remembered`` is told.
  public init(remembered: UInt64) {
    readings = UInt8(truncatingIfNeeded: remembered >> 24)
    repeats = UInt8(truncatingIfNeeded: remembered >> 16)
    longGaps = UInt8(truncatingIfNeeded: remembered >> 8)
    longTime = UInt8(truncatingIfNeeded: remembered)
    allTimeAndFlag = UInt16(truncatingIfNeeded: remembered >> 32)
  }
}
