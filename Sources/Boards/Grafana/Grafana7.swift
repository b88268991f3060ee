/// The form that Grafana 7.5 loads, derived from the current one.
enum Grafana7 {
  /// A grey on which white text is read; 7.5 puts white text on a ground without colour.
  private static let calm: JSON = "#6b7280"
  /// An amber on which white text is read.
  private static let amber: JSON = "#946200"
  /// A grey for lines that shows on light and dark ground; 7.5 draws the name `text` in black.
  private static let line: JSON = "#8a8f98"

  /// Returns a board in the form of 7.5.
  static func derive(_ board: JSON) -> JSON {
    var derived = board.mapObjects(change)
    derived["schemaVersion"] = 27
    return derived
  }

  private static func change(_ object: JSON) -> JSON {
    // An object in the place of a data source gives a blank board.
    if object == BoardRenderer.source { return object["uid"] ?? object }
    var object = object
    if let options = object["cellOptions"] {
      object["displayMode"] = options["type"]
      object["cellOptions"] = nil
    }
    if object["id"] == "custom.cellOptions", let type = object["value"]?["type"] {
      object = ["id": "custom.displayMode", "value": type]
    }
    if case .list(let properties) = object["properties"] { object["properties"] = .list(shown(properties)) }
    if object["type"] == "table", let empty = object["fieldConfig"]?["defaults"]?["noValue"], empty != "–",
      case .text(let words) = empty, case .text(let title) = object["title"] ?? .null
    {
      // Its empty tables say "No data", whatever they are told to say.
      object["title"] = .text("\(title) (no data: \(words))")
    }
    if object["id"] == "mappings", let value = object["value"] { object["value"] = mappings(value) }
    if let value = object["mappings"] { object["mappings"] = mappings(value) }
    for name in ["color", "fixedColor"] {
      if object[name] == "transparent" { object[name] = calm }
      if object[name] == "dark-yellow" { object[name] = amber }
      if object[name] == "text" { object[name] = line }
    }
    return object
  }

  /// Returns the properties of a column of numbers so that 7.5 does not show `null` where all are missing.
  private static func shown(_ properties: [JSON]) -> [JSON] {
    let names = properties.compactMap { $0["id"] }
    guard names.contains("decimals"), names.contains("noValue"), !names.contains("custom.displayMode") else {
      return properties
    }
    return properties + [
      ["id": "custom.displayMode", "value": "color-text"], ["id": "color", "value": FormatRenderer.fixed("#7b818a")],
    ]
  }

  private static func mappings(_ current: JSON) -> JSON {
    guard case .list(let items) = current else { return current }
    let words = items.flatMap { item -> [(String, JSON)] in
      guard case .object(let options) = item["options"] else { return [] }
      return options.map { ($0.name, $0.value["text"] ?? .null) }
    }
    return .list(
      words.enumerated().map { position, word in
        ["id": .integer(position), "type": 1, "value": .text(word.0), "text": word.1]
      })
  }
}
