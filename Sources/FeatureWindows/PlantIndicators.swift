import PlantModel
import WattlineTime

/// Role of a series in the plant indicators.
enum IndicatorRole: BitwiseCopyable {
  case none, consumption, generation, storage, grid, meter
}

/// The last four values of a series, from which the value held at an earlier time can be found.
struct HeldValues: BitwiseCopyable {
  /// Times of the values, newest first.
  var times: InlineArray<4, Timestamp> = .init(repeating: .distantPast)
  var values: InlineArray<4, Double> = .init(repeating: .nan)
  var interval = IntervalEstimator()

  /// Adds a value; one that is not newer than all others is ignored.
  mutating func observe(_ value: Double, at time: Timestamp) {
    guard value.isFinite, time > times[0] else { return }
    if times[0] != .distantPast { interval.observe(time - times[0]) }
    for i in stride(from: 3, to: 0, by: -1) {
      times[i] = times[i - 1]
      values[i] = values[i - 1]
    }
    times[0] = time
    values[0] = value
  }

  /// Returns the value that held just before `timestamp`, and its time.
  ///
  /// An instantaneous value holds for three typical intervals, but at least a minute; an interval value holds over its
  /// length. If all remembered instantaneous values are newer, by less than a minute, the oldest of them is returned.
  func value(before timestamp: Timestamp, sampling: Sampling) -> (time: Timestamp, value: Double)? {
    let length = sampling == .intervalEnd ? interval.typical : .zero
    let hold = sampling == .intervalStart ? max(.minute, interval.typical) : max(.minute, interval.typical * 3)
    var oldest: Int?
    for i in 0..<4 where times[i] != .distantPast {
      oldest = i
      let begin = times[i] - length
      if begin < timestamp { return timestamp - begin <= hold ? (times[i], values[i]) : nil }
    }
    guard sampling == .instant, let oldest, times[oldest] - length - timestamp < .minute else { return nil }
    return (times[oldest], values[oldest])
  }
}

/// State from which the plant indicators are computed, and the decision on when a new point is due.
struct PlantIndicators {
  /// Silence after which sums count as complete without a series. Until then, no value is derived from a sum that lacks
  /// it.
  static let gone = TimeSpan.day
  /// Silence after which a series no longer reduces a sum's coverage.
  static let forgotten = TimeSpan.days(14)

  /// Position of each series among the members; −1 if it is none.
  private var places: [Int32] = []
  /// Series with a role; the arrays beside hold their roles, samplings and last values.
  private(set) var members: [Int32] = []
  private var roles: [IndicatorRole] = []
  private var samplings: [Sampling] = []
  private(set) var held: [HeldValues] = []
  var lastNewest = Timestamp.distantPast

  init() {}

  /// Restores indicators from their members and held values; the roles follow from the register.
  init(members: [Int32], held: [HeldValues]) { (self.members, self.held) = (members, held) }

  /// Updates the members if the register has grown.
  mutating func follow(_ register: PlantRegister) {
    guard places.count != register.series.count else { return }
    let before = zip(members, held).map { $0 }
    var next = 0
    (members, roles, samplings, held) = ([], [], [], [])
    places = Array(repeating: -1, count: register.series.count)
    for position in register.series.indices {
      let role = Self.role(of: SeriesIndex(position), in: register)
      if role == .none { continue }
      let index = Int32(truncatingIfNeeded: position)
      places[position] = Int32(truncatingIfNeeded: members.count)
      members.append(index)
      roles.append(role)
      samplings.append(register.series[position].profile.sampling)
      // Both lists are in the order of series.
      while next < before.count, before[next].0 < index { next += 1 }
      held.append(next < before.count && before[next].0 == index ? before[next].1 : HeldValues())
    }
  }

