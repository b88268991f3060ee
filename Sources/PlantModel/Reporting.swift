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
  private static let fewest: UInt16 = 3
  private static let memory: Float = 2 * 86_400
  private static let leastReadings: UInt16 = 10
  private static let steadyReadings: UInt16 = 100

  private var readings: UInt16 = 0
  private var repeats: UInt16 = 0
  private var longGaps: UInt16 = 0
  /// Whether it is taken for a sender on change.
  public private(set) var isOnChange = false
  /// Time in long gaps, and in all [s].
  private var longTime: Float = 0
  private var allTime: Float = 0

  /// A watch that has seen nothing.
  public init() {}

  /// Takes in a good reading that is later than all others.
  ///
  /// - Parameters:
  ///   - gap: The time since the reading before.
  ///   - usual: The usual gap; zero while none is known.
  ///   - isRepeat: Whether the value is that of the reading before.
  public mutating func note(gap: TimeSpan, usual: TimeSpan, isRepeat: Bool) {
    if readings == .max {
      (readings, repeats) = (readings / 2, repeats / 2)
    }
    readings += 1
    if isRepeat { repeats += 1 }
    let seconds = Float(gap.inSeconds)
    allTime += seconds
    let isLong = gap > Self.shortest && usual > .zero && gap > usual * 3
    if isLong {
      longTime += seconds
      longGaps = min(.max - 1, longGaps) + 1
    }
    if allTime > Self.memory {
      (allTime, longTime) = (allTime / 2, longTime / 2)
      longGaps = (longGaps + 1) / 2
      (readings, repeats) = (readings / 2, repeats / 2)
    }
    guard readings >= Self.leastReadings else { return }
    if isOnChange {
      isOnChange = longTime > 0.1 * allTime && Int(repeats) * 5 < Int(readings)
    } else if isLong {
      isOnChange = longGaps >= Self.fewest && longTime > 0.25 * allTime && Int(repeats) * 20 < Int(readings)
    }
  }

  /// Whether it sends at intervals beyond doubt.
  public var isAtIntervals: Bool {
    readings >= Self.leastReadings
      && (Int(repeats) * 5 >= Int(readings) || (readings >= Self.steadyReadings && longGaps == 0))
  }

  /// What is remembered, for a snapshot.
  public var remembered: [UInt32] {
    [
      UInt32(readings), UInt32(repeats), UInt32(longGaps), isOnChange ? 1 : 0, longTime.bitPattern, allTime.bitPattern,
    ]
  }

  /// The watch of which ``remembered`` is told; `nil` where it is not one.
  public init?(remembered: [UInt32]) {
    guard remembered.count == 6, remembered[..<3].allSatisfy({ $0 <= UInt16.max }) else { return nil }
    (readings, repeats) = (UInt16(remembered[0]), UInt16(remembered[1]))
    longGaps = UInt16(remembered[2])
    isOnChange = remembered[3] == 1
    (longTime, allTime) = (Float(bitPattern: remembered[4]), Float(bitPattern: remembered[5]))
  }
}
