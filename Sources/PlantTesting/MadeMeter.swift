import Glibc
public import WattlineTime

/// Hours of a made building: base by day type, heating below 14 °C, and repeatable noise.
public struct MadeMeter: Sendable {
  /// First date of a measure and the share of use that it saves.
  public var measure: (date: Int, share: Double)?

  /// Time zone of its days.
  public static let zone = "Europe/Berlin"
  /// First date of the usual baseline [days since 1970-01-01].
  public static let firstDay = CivilTime.daysSinceEpoch(year: 2023, month: 1, day: 1)

  /// Returns the daily mean temperature of a date [°C].
  public static func temperature(_ date: Int) -> Double {
    10 - 9 * cos(2 * Double.pi * Double(date - firstDay) / 365.25) + 3 * noise(date, salt: 1)
  }

  /// Returns the use of a date [kWh].
  public func use(_ date: Int) -> Double {
    let weekday = (date + 3) % 7
    let base = weekday > 4 ? 120.0 : 240
    let use = base + 6 * max(0, 14 - MadeMeter.temperature(date)) + 8 * MadeMeter.noise(date, salt: 2)
    if let measure, date >= measure.date { return use * (1 - measure.share) }
    return use
  }

  /// Returns a repeatable number from −1 to 1.
  private static func noise(_ date: Int, salt: UInt64) -> Double {
    var state = UInt64(date) &* 0x9E37_79B9_7F4A_7C15 &+ salt &* 0xBF58_476D_1CE4_E5B9
    state = (state ^ state >> 30) &* 0x94D0_49BB_1331_11EB
    state ^= state >> 31
    return Double(state >> 11) * 0x1p-52 - 1
  }

  /// Creates a building.
  ///
  /// - Parameter measure: First date of a measure and the share of use that it saves.
  public init(measure: (date: Int, share: Double)? = nil) { self.measure = measure }

  /// Returns the start of a local date.
  public static func start(_ date: Int) -> Timestamp {
    var calendar = LocalCalendar(identifier: zone) ?? .utc
    let (year, month, day) = CivilTime.date(daysSinceEpoch: date)
    return calendar.timestamp(of: CivilTime(year: year, month: month, day: day))
  }

  /// Returns the lines of `clean_1h` of local dates, for a meter `main.power` and a station `roof`.
  ///
  /// - Parameters:
  ///   - dates: Local dates.
  ///   - plant: Name of the plant, without characters that line protocol escapes.
  public func lines(_ dates: Range<Int>, plant: String) -> String {
    var lines: [String] = []
    for date in dates {
      let (from, to) = (MadeMeter.start(date), MadeMeter.start(date + 1))
      let hours = Int((to - from).inHours)
      for hour in 0..<hours {
        let time = (from + .hours(Int64(hour))).milliseconds
        let tags = "clean_1h,plant=\(plant),asset="
        lines.append(
          "\(tags)main,sensor=power,unit=kW mean=1,energy_kwh=\(use(date) / Double(hours)),good_share=1 \(time)")
        lines.append("\(tags)roof,sensor=temperature,unit=°C mean=\(MadeMeter.temperature(date)),good_share=1 \(time)")
      }
    }
    return lines.joined(separator: "\n")
  }
}
