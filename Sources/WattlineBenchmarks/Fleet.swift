/// Sensors of many plants that speak in turn: topics `plant0/asset0/s0` and so on, ten sensors an asset.
public struct Fleet: Sendable {
  /// Sensors over all plants.
  public let sensors: Int
  /// Plants among which they are shared out evenly.
  public let plants: Int

  /// A fleet of at least one plant and one sensor; without `plants`, one a hundred sensors.
  public init(sensors: Int = 1_000, plants: Int? = nil) {
    self.sensors = max(1, sensors)
    self.plants = min(self.sensors, max(1, plants ?? (sensors + 99) / 100))
  }

  /// The topic of a sensor.
  func topic(of sensor: Int) -> [UInt8] {
    let perPlant = (sensors + plants - 1) / plants
    let (plant, within) = sensor.quotientAndRemainder(dividingBy: perPlant)
    return Array("plant\(plant)/asset\(within / 10)/s\(within % 10)".utf8)
  }

  /// The file of a plant.
  static func file(of plant: Int) -> String {
    """
    plant: plant\(plant)
    location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
    topics: [{match: "plant\(plant)/{asset}/{sensor}"}]
    """
  }
}
