import PlantModel
import PlantPhysics
import StreamCore
import WattlineTime

extension AlertRuleID {
  /// The sign of a power is inverted.
  static let sign = AlertRuleID("sign", concernsData: true)
}

/// Rule that detects inverted signs of powers. Examples are a battery that discharges while its state of charge rises,
/// a connection that exports at night, and a generator that consumes.
///
/// The evidence, the most reliable first:
/// - the state of charge of a battery;
/// - a generator that is negative in the light, or a consumer that is negative for most of a day;
/// - export in the dark, if no load has a meter;
/// - the balance `grid = Σ consumption − Σ generation − Σ battery`, if it closes only with one or two signs turned. The
///   balance takes the sign of consumers as correct.
struct SignRule: AlertRule {
  static let ids = [AlertRuleID.sign]
  static let guide = [
    AlertGuide(
      "for 4 hours (20 of a consumer by itself) the state of charge, the dark, the balance or the power itself show that "
        + "the sign of a power is inverted; cleared after 2 hours to the contrary",
      remedy: "Write the scale that the alert names into the plant file.")
  ]

  /// The use of a series by the rule.
  enum Role: UInt8 {
    case none, power, stateOfCharge
  }

  /// Hours of evidence that raise an alert: of assets other than consumers, and of consumers.
  static let hours = (usual: 4, consumer: 20)
  /// Hours of evidence to the contrary that clear an alert.
  static let soundHours = 2
  /// Share of the greatest power in a sample from which a power's sign is evaluated. `closes`: largest imbalance, as a
  /// share of the turned power, at which the balance closes.
  static let shows = 0.1
  static let closes = 0.15
  /// Largest imbalance, as a share of a power, at which the power's sign counts as correct.
  static let sound = 0.5
  /// Largest number of evaluated powers for which pairs of turned signs are tried.
  static let mostForPairs = 16

  var watches: [SignWatch] = []
  /// Use of each series; determined again when series are admitted.
  var roles: [Role] = []
  /// Start of the current hour, and the number of balance samples in it.
  var hour = Timestamp.distantPast
  var samples: Int32 = 0
  /// Timestamp of the newest power in the last sample.
  var looked = Timestamp.distantPast

  mutating func follow(_ register: PlantRegister) {
    watches.grow(to: register.assets.count, element: SignWatch())
    guard roles.count != register.series.count else { return }
    roles = register.series.indices.map { position in
      let index = SeriesIndex(position)
      let series = register.series[position]
      if series.profile.isForecast { return .none }
      if register.isBalancePower(index), series.profile.unit?.quantity == .power { return .power }
      let isCharge = ["soc", "state_of_charge"].contains(series.sensor.lowercased())
      return isCharge && register.kind(of: index).role == .storage ? .stateOfCharge : .none
    }
  }

  func concerns(_ series: SeriesIndex, in register: PlantRegister) -> Bool { roles[series.position] != .none }

  mutating func observe(
    _ reading: AlertReading, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let asset = reading.asset.position
    switch roles[reading.series.position] {
    case .none: return
    case .power: watches[asset].observe(power: reading.value, at: reading.time)
    case .stateOfCharge:
      watches[asset].observe(stateOfCharge: reading.value, capacity: register.assets[asset].energyKilowattHours)
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(watches) { $1.write(to: &$0) }
    writer.write(hour)
    writer.write(samples)
    writer.write(looked)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    watches = try reader.readArray(elementSize: SignWatch.snapshotSize) { (reader) throws(SnapshotError) in
      try SignWatch.read(from: &reader)
    }
    hour = try reader.readTimestamp()
    samples = try reader.read(Int32.self)
    looked = try reader.readTimestamp()
    roles = []
  }
}

// MARK: - A look at the plant

extension SignRule {
  /// A power in a sample with import as the positive direction; the sum of the values is 0 if the balance closes.
  private struct Term {
    var asset: Int
    var value: Double
    /// Whether its sign may be wrong; `false` for consumers.
    var mayTurn: Bool
  }

  /// Samples the plant at a minute mark; returns whether an hour has ended, so that the verdicts may have changed.
  mutating func look(at clock: Timestamp, in register: PlantRegister) -> Bool {
    let began = clock.floored(to: .hour)
    let isHourOver = hour != .distantPast && began != hour
    if isHourOver {
      for asset in watches.indices where watches[asset].time != .distantPast {
        watches[asset].closeHour(samples: Int(samples))
      }
      samples = 0
    }
    hour = began
    sample(at: clock, in: register)
    return isHourOver
  }

