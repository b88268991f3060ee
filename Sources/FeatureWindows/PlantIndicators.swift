import PlantModel

/// What a series contributes to the plant indicators.
enum IndicatorRole: BitwiseCopyable {
  case none, consumption, generation, storage, grid, meter
}

/// The last few values of a series, so that the one that held at a moment behind the newest can be told.
struct HeldValues: BitwiseCopyable {
  /// Newest first.
  var times: InlineArray<4, Timestamp> = .init(repeating: .distantPast)
  var values: InlineArray<4, Double> = .init(repeating: .nan)
  var interval = IntervalEstimator()

  /// Takes in a value; one that is not newer than all others is ignored.
  mutating func take(_ value: Double, at time: Timestamp) {
    guard value.isFinite, time > times[0] else { return }
    if times[0] != .distantPast { interval.observe(time - times[0]) }
    for i in stride(from: 3, to: 0, by: -1) {
      times[i] = times[i - 1]
      values[i] = values[i - 1]
    }
    times[0] = time
    values[0] = value
  }

  /// The value that held just before `moment`, and since when.
  ///
  /// An instant holds for three typical intervals, but at least a minute; an interval over its length. Where all that is
  /// remembered of an instant is newer, by less than a minute, the oldest of it is taken.
  func value(before moment: Timestamp, sampling: Sampling) -> (time: Timestamp, value: Double)? {
    let length = sampling == .intervalEnd ? interval.typical : .zero
    let hold = sampling == .intervalStart ? max(.minute, interval.typical) : max(.minute, interval.typical * 3)
    var oldest: Int?
    for i in 0..<4 where times[i] != .distantPast {
      oldest = i
      let begin = times[i] - length
      if begin < moment { return moment - begin <= hold ? (times[i], values[i]) : nil }
    }
    guard sampling == .instant, let oldest, times[oldest] - length - moment < .minute else { return nil }
    return (times[oldest], values[oldest])
  }
}

/// Keeps what the plant indicators are computed from and decides when there is a new point.
struct PlantIndicators {
  /// A series silent for longer than this is taken as gone; before that, nothing follows from a sum that lacks it.
  static let gone = TimeSpan.day
  /// A series silent for longer than this is no longer missed in a sum's coverage.
  static let forgotten = TimeSpan.days(14)

  /// The place of each series among the members, or -1.
  private var places: [Int32] = []
  /// Series that have a role, and beside them what it is, how they are sampled and what they said.
  private(set) var members: [Int32] = []
  private var roles: [IndicatorRole] = []
  private var samplings: [Sampling] = []
  private(set) var held: [HeldValues] = []
  var lastNewest = Timestamp.distantPast

  init() {}

  /// Indicators whose members said what is held; their roles are learned from the register.
  init(members: [Int32], held: [HeldValues]) { (self.members, self.held) = (members, held) }

  /// Learns the roles of series that came into the register.
  mutating func follow(_ register: PlantRegister) {
    guard places.count != register.series.count else { return }
    let before = zip(members, held).map { $0 }
    var next = 0
    (members, roles, samplings, held) = ([], [], [], [])
    places = Array(repeating: -1, count: register.series.count)
    for position in register.series.indices {
      let role = Self.role(of: SeriesIndex(position), register)
      if role == .none { continue }
      let index = Int32(truncatingIfNeeded: position)
      places[position] = Int32(truncatingIfNeeded: members.count)
      members.append(index)
      roles.append(role)
      samplings.append(register.series[position].profile.sampling)
      // Both are in the order of series.
      while next < before.count, before[next].0 < index { next += 1 }
      held.append(next < before.count && before[next].0 == index ? before[next].1 : HeldValues())
    }
  }

  private static func role(of index: SeriesIndex, _ register: PlantRegister) -> IndicatorRole {
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

  /// Takes in a cleaned value.
  mutating func take(_ value: Double, at time: Timestamp, of position: Int) {
    guard position < places.count, places[position] >= 0 else { return }
    held[Int(places[position])].take(value, at: time)
  }

  /// The indicators of the minute that ends at `clock`, if a power has a newer value than at the last point; the time is
  /// that of the minute's start.
  ///
  /// - Parameter mean: The mean of a power over the minute, where most of the minute is known.
  mutating func evaluate(
    at clock: Timestamp, mean: (_ position: Int) -> Double?
  ) -> (Timestamp, KeyPerformance)? {
    let newest = newestPower(before: clock)
    guard newest > lastNewest else { return nil }
    let grid = sum(.grid, before: clock, mean).whole ?? sum(.meter, before: clock, mean).whole
    let load = sum(.consumption, before: clock, mean)
    let generation = sum(.generation, before: clock, mean)
    let battery = sum(.storage, before: clock, mean)
    guard grid != nil || load.part != nil || generation.part != nil else { return nil }
    lastNewest = newest
    var result = KeyPerformance(
      generation: generation.whole, load: load.whole, grid: grid, battery: battery.whole)
    // A role that is there but silent must not make the balance up.
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

  /// The sum of a role, and how much of the role it is.
  private struct RoleSum {
    var total = 0.0
    /// Series that are in it.
    var heard = 0
    /// Those that are silent, but not gone, and all that are missed.
    var silent = 0
    var missed = 0

    /// The sum of what is heard; `nil` where nothing is.
    var part: Double? { heard > 0 ? total : nil }
    /// The sum, if nothing that has the role is silent.
    var whole: Double? { silent == 0 ? part : nil }
    /// Share of the series that is heard; `nil` where none has the role.
    var coverage: Double? { heard + missed > 0 ? Double(heard) / Double(heard + missed) : nil }
  }

  private func sum(_ role: IndicatorRole, before clock: Timestamp, _ mean: (Int) -> Double?) -> RoleSum {
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