  private static func role(of index: SeriesIndex, in register: PlantRegister) -> IndicatorRole {
    let series = register.series[index.position]
    let kind = register.kind(of: index)
    if register.isBalancePower(index), series.profile.unit?.quantity == .power {
      switch kind.role {
      case .consumption: return .consumption
      case .generation: return .generation
      case .storage: return .storage
      case .gridExchange: return kind.traits.isMeter ? .meter : .grid
      case .none: return .none
      }
    }
    return .none
  }

  /// Adds a cleaned value.
  ///
  /// - Parameters:
  ///   - value: The value [canonical unit].
  ///   - time: Its time.
  ///   - position: Position of its series in the register.
  mutating func observe(_ value: Double, at time: Timestamp, of position: Int) {
    guard position < places.count, places[position] >= 0 else { return }
    held[Int(places[position])].observe(value, at: time)
  }

  /// Returns the indicators of the minute that ends at `clock`, if a power has a newer value than at the last point.
  ///
  /// - Parameters:
  ///   - clock: End of the minute.
  ///   - mean: Returns the mean of a power over the minute; `nil` unless at least half of the minute is known.
  /// - Returns: The start of the minute and its indicators.
  mutating func evaluate(
    at clock: Timestamp, mean: (_ position: Int) -> Double?
  ) -> (Timestamp, KeyPerformance)? {
    let newest = newestPower(before: clock)
    guard newest > lastNewest else { return nil }
    let grid = sum(.grid, before: clock, mean: mean).whole ?? sum(.meter, before: clock, mean: mean).whole
    let load = sum(.consumption, before: clock, mean: mean)
    let generation = sum(.generation, before: clock, mean: mean)
    let battery = sum(.storage, before: clock, mean: mean)
    guard grid != nil || load.part != nil || generation.part != nil else { return nil }
    lastNewest = newest
    var result = KeyPerformance(
      generation: generation.whole, load: load.whole, grid: grid, battery: battery.whole)
    // No other value may be derived from a role that is silent.
    if generation.silent + battery.silent > 0 {
      if load.whole == nil { result.load = nil }
      if grid == nil { result.grid = nil }
    }
    let follows = load.whole == nil && result.load != nil
    result.loadCoverage = follows ? min(generation.coverage ?? 1, battery.coverage ?? 1) : load.coverage
    (result.generationCoverage, result.batteryCoverage) = (generation.coverage, battery.coverage)
    result.generation = generation.part
    result.load = result.load ?? load.part
    result.battery = battery.part
    return (clock - .minute, result)
  }

  private func value(_ member: Int, before clock: Timestamp) -> (time: Timestamp, value: Double)? {
    held[member].value(before: clock, sampling: samplings[member])
  }

  private func newestPower(before clock: Timestamp) -> Timestamp {
    var newest = Timestamp.distantPast
    for member in members.indices {
      if let (time, _) = value(member, before: clock) { newest = max(newest, time) }
    }
    return newest
  }

  /// The sum of a role and its completeness.
  private struct RoleSum {
    var total = 0.0
    /// Number of series in the sum.
    var heard = 0
    /// Number of silent series that are not yet gone, and number of all series that are missed.
    var silent = 0
    var missed = 0

    /// Sum of the series that report; `nil` if none does.
    var part: Double? { heard > 0 ? total : nil }
    /// Sum, if no series of the role is silent.
    var whole: Double? { silent == 0 ? part : nil }
    /// Share of series that report; `nil` if no series has the role.
    var coverage: Double? { heard + missed > 0 ? Double(heard) / Double(heard + missed) : nil }
  }

  private func sum(_ role: IndicatorRole, before clock: Timestamp, mean: (Int) -> Double?) -> RoleSum {
    var sum = RoleSum()
    for member in members.indices where roles[member] == role && held[member].times[0] != .distantPast {
      let age = clock - held[member].times[0]
      let known = mean(Int(members[member])) ?? value(member, before: clock)?.value
      if let known, age < Self.gone {
        sum.total += known
        sum.heard += 1
      } else if age < Self.forgotten {
        sum.missed += 1
        sum.silent += age < Self.gone ? 1 : 0
      }
    }
    return sum
  }
}
