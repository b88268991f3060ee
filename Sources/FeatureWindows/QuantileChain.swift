import PlantModel
import StreamCore

/// The quantile sketches of a series' newest minute, quarter-hour and hour, and the quantiles of the previous windows.
///
/// A reading enters only the sketch of its minute. When the next minute begins, that sketch is merged into that of its
/// quarter-hour, and so on. A reading whose minute is already over enters the shortest surrounding window that is still
/// open. It then counts for longer windows and leaves the quantiles of shorter ones unchanged.
struct QuantileChain: BitwiseCopyable {
  /// Newest minute [min since the epoch].
  private var minute = Int32.min
  private var sketches: InlineArray<3, QuantileSketch> = .init(repeating: QuantileSketch())
  /// p10, p50 and p90 of the last window that ended, by length.
  private var ended: InlineArray<9, Float> = .init(repeating: .nan)
  /// Distance of those windows from the newest ones, in window lengths; 0 if none is remembered.
  private var distances: InlineArray<3, UInt8> = .init(repeating: 0)

  /// Adds a reading.
  ///
  /// - Parameters:
  ///   - value: The reading.
  ///   - timestamp: Its minute [min since the epoch].
  ///   - shortest: Shortest window length of the series.
  mutating func insert(_ value: Double, minute timestamp: Int32, shortest: WindowLength) {
    if timestamp > minute { advance(to: timestamp) }
    for length in WindowLength.allCases where length.minutes >= shortest.minutes {
      guard length.start(timestamp) == length.start(minute) else { continue }
      sketches[length.level].insert(value)
      return
    }
  }

  /// Returns p10, p50 and p90 of a window; NaN if it is neither the newest of its length nor the one before.
  func quantiles(_ length: WindowLength, start: Int32) -> (p10: Double, p50: Double, p90: Double) {
    let level = length.level
    let distance = (Int64(length.start(minute)) - Int64(start)) / Int64(length.minutes)
    if minute != .min, distance == 0 {
      // Readings in sketches of shorter windows belong to this one too.
      var sketch = sketches[level]
      for i in 0..<level { sketch.merge(sketches[i]) }
      return Self.rounded(sketch.quantile(0.1), p50: sketch.quantile(0.5), p90: sketch.quantile(0.9))
    }
    guard distance > 0, distance == Int64(distances[level]) else { return (.nan, .nan, .nan) }
    return Self.rounded(ended[3 * level], p50: ended[3 * level + 1], p90: ended[3 * level + 2])
  }

  private static func rounded(_ p10: Float, p50: Float, p90: Float) -> (p10: Double, p50: Double, p90: Double) {
    (Double(sevenDigitsOf: p10), Double(sevenDigitsOf: p50), Double(sevenDigitsOf: p90))
  }

  private mutating func advance(to timestamp: Int32) {
    defer { minute = timestamp }
    guard minute != .min else { return }
    for length in WindowLength.allCases {
      let (level, old, new) = (length.level, length.start(minute), length.start(timestamp))
      guard new > old else { return }
      ended[3 * level] = sketches[level].quantile(0.1)
      ended[3 * level + 1] = sketches[level].quantile(0.5)
      ended[3 * level + 2] = sketches[level].quantile(0.9)
      distances[level] = UInt8(exactly: (new - old) / length.minutes) ?? 0
      if level < 2 { sketches[level + 1].merge(sketches[level]) }
      sketches[level] = QuantileSketch()
    }
  }
}

extension WindowLength {
  /// Position among the lengths, from 0 for the shortest.
  var level: Int {
    switch self {
    case .minute: 0
    case .quarterHour: 1
    case .hour: 2
    }
  }

  /// Next longer window length; `nil` for the longest.
  var longer: WindowLength? {
    switch self {
    case .minute: .quarterHour
    case .quarterHour: .hour
    case .hour: nil
    }
  }

  /// Returns the start of the window that contains a minute [min since the epoch].
  func start(_ minute: Int32) -> Int32 {
    let rest = minute % minutes
    return minute - (rest < 0 ? rest + minutes : rest)
  }
}

extension QuantileChain {
  func write(into writer: inout SnapshotWriter) {
    writer.write(minute)
    for i in 0..<3 { sketches[i].write(into: &writer) }
    for i in 0..<9 { writer.write(ended[i].bitPattern) }
    for i in 0..<3 { writer.write(distances[i]) }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    minute = try reader.read(Int32.self)
    guard minute == .min || minute.magnitude < WindowAccumulator.latestMinute else {
      throw .invalid("a minute outside all time")
    }
    for i in 0..<3 { sketches[i] = try QuantileSketch(from: &reader) }
    for i in 0..<9 { ended[i] = Float(bitPattern: try reader.read(UInt32.self)) }
    for i in 0..<3 { distances[i] = try reader.read(UInt8.self) }
  }
}