  private mutating func sample(at clock: Timestamp, in register: PlantRegister) {
    var terms: [Term] = []
    var newest = Timestamp.distantPast
    var isWhole = true
    let hasGrid = register.assets.contains {
      $0.kind.role == .gridExchange && !$0.kind.traits.isMeter && $0.within == nil
    }
    for position in register.assets.indices {
      let watch = watches[position]
      let asset = register.assets[position]
      // An asset without data for a day is not part of the balance.
      guard watch.time != .distantPast, clock - watch.time < .day, !asset.kind.traits.isMeter || !hasGrid else {
        continue
      }
      newest = max(newest, watch.time)
      guard isFresh(watch, asset: AssetIndex(position), at: clock, in: register) else {
        isWhole = false
        continue
      }
      let role = asset.kind.role
      terms.append(
        Term(asset: position, value: role == .consumption ? -watch.power : watch.power, mayTurn: role != .consumption))
    }
    guard newest > looked else { return }
    looked = newest
    for term in terms { judgeAlone(term, at: clock, in: register) }
    guard isWhole, terms.contains(where: { register.assets[$0.asset].kind.role == .gridExchange }) else { return }
    if terms.contains(where: { !$0.mayTurn }) {
      samples = min(samples + 1, 1_000)
      judgeBalance(terms)
    } else {
      judgeDark(terms, at: clock, in: register)
    }
  }

  /// Returns whether a power is recent enough. A power of 0 counts for 12 h, because it may be reported rarely.
  private func isFresh(_ watch: SignWatch, asset: AssetIndex, at clock: Timestamp, in register: PlantRegister) -> Bool {
    let age = clock - watch.time
    if age <= .minutes(15) || (watch.power == 0 && age <= .hours(12)) { return true }
    guard let series = register.power(of: asset) else { return false }
    let sampling = register.series[series.position].profile.sampling
    return (sampling == .intervalStart || sampling == .intervalEnd) && age <= .minutes(125)
  }

  /// Evaluates a generator or consumer by itself: such a power is not negative for long. Kinds that may feed back, such
  /// as vehicle chargers, and generic assets are left out.
  private mutating func judgeAlone(_ term: Term, at clock: Timestamp, in register: PlantRegister) {
    let asset = register.assets[term.asset]
    let power = watches[term.asset].power
    guard asset.kind.traits.isNeverNegative else { return }
    let size = asset.nominalKilowatts
    // Inverters and turbines consume some power themselves.
    let least = max(0.1, size.map { 0.02 * $0 } ?? 0.05 * watches[term.asset].greatest)
    guard power.magnitude > least else { return }
    if power > 0 {
      watches[term.asset].vote(direct: false, kind: .own)
    } else if asset.kind.traits.driver != .sun
      || SolarPosition(at: clock, location: register.plant.location).elevationDegrees > 5
    {
      watches[term.asset].vote(direct: true, kind: .own)
    }
  }

  /// Evaluates a grid connection without metered loads: it imports in the dark while PV and batteries rest.
  private mutating func judgeDark(_ terms: [Term], at clock: Timestamp, in register: PlantRegister) {
    let grids = terms.filter { register.assets[$0.asset].kind.role == .gridExchange }
    let others = terms.filter { register.assets[$0.asset].kind.role != .gridExchange }
    guard grids.count == 1, let grid = grids.first, !others.isEmpty,
      !register.assets.contains(where: { $0.kind.traits.driver == .wind }),
      others.allSatisfy({ $0.value.magnitude < SignRule.shows * grid.value.magnitude }),
      grid.value.magnitude > max(0.05, 0.02 * watches[grid.asset].greatest),
      SolarPosition(at: clock, location: register.plant.location).elevationDegrees < -6
    else { return }
    watches[grid.asset].vote(direct: grid.value < 0, kind: .dark)
  }

  private mutating func judgeBalance(_ terms: [Term]) {
    let open = terms.reduce(0) { $0 + $1.value }
    let greatest = terms.reduce(0) { max($0, $1.value.magnitude) }
    let showing = terms.filter { $0.mayTurn && $0.value.magnitude >= max(1e-3, SignRule.shows * greatest) }
    let turned = SignRule.turned(showing, open: open)
    for term in showing {
      if open.magnitude <= SignRule.sound * term.value.magnitude {
        watches[term.asset].vote(balance: false)
      } else {
        watches[term.asset].vote(balance: turned.contains(term.asset) ? true : nil)
      }
    }
  }

