/// Tag of a measurement.
public struct Tag: Hashable, Sendable {
  /// Name in the database. It needs no escaping.
  public let name: String
  /// Meaning of the value, in a short phrase.
  public let meaning: String
  /// Whether points may lack the tag.
  public let isOptional: Bool

  init(_ name: String, meaning: String, isOptional: Bool = false) {
    self.name = name
    self.meaning = meaning
    self.isOptional = isOptional
  }

  /// The tag of a measurement whose points may lack it.
  var optional: Tag { Tag(name, meaning: meaning, isOptional: true) }
}

// A point's subject gives the first three, its series the unit.
extension Tag {
  /// The plant.
  public static let plant = Tag("plant", meaning: "name of the plant")
  /// The asset.
  public static let asset = Tag("asset", meaning: "name of the asset; `_plant` is the whole plant")
  /// The sensor.
  public static let sensor = Tag("sensor", meaning: "name of the sensor")
  /// The unit of the values.
  public static let unit = Tag("unit", meaning: "unit of the values, left out where there is none", isOptional: true)

  /// The tags that follow from a point's subject and not from ``PointKey/qualifiers``.
  static let ofSubject: Set<String> = ["plant", "asset", "sensor", "unit"]
}
