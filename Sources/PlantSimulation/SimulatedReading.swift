public import PlantModel
public import WattlineTime

/// A sensor of a simulated plant.
public struct SimulatedChannel: Hashable, Sendable {
  /// Name of the asset.
  public var asset: String
  /// Name of the sensor.
  public var sensor: String
  /// The unit of its readings: the unit that the plant file expects.
  public var unit: Unit?
  /// A large value of the sensor [canonical unit], by which faults are scaled.
  public var magnitude: Double

  /// Full name, `asset.sensor`.
  public var name: String { "\(asset).\(sensor)" }

  /// Returns the value in the unit of the sensor for a value in the canonical unit.
  public func wireValue(canonical value: Double) -> Double {
    guard let unit, unit.scale != 0 else { return value }
    return unit.scale == 1 && unit.offset == 0 ? value : (value - unit.offset) / unit.scale
  }
}

/// A reading of a simulated sensor.
public struct SimulatedReading: Hashable, Sendable {
  /// Position in ``PlantSimulator/channels``.
  public var channel: Int
  /// Name of the asset.
  public var asset: String
  /// Name of the sensor.
  public var sensor: String
  /// The value in the unit of its channel.
  public var value: Double
  /// Timestamp of the measurement.
  public var time: Timestamp
}
