public import Community
public import Journal
public import PointSchema
public import StreamCore
public import WattlineTime

extension RecordKind {
  /// A member's summary, as encoded by ``MemberSummary``, in the log of a community.
  public static let memberSummary = RecordKind(rawValue: 32)
  /// The closing of a mark, as encoded by ``CommunityQuarter``, in the log of a community.
  public static let communityQuarter = RecordKind(rawValue: 33)
  /// A decision, as encoded by ``CommunityDecision``, in the log of a community.
  public static let communityDecision = RecordKind(rawValue: 34)
}

/// The state of a community, made from the records of its log.
///
/// Deterministic: the same records from the same state give the same points, in any process and at any time. It reads
/// no clock, no file and no random source. Summaries may come in any order between members.
public struct CommunityMachine: Sendable, Equatable {
  private static let version: UInt16 = 1

  /// Name of the community.
  public let name: String
  /// Members that have told of themselves, by the name of its plant.
  var known: [String: KnownMember] = [:]
  /// The mark that was closed last; `nil` before the first.
  public private(set) var quarter: CommunityQuarter?
  /// The decision that was made last; `nil` before the first.
  public private(set) var decision: CommunityDecision?
  /// Members that were let go at the mark that was closed last.
  public private(set) var released: [String] = []
  private var filter: MacroFilter?
  private var estimate: MacroFilter.Estimate?
  private var metered = 0

  /// Creates a community of which nothing is known.
  public init(name: String) { self.name = name }

  /// Returns whether both have the same state.
  public static func == (a: Self, b: Self) -> Bool {
    var (first, second) = (SnapshotWriter(), SnapshotWriter())
    a.snapshot(into: &first)
    b.snapshot(into: &second)
    return a.name == b.name && first.bytes == second.bytes
  }

  /// Returns the mark of a member's latest summary; `nil` if there is none.
  public func latest(of plant: String) -> Timestamp? { known[plant]?.summary.state.time }

  /// Returns whether a summary is news: later than what is known of the member.
  public func isNews(_ summary: MemberSummary) -> Bool {
    summary.state.time > latest(of: summary.plant) ?? .distantPast
  }

  /// Seeks something else at the mark that was closed last, for a study.
  ///
  /// - Parameters:
  ///   - objective: What is sought.
  ///   - incentiveBudget: Money that the operator may add in a day.
  public mutating func study(objective: CommunityObjective, incentiveBudget: Double) {
    quarter?.objective = objective
    quarter?.incentiveBudget = incentiveBudget
  }

  /// Takes a record.
  ///
  /// - Parameters:
  ///   - kind: Kind of the record; others than those of communities change nothing.
  ///   - body: Body of the record.
  /// - Returns: Points to write.
  /// - Throws: `SnapshotError` if the body cannot be read; the state is then as before.
  public mutating func apply(_ kind: RecordKind, body: [UInt8]) throws(SnapshotError) -> PointBatch {
    var reader = SnapshotReader(body)
    switch kind {
    case .memberSummary: return take(try MemberSummary(from: &reader))
    case .communityQuarter: return close(try CommunityQuarter(from: &reader))
    case .communityDecision: return decide(try CommunityDecision(from: &reader))
    default: return PointBatch()
    }
  }

  private mutating func take(_ summary: MemberSummary) -> PointBatch {
    guard isNews(summary) else { return PointBatch() }
    if known[summary.plant] == nil {
      known[summary.plant] = KnownMember(summary)
    }
    known[summary.plant]?.take(summary)
    var points = PointBatch()
    guard let member = known[summary.plant] else { return points }
    for quarter in summary.quarters { settle(quarter, of: member, into: &points) }
    return points
  }

  private mutating func close(_ next: CommunityQuarter) -> PointBatch {
    guard next.time > quarter?.time ?? .distantPast else { return PointBatch() }
    let before = Set(quarter?.members ?? [])
    quarter = next
    let members = Set(next.members)
    released = before.subtracting(members).sorted()
    for name in known.keys where !members.contains(name) { known[name] = nil }
    follow(next)
    return PointBatch()
  }

  private mutating func decide(_ next: CommunityDecision) -> PointBatch {
    guard let quarter, next.time == quarter.time, next.time > decision?.time ?? .distantPast else {
      return PointBatch()
    }
    decision = next
    for plan in next.plans {
      for (step, net) in plan.net.enumerated() {
        known[plan.plant]?.keep(
          KnownMember.Planned(
            start: next.time + .minutes(Int64(15 * step)), net: net,
            battery: plan.battery.indices.contains(step) ? plan.battery[step] : .nan,
            price: next.price.indices.contains(step) ? next.price[step] : .nan))
      }
    }
    return points(of: next, at: quarter)
  }

