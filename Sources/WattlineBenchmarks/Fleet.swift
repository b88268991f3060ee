/// Sensors of many plants that report in turn: topics `plant0/asset0/s0` and so on, ten sensors an asset.
public struct Fleet: Sendable {
  /// Number of sensors of all plants.
  public let sensors: Int
  /// Number of plants, with equal numbers of sensors.
  public let plants: Int

  /// Creates a fleet of at least one plant and one sensor; the default is one plant for every hundred sensors.
  public init(sensors: Int = 1_000, plants: Int? = nil) {
    self.sensors = max(1, sensors)
    self.plants = min(self.sensors, max(1, plants ?? (sensors + 99) / 100))
  }

  /// Returns the topic of a sensor.
  func topic(of sensor: Int) -> [UInt8] {
    let perPlant = (sensors + plants - 1) / plants
    let (plant, within) = sensor.quotientAndRemainder(dividingBy: perPlant)
    return Array("plant\(plant)/asset\(within / 10)/s\(within % 10)".utf8)
  }

  /// Returns the configuration file of a plant.
  static func file(of plant: Int) -> String {
    """
    plant: plant\(plant)
    location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
    topics: [{match: "plant\(plant)/{asset}/{sensor}"}]
    """
  }
}
