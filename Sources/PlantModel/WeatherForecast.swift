/// What a file expects of the weather: means of the time about each row, ascending.
public struct WeatherForecast: Hashable, Sendable {
  /// What may be expected, by the names of the sensors that measure it, with plausible values.
  public static let columns: [(name: String, range: ClosedRange<Double>, meaning: String)] = [
    ("temperature", -90...70, "celsius"), ("irradiance", 0...2_000, "W/m²"), ("wind_speed", 0...150, "m/s"),
  ]

  /// The weather of a moment.
  public struct Row: Hashable, Sendable {
    /// The moment.
    public var time: Timestamp
    /// One value for each of ``WeatherForecast/columns`` [°C, W/m², m/s]; `nil` where the file has none.
    public var values: [Double?]

    /// The weather of a moment.
    public init(time: Timestamp, values: [Double?]) {
      self.time = time
      self.values = values
    }
  }

  private var rows: [Row]

  /// Rows in any order of time; of two at one time the later stays.
  public init(_ rows: [Row] = []) {
    var byTime: [Timestamp: Row] = [:]
    for row in rows { byTime[row.time] = row }
    self.rows = byTime.values.sorted { $0.time < $1.time }
  }

  /// The rows from a moment until another one, that one left out.
  public func rows(from start: Timestamp, until end: Timestamp) -> ArraySlice<Row> {
    let first = place(of: start)
    return rows[first..<max(first, place(of: end))]
  }

  /// How many rows lie before a moment.
  private func place(of moment: Timestamp) -> Int {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].time < moment { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
