import PlantModel
import StreamCore

/// What a sensor usually says at each hour of the day, and between which values it moved on its last days, in 80 bytes.
///
/// Values are kept as 16-bit steps from the first one. A step is a 64th of the scatter that is ordinary for the quantity,
/// or what the values need to fit: a 32,000th of the distance from the first.
struct DayProfile: BitwiseCopyable {
  static let hours = 24
  static let days = 6
  private static let none = Int16.min
  private static let greatest = 32_000.0

  private var origin: Float = 0
  private var step: Float = 0
  private var usual: InlineArray<24, Int16> = .init(repeating: none)
  private var lows: InlineArray<6, Int16> = .init(repeating: none)
  private var highs: InlineArray<6, Int16> = .init(repeating: none)

  /// How many hours of the day are known.
  var knownHours: Int {
    var count = 0
    for hour in 0..<Self.hours where usual[hour] != Self.none { count += 1 }
    return count
  }

  /// What is usual in a quarter of an hour: on the line between the middles of its hour and the nearer neighbour; NaN
  /// where its hour is not known.
  func usual(at slot: Int) -> Double {
    let quarter = Self.remainder(slot, QuarterHour.perDay)
    let hour = quarter / 4
    let own = value(usual[hour])
    let offset = (Double(quarter % 4) + 0.5) / 4 - 0.5
    let neighbour = value(usual[(hour + (offset < 0 ? Self.hours - 1 : 1)) % Self.hours])
    return neighbour.isNaN ? own : own + (neighbour - own) * offset.magnitude
  }

  /// The median of all hours that are known; NaN of none.
  var medianHour: Double {
    var known: [Double] = []
    for hour in 0..<Self.hours where usual[hour] != Self.none { known.append(value(usual[hour])) }
    return EmpiricalQuantile.median(known)
  }

  /// Between the lowest and the highest value of the last days; of three days and more, those without the most extreme
  /// one. 0 of none.
  var spread: Double {
    var (lowest, low, highest, high) = (Int16.max, Int16.max, Int16.min, Int16.min)
    var count = 0
    for day in 0..<Self.days where lows[day] != Self.none {
      count += 1
      if lows[day] < lowest { (low, lowest) = (lowest, lows[day]) } else { low = min(low, lows[day]) }
      if highs[day] > highest { (high, highest) = (highest, highs[day]) } else { high = max(high, highs[day]) }
    }
    if count == 0 { return 0 }
    return count < 3 ? value(highest) - value(lowest) : max(0, value(high) - value(low))
  }

  /// Takes in the mean of a quarter of an hour, which moves what is usual by `move`; days that have passed since `latest`
  /// without any are forgotten. `scatter` is what is ordinary for the quantity.
  mutating func take(_ mean: Double, at slot: Int, after latest: Int?, moving move: Double, scatter: Double) {
    if step == 0 { (origin, step) = (Float(mean), max(Float(scatter / 64), .leastNormalMagnitude)) }
    let hour = Self.remainder(slot, QuarterHour.perDay) / 4
    usual[hour] = code(usual[hour] == Self.none ? mean : value(usual[hour]) + move)
    let code = code(mean)
    let day = Self.day(slot)
    if let latest, Self.day(latest) != day {
      for passed in max(Self.day(latest) + 1, day - Self.days + 1)...day { clear(passed) }
    }
    let place = Self.remainder(day, Self.days)
    lows[place] = lows[place] == Self.none ? code : min(lows[place], code)
    highs[place] = max(highs[place], code)
  }

  private mutating func clear(_ day: Int) {
    let place = Self.remainder(day, Self.days)
    (lows[place], highs[place]) = (Self.none, Self.none)
  }

  private static func day(_ slot: Int) -> Int { (slot - remainder(slot, QuarterHour.perDay)) / QuarterHour.perDay }

  private static func remainder(_ a: Int, _ b: Int) -> Int { (a % b + b) % b }

  private func value(_ code: Int16) -> Double {
    code == Self.none ? .nan : Double(origin) + Double(code) * Double(step)
  }

  private mutating func code(_ value: Double) -> Int16 {
    let distance = (value - Double(origin)).magnitude
    if distance > Self.greatest * Double(step) { widen(to: Float(distance / Self.greatest)) }
    let steps = ((value - Double(origin)) / Double(step)).rounded()
    return Int16(exactly: min(max(steps, -32_767), 32_767)) ?? 0
  }

  private mutating func widen(to needed: Float) {
    let old = step
    while step < needed { step *= 2 }
    func coarser(_ code: Int16) -> Int16 {
      code == Self.none ? code : Int16(exactly: (Float(code) * (old / step)).rounded()) ?? 0
    }
    for hour in 0..<Self.hours { usual[hour] = coarser(usual[hour]) }
    for day in 0..<Self.days { (lows[day], highs[day]) = (coarser(lows[day]), coarser(highs[day])) }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(origin.bitPattern)
    writer.write(step.bitPattern)
    for hour in 0..<Self.hours { writer.write(usual[hour]) }
    for day in 0..<Self.days {
      writer.write(lows[day])
      writer.write(highs[day])
    }
  }

  init() {}

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    origin = Float(bitPattern: try reader.read(UInt32.self))
    step = Float(bitPattern: try reader.read(UInt32.self))
    guard origin.magnitude <= 1e30, step == 0 || (.leastNormalMagnitude...1e30).contains(step) else {
      throw .invalid("a profile without a measure")
    }
    for hour in 0..<Self.hours { usual[hour] = try reader.read(Int16.self) }
    for day in 0..<Self.days {
      lows[day] = try reader.read(Int16.self)
      highs[day] = try reader.read(Int16.self)
    }
  }
}
