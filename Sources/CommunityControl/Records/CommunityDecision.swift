public import StreamCore
public import WattlineTime

/// The decision of a community at a mark: schedules and prices, or why there are none.
///
/// The search for it ends by time, so that it is not repeatable. It is therefore a record of the log itself.
public struct CommunityDecision: Sendable, Equatable {
  /// The plan of a member.
  public struct Plan: Sendable, Equatable {
    /// Name of the plant.
    public var plant: String
    /// Power of its batteries, positive discharge [kW], for the first ``CommunityDecision/heldSteps`` steps; empty
    /// without batteries.
    public var battery: [Float]
    /// Power of its cars [kW], for the same steps; empty without cars.
    public var cars: [Float]
    /// Import less export [kW], for the same steps.
    public var net: [Float]
    /// Payment for the day ahead, with wear [currency].
    public var cost: Double
    /// Payment for the day ahead if it were alone [currency].
    public var alone: Double
    /// Gain against being alone [currency].
    public var gain: Double

    /// Creates a plan; each parameter is the property of its name.
    public init(
      plant: String, battery: [Float], cars: [Float], net: [Float], cost: Double, alone: Double, gain: Double
    ) {
      self.plant = plant
      self.battery = battery
      self.cars = cars
      self.net = net
      self.cost = cost
      self.alone = alone
      self.gain = gain
    }
  }

  /// Flows and money of the connection.
  public struct Totals: Sendable, Equatable {
    /// Cost of the day ahead, with wear and overload [currency].
    public var cost = 0.0
    /// Cost of it if each member were alone [currency].
    public var alone = 0.0
    /// Cost that no schedule goes below [currency].
    public var bound = 0.0
    /// Cost above that bound, as a share.
    public var gap = 0.0
    /// Emissions [kg].
    public var carbon = 0.0
    /// Time from the mark's last summary to the schedule [s].
    public var seconds = 0.0
    /// Load of all members at the first step [kW].
    public var load = 0.0
    /// Generation of all members at the first step [kW].
    public var generation = 0.0

    /// Creates totals of nothing.
    public init() {}
  }

  /// Number of steps for which a schedule holds, each of a quarter of an hour.
  public static let heldSteps = 8

  /// The mark.
  public var time: Timestamp
  /// `decided`, with what was assumed, or why nothing was decided.
  public var reason: String
  /// Flows and money; `nil` if nothing was decided.
  public var totals: Totals?
  /// Planned import of the connection [kW], by step; empty if nothing was decided.
  public var imported: [Float] = []
  /// Planned export of the connection [kW], by step.
  public var exported: [Float] = []
  /// Price within the community, by step.
  public var price: [Float] = []
  /// Plans of the members that were present.
  public var plans: [Plan] = []

  /// Creates a decision without schedules.
  ///
  /// - Parameters:
  ///   - time: The mark.
  ///   - reason: Why nothing was decided.
  public init(time: Timestamp, reason: String) { (self.time, self.reason) = (time, reason) }
}

extension CommunityDecision {
  private static let version: UInt16 = 1

  /// Writes the decision.
  public func write(to writer: inout SnapshotWriter) {
    writer.write(Self.version)
    writer.write(time)
    writer.write(reason)
    writer.write(totals != nil)
    if let totals {
      for value in [
        totals.cost, totals.alone, totals.bound, totals.gap, totals.carbon, totals.seconds, totals.load,
        totals.generation,
      ] { writer.write(value) }
    }
    for values in [imported, exported, price] { writer.write(floats: values) }
    writer.write(plans) { writer, plan in
      writer.write(plan.plant)
      for values in [plan.battery, plan.cars, plan.net] { writer.write(floats: values) }
      for value in [plan.cost, plan.alone, plan.gain] { writer.write(value) }
    }
  }

  /// Reads the decision that ``write(to:)`` wrote.
  public init(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.version, of: "a community's decision")
    time = try reader.readTimestamp()
    reason = try reader.readString()
    if try reader.readBool() {
      var totals = Totals()
      totals.cost = try reader.readDouble()
      totals.alone = try reader.readDouble()
      totals.bound = try reader.readDouble()
      totals.gap = try reader.readDouble()
      totals.carbon = try reader.readDouble()
      totals.seconds = try reader.readDouble()
      totals.load = try reader.readDouble()
      totals.generation = try reader.readDouble()
      self.totals = totals
    }
    imported = try reader.readFloats()
    exported = try reader.readFloats()
    price = try reader.readFloats()
    plans = try reader.readArray(elementSize: 40) { (reader) throws(SnapshotError) in
      Plan(
        plant: try reader.readString(), battery: try reader.readFloats(), cars: try reader.readFloats(),
        net: try reader.readFloats(), cost: try reader.readDouble(), alone: try reader.readDouble(),
        gain: try reader.readDouble())
    }
    guard exported.count == imported.count, price.count == imported.count, (totals == nil) == imported.isEmpty else {
      throw .invalid("flows of different lengths")
    }
  }
}
