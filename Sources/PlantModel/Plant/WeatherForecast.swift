public import WattlineTime

/// Weather expectations from a file: mean values around the time of each row, in ascending order.
public struct WeatherForecast: Hashable, Sendable {
  /// Supported columns, by the names of the sensors that measure them, with plausible values.
  public static let columns: [(name: String, range: ClosedRange<Double>, meaning: String)] = [
    ("temperature", -90...70, "celsius"), ("irradiance", 0...2_000, "W/m²"), ("wind_speed", 0...150, "m/s"),
  ]

  /// Expected weather at one time.
  public struct Row: Hashable, Sendable {
    /// Middle of the time that the means cover.
    public var time: Timestamp
    /// One value per ``WeatherForecast/columns`` [°C, W/m², m/s]; `nil` if the file has none.
    public var values: [Double?]

    /// Creates a row.
    ///
    /// - Parameters:
    ///   - time: Middle of the time that the means cover.
    ///   - values: One value per column.
    public init(time: Timestamp, values: [Double?]) {
      self.time = time
      self.values = values
    }
  }

  private var rows: [Row]

  /// Creates a forecast from rows in any order; of two rows of the same time the later one is kept.
  public init(_ rows: [Row] = []) {
    var byTime: [Timestamp: Row] = [:]
    for row in rows { byTime[row.time] = row }
    self.rows = byTime.values.sorted { $0.time < $1.time }
  }

  /// Returns the rows from a time, inclusive, until another, exclusive.
  public func rows(from start: Timestamp, until end: Timestamp) -> ArraySlice<Row> {
    let first = place(of: start)
    return rows[first..<max(first, place(of: end))]
  }

  /// Returns the number of rows before a time.
  private func place(of timestamp: Timestamp) -> Int {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].time < timestamp { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