  /// Follows the whole by the powers that members had in the quarter before a mark.
  private mutating func follow(_ quarter: CommunityQuarter) {
    let start = quarter.time - .minutes(15)
    let powers = quarter.members.compactMap { name -> Double? in
      guard let summary = known[name]?.summary, summary.state.time == quarter.time else { return nil }
      if let settled = summary.quarters.last(where: { $0.start == start })?.net, settled.isFinite {
        return Double(settled)
      }
      return summary.state.net
    }
    metered = powers.count
    guard !quarter.members.isEmpty else { return }
    var filter = self.filter ?? MacroFilter(members: quarter.members.count, stepsPerDay: MemberSummary.steps)
    filter.resize(to: quarter.members.count)
    let reading = powers.isEmpty ? nil : MacroFilter.Reading(powers)
    let estimate = filter.advance(reading, slot: KnownMember.slot(start))
    self.estimate = powers.isEmpty && self.filter == nil ? nil : estimate
    self.filter = powers.isEmpty && self.filter == nil ? nil : filter
  }
}

// MARK: - Points

extension CommunityMachine {
  private var key: PointKey { PointKey(.community, .process, name) }

  private func points(of decision: CommunityDecision, at quarter: CommunityQuarter) -> PointBatch {
    var points = PointBatch()
    points.begin(key, at: decision.time)
    points.field(.members, integer: Int64(quarter.members.count))
    points.field(.metered, integer: Int64(metered))
    points.field(.netPower, estimate?.power)
    points.field(.netDeviation, estimate?.deviation)
    points.field(.communityImportLimit, quarter.importLimit)
    points.field(.communityExportLimit, quarter.exportLimit)
    if let totals = decision.totals { write(totals, of: decision, at: quarter, into: &points) }
    points.field(.reason, text: decision.reason)
    for step in decision.imported.indices { ahead(step, of: decision, at: quarter, into: &points) }
    let plans = Dictionary(decision.plans.map { ($0.plant, $0) }, uniquingKeysWith: { first, _ in first })
    for name in quarter.members {
      points.begin(PointKey(.communityMember, .process, name, self.name), at: decision.time)
      points.field(.present, boolean: latest(of: name) == quarter.time)
      guard let plan = plans[name] else { continue }
      points.field(.plannedBattery, plan.battery.first.map(Double.init))
      points.field(.plannedCars, plan.cars.first.map(Double.init))
      points.field(.netPower, plan.net.first.map(Double.init))
      points.field(.price, decision.price.first.map(Double.init))
      points.field(.dayAheadCost, plan.cost)
      points.field(.aloneCost, plan.alone)
      points.field(.gain, plan.gain)
    }
    return points
  }

  private func write(
    _ totals: CommunityDecision.Totals, of decision: CommunityDecision, at quarter: CommunityQuarter,
    into points: inout PointBatch
  ) {
    func sum(_ values: (CommunityDecision.Plan) -> [Float]) -> Double {
      decision.plans.reduce(0) { $0 + Double(values($1).first ?? 0) }
    }
    points.field(.communityLoad, totals.load)
    points.field(.communityGeneration, totals.generation)
    points.field(.plannedBattery, sum(\.battery))
    points.field(.plannedCars, sum(\.cars))
    points.field(.plannedImport, decision.imported.first.map(Double.init))
    points.field(.plannedExport, decision.exported.first.map(Double.init))
    points.field(.price, decision.price.first.map(Double.init))
    points.field(.gridImportPrice, quarter.importPrice.first.map(Double.init))
    points.field(.gridExportPrice, quarter.exportPrice.first.map(Double.init))
    points.field(.carbonIntensity, quarter.carbon.first.map(Double.init))
    points.field(.plannedPeak, decision.imported.max().map(Double.init))
    points.field(.plannedExportPeak, decision.exported.max().map(Double.init))
    points.field(.dayAheadCost, totals.cost)
    points.field(.aloneCost, totals.alone)
    points.field(.gain, decision.plans.reduce(0) { $0 + $1.gain })
    points.field(.dayAheadCarbon, totals.carbon)
    points.field(.bound, totals.bound)
    points.field(.optimalityGap, totals.gap)
    points.field(.solveTime, totals.seconds)
  }

  private func ahead(
    _ step: Int, of decision: CommunityDecision, at quarter: CommunityQuarter, into points: inout PointBatch
  ) {
    let time = decision.time + .minutes(Int64(15 * step))
    points.begin(PointKey(.communityAhead, .process, name), at: time)
    if let estimate = filter?.forecast(steps: step + 1, slot: KnownMember.slot(time)) {
      points.field(.p10, estimate.likely.lowerBound)
      points.field(.p50, estimate.power)
      points.field(.p90, estimate.likely.upperBound)
    }
    points.field(.plannedImport, Double(decision.imported[step]))
    points.field(.plannedExport, Double(decision.exported[step]))
    points.field(.price, Double(decision.price[step]))
    guard quarter.importPrice.indices.contains(step) else { return }
    points.field(.gridImportPrice, Double(quarter.importPrice[step]))
    points.field(.carbonIntensity, Double(quarter.carbon[step]))
  }

