public import StreamCore
public import WattlineTime

/// The summary that a member gives its community at a quarter-hour mark: its state, its forecast as known then, and the
/// quarters of its energy account that were settled or corrected since the mark before.
public struct MemberSummary: Sendable, Equatable {
  /// A settled quarter of a member's energy account.
  public struct Quarter: Sendable, Equatable {
    /// Start.
    public var start: Timestamp
    /// Import less export [kW]; NaN if it is unknown.
    public var net: Float
    /// Load with cars [kW]; NaN if it is unknown.
    public var load: Float
    /// Generation [kW]; NaN if it is unknown.
    public var generation: Float
    /// Power of the batteries, positive discharge [kW]; NaN if it is unknown.
    public var battery: Float

    /// Creates a quarter; each parameter is the property of its name.
    public init(start: Timestamp, net: Float, load: Float, generation: Float, battery: Float) {
      self.start = start
      self.net = net
      self.load = load
      self.generation = generation
      self.battery = battery
    }
  }

  /// Number of steps of a forecast, each of a quarter of an hour.
  public static let steps = 96

  /// Name of the plant.
  public var plant: String
  /// State at the mark.
  public var state: MemberState
  /// Forecast of the load without cars [kW] from the mark on; empty if there is none.
  public var load: [Float] = []
  /// Forecast of the generation [kW] from the mark on; empty if there is none.
  public var generation: [Float] = []
  /// Quarters that were settled or corrected.
  public var quarters: [Quarter] = []

  /// Creates the summary of a plant without forecasts.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - state: State at the mark.
  public init(plant: String, state: MemberState) {
    self.plant = plant
    self.state = state
  }
}

extension MemberSummary {
  private static let version: UInt16 = 1

  /// Writes the summary.
  public func write(to writer: inout SnapshotWriter) {
    writer.write(Self.version)
    writer.write(plant)
    writer.write(state.time)
    for value in [state.load, state.generation, state.batteryPower, state.carPower] { writer.write(value ?? .nan) }
    writer.write(state.battery != nil)
    if let battery = state.battery {
      for value in [
        battery.capacity, battery.power, battery.efficiency, battery.wear, battery.minimum, battery.maximum,
        battery.energy,
      ] { writer.write(value) }
    }
    writer.write(state.cars) { writer, car in
      for value in [car.energy, car.hours, car.power] { writer.write(value) }
    }
    writer.write(floats: load)
    writer.write(floats: generation)
    writer.write(quarters) { writer, quarter in
      writer.write(quarter.start)
      for value in [quarter.net, quarter.load, quarter.generation, quarter.battery] { writer.write(value.bitPattern) }
    }
  }

  /// Reads the summary that ``write(to:)`` wrote.
  public init(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.version, of: "a member's summary")
    plant = try reader.readString()
    state = MemberState(time: try reader.readTimestamp())
    state.load = try reader.readKnown()
    state.generation = try reader.readKnown()
    state.batteryPower = try reader.readKnown()
    state.carPower = try reader.readDouble()
    if try reader.readBool() {
      state.battery = MemberState.Battery(
        capacity: try reader.readDouble(), power: try reader.readDouble(), efficiency: try reader.readDouble(),
        wear: try reader.readDouble(), minimum: try reader.readDouble(), maximum: try reader.readDouble(),
        energy: try reader.readDouble())
    }
    state.cars = try reader.readArray(elementSize: 24) { (reader) throws(SnapshotError) in
      MemberState.Car(
        energy: try reader.readDouble(), hours: try reader.readDouble(), power: try reader.readDouble())
    }
    load = try reader.readFloats()
    generation = try reader.readFloats()
    quarters = try reader.readArray(elementSize: 24) { (reader) throws(SnapshotError) in
      Quarter(
        start: try reader.readTimestamp(), net: try reader.readFloat(), load: try reader.readFloat(),
        generation: try reader.readFloat(), battery: try reader.readFloat())
    }
  }
}

extension SnapshotWriter {
  mutating func write(floats values: [Float]) { write(values) { $0.write($1.bitPattern) } }
}

extension SnapshotReader {
  mutating func readFloat() throws(SnapshotError) -> Float { Float(bitPattern: try read(UInt32.self)) }

  mutating func readFloats() throws(SnapshotError) -> [Float] {
    try readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.readFloat() }
  }

  /// Reads a number; `nil` if it is NaN.
  mutating func readKnown() throws(SnapshotError) -> Double? {
    let value = try readDouble()
    return value.isNaN ? nil : value
  }
}
