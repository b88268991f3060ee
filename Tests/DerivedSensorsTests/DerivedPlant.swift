import PlantModel

/// A plant with a grid connection `grid` that has derived sensors.
enum DerivedPlant {
  /// Returns the plant; `sensors` are the names and expressions of the derived sensors.
  static func make(_ sensors: [(name: String, text: String)]) throws -> Plant {
    var plant = Plant(name: "p", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    plant.assets = [Asset(name: "grid", kind: .grid)]
    let names = ExpressionNames(assets: ["grid"], sensors: [])
    plant.derived = try sensors.map { sensor in
      DerivedSensor(
        name: SensorName(asset: "grid", sensor: sensor.name),
        expression: try DerivedExpression(parsing: sensor.text, names: names))
    }
    return plant
  }
}