  /// Writes what a member did in a settled quarter against what was planned for it.
  private func settle(_ quarter: MemberSummary.Quarter, of member: KnownMember, into points: inout PointBatch) {
    guard quarter.net.isFinite, let planned = member.planned.last(where: { $0.start == quarter.start }) else { return }
    points.begin(PointKey(.communityMember, .process, member.summary.plant, name), at: quarter.start)
    points.field(.measuredNet, Double(quarter.net))
    points.field(.deviationCost, Double((quarter.net - planned.net) * planned.price) / 4)
    guard planned.battery.isFinite, quarter.battery.isFinite else { return }
    let tolerance = max(0.1, 0.05 * Float(member.summary.state.battery?.power ?? 0))
    points.field(.followed, boolean: abs(quarter.battery - planned.battery) <= tolerance)
  }
}

// MARK: - Studies

extension CommunityMachine {
  /// Figures of a variant of a study, over a year.
  public struct StudiedVariant: Sendable, Equatable {
    /// Name of the variant.
    public var name: String
    /// Mean, 10 % and 90 % quantile of the cost [currency].
    public var cost, costLow, costHigh: Double
    /// Median of the greatest import [kW].
    public var peak: Double
    /// Median of the emissions [kg].
    public var carbon: Double
    /// Median share of the load that is not imported, 0...1.
    public var selfSufficiency: Double

    /// Creates the figures; each parameter is the property of its name.
    public init(
      name: String, cost: Double, costLow: Double, costHigh: Double, peak: Double, carbon: Double,
      selfSufficiency: Double
    ) {
      self.name = name
      self.cost = cost
      self.costLow = costLow
      self.costHigh = costHigh
      self.peak = peak
      self.carbon = carbon
      self.selfSufficiency = selfSufficiency
    }
  }

  /// Returns the points of a study.
  ///
  /// - Parameters:
  ///   - community: Name of the community.
  ///   - time: Time of the study.
  ///   - variants: Its variants.
  public static func studyPoints(of community: String, at time: Timestamp, variants: [StudiedVariant]) -> PointBatch {
    var points = PointBatch()
    for variant in variants {
      points.begin(PointKey(.communityScenario, .process, community, variant.name), at: time)
      points.field(.cost, variant.cost)
      points.field(.p10, variant.costLow)
      points.field(.p90, variant.costHigh)
      points.field(.plannedPeak, variant.peak)
      points.field(.carbon, variant.carbon)
      points.field(.selfSufficiency, variant.selfSufficiency)
    }
    return points
  }
}

// MARK: - State

extension CommunityMachine {
  /// Writes the state.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.version)
    writer.write(name)
    writer.write(known.keys.sorted()) { known[$1]?.snapshot(into: &$0) }
    writer.write(quarter != nil)
    quarter?.write(to: &writer)
    writer.write(decision != nil)
    decision?.write(to: &writer)
    writer.write(released) { $0.write($1) }
    writer.write(filter?.state ?? [])
    writer.write(estimate != nil)
    writer.write(estimate?.power ?? .nan)
    writer.write(estimate?.deviation ?? .nan)
    writer.write(UInt32(metered))
  }

  /// Reads the state that ``snapshot(into:)`` wrote.
  ///
  /// - Throws: `SnapshotError` if the state is of another version or cannot be read.
  public init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.version, of: "a community")
    name = try reader.readString()
    let members = try reader.readArray(elementSize: 40) { (reader) throws(SnapshotError) in
      try KnownMember(restoring: &reader)
    }
    known = Dictionary(members.map { ($0.summary.plant, $0) }, uniquingKeysWith: { first, _ in first })
    if try reader.readBool() { quarter = try CommunityQuarter(from: &reader) }
    if try reader.readBool() { decision = try CommunityDecision(from: &reader) }
    released = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.readString() }
    let state = try reader.readDoubles()
    if !state.isEmpty {
      guard let filter = MacroFilter(state: state) else { throw .invalid("a filter that is none") }
      self.filter = filter
    }
    let hasEstimate = try reader.readBool()
    let (power, deviation) = (try reader.readDouble(), try reader.readDouble())
    if hasEstimate { estimate = MacroFilter.Estimate(power: power, deviation: deviation) }
    metered = Int(try reader.read(UInt32.self))
  }
}