  /// Returns the assets whose turned signs close the balance: one, or else two. Empty if the solution is not unique.
  private static func turned(_ showing: [Term], open: Double) -> [Int] {
    let single = showing.filter { (open - 2 * $0.value).magnitude <= closes * $0.value.magnitude }
    if !single.isEmpty { return single.count == 1 ? [single[0].asset] : [] }
    guard showing.count <= mostForPairs else { return [] }
    var found: [Int] = []
    for (place, first) in showing.enumerated() {
      for second in showing[(place + 1)...] {
        let least = min(first.value.magnitude, second.value.magnitude)
        guard (open - 2 * (first.value + second.value)).magnitude <= closes * least,
          open.magnitude > sound * max(first.value.magnitude, second.value.magnitude)
        else { continue }
        if !found.isEmpty { return [] }
        found = [first.asset, second.asset]
      }
    }
    return found
  }
}

// MARK: - Alerts

extension SignRule {
  mutating func finish(_ context: inout AlertContext, into frame: inout Frame, in register: PlantRegister) {
    guard frame.cause == .minute, look(at: frame.clock, in: register) else { return }
    for position in watches.indices where watches[position].time != .distantPast {
      let watch = watches[position]
      let kind = register.assets[position].kind
      let hours = kind.role == .consumption ? SignRule.hours.consumer : SignRule.hours.usual
      let isInverted = watch.isInverted(hours: hours)
      let isOver = Int(watch.soundHours) >= SignRule.soundHours
      guard isInverted || isOver, let series = register.power(of: AssetIndex(position)) else { continue }
      let key = AlertKey(rule: .sign, asset: AssetIndex(position), series: series)
      if isOver {
        context.book.clear(key, at: frame.clock, text: "Its sign fits again.", value: watch.power, into: &frame)
      } else if context.book.wouldChange(key, severity: .warning) {
        let message = signMessage(series, kind: kind, watch: watch, at: frame.clock, in: register)
        context.book.raise(key, severity: .warning, at: frame.clock, message: message, into: &frame, in: register)
      }
    }
  }

  private func signMessage(
    _ series: SeriesIndex, kind: AssetKind, watch: SignWatch, at time: Timestamp, in register: PlantRegister
  ) -> AlertMessage {
    let sensor = register.series[series.position].sensor
    let name = "\(register.asset(of: series).name) \(sensor)"
    let positive =
      switch kind.role {
      case .consumption, .none: "consumption"
      case .generation: "generation"
      case .storage: "discharge"
      case .gridExchange: "import"
      }
    var reasons: [String] = []
    if watch.evidence & SignWatch.Evidence.stateOfCharge.rawValue != 0 {
      reasons.append("its state of charge rises while it reports discharge and falls while it reports charging")
    }
    if watch.evidence & SignWatch.Evidence.own.rawValue != 0 { reasons.append("it is negative all the time") }
    if watch.evidence & SignWatch.Evidence.dark.rawValue != 0 {
      reasons.append("it reports export in the dark while nothing generates")
    }
    if watch.evidence & SignWatch.Evidence.balance.rawValue != 0 {
      reasons.append("grid = consumption - generation - battery holds only with its sign turned")
    }
    return AlertMessage(
      title: "\(name) has the wrong sign",
      text: "\(name) seems to be inverted, seen over \(watch.invertedHours) hours until \(time): "
        + "\(reasons.joined(separator: "; ")). Positive is \(positive) here. "
        + Self.remedy(asset: register.asset(of: series).name, sensor: sensor, rules: register.plant.topics),
      value: watch.power)
  }

  /// Returns the entry of the plant file that turns the sign of a power.
  ///
  /// - Parameters:
  ///   - asset: name of the asset.
  ///   - sensor: name of the power's sensor.
  ///   - rules: the plant's topic rules.
  static func remedy(asset: String, sensor: String, rules: [TopicRule]) -> String {
    func scale(_ rule: TopicRule?) -> String {
      let key = rule?.rename.filter { $0.value == sensor }.keys.min() ?? sensor
      let factor = -(rule?.scale[key] ?? 1)
      let number = factor.magnitude < 1e9 && factor == factor.rounded() ? "\(Int(factor))" : "\(factor)"
      return "scale: {\(key): \(number)}"
    }
    if let own = rules.first(where: { $0.asset == asset && !$0.match.contains("{asset}") }) {
      return "Write \(scale(own)) in the rule of '\(own.match)'."
    }
    guard let shared = rules.first(where: { $0.match.contains("{asset}") }) else {
      return "Write \(scale(nil)) in the topic rule that brings it."
    }
    // The scale of a shared rule would apply to all its assets.
    return "Write a rule of its own before that of '\(shared.match)', with the same keys but: "
      + "{match: \"\(shared.match.replacing("{asset}", with: asset))\", asset: \(asset), \(scale(shared))}."
  }
}
