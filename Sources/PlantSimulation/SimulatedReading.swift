import PlantModel

/// A sensor that a simulated plant has.
public struct SimulatedChannel: Hashable, Sendable {
  /// The asset's name.
  public var asset: String
  /// The sensor's name.
  public var sensor: String
  /// The unit of its readings: the one in which the plant's file says that values arrive.
  public var unit: Unit?
  /// A value that is large for it [canonical unit], by which faults are scaled.
  public var magnitude: Double

  /// `asset.sensor`.
  public var name: String { "\(asset).\(sensor)" }

  /// A value in the canonical unit, as the sensor would send it.
  public func wireValue(canonical value: Double) -> Double {
    guard let unit, unit.scale != 0 else { return value }
    return unit.scale == 1 && unit.offset == 0 ? value : (value - unit.offset) / unit.scale
  }
}

/// What a simulated sensor says at one moment.
public struct SimulatedReading: Hashable, Sendable {
  /// Position in ``PlantSimulator/channels``.
  public var channel: Int
  /// The asset's name.
  public var asset: String
  /// The sensor's name.
  public var sensor: String
  /// The value in the unit of its channel.
  public var value: Double
  /// When it was measured.
  public var time: Timestamp
}
