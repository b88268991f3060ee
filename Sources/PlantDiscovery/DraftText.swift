import PlantModel

/// Text of a plant file for a draft.
struct DraftText {
  /// Maximum number of assets that are listed; further ones are admitted when they first report.
  static let mostAssets = 500
  private static let mostSensors = 500
  /// Maximum size of the rules [bytes]; a plant file has at most 1 MiB.
  private static let mostBytes = 700_000
  private static let mostUnread = 100

  let options: DraftPlant.Options
  let survey: TopicSurvey
  var rules: [DraftRule]
  var assets: [(name: String, kind: AssetKind, note: String)] = []
  var sensors: [(asset: String, sensor: String, guess: UnitGuess)] = []
  /// Number of assets that topics name.
  var assetCount = 0
  var unread: [(topic: String, reason: String)] = []

  /// Returns whether a text may name an asset in a plant file.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 200 && text.unicodeScalars.allSatisfy { isPlain($0) } && !text.contains("${")
      && !text.contains("*")
  }

  var text: String { (head + topicLines + assetLines + sensorLines + unreadLines).joined(separator: "\n") + "\n" }

  private var head: [String] {
    let heard = "\(survey.messages.counted("message")) on \(survey.topics.count.counted("topic"))"
    var lines = [
      "# A draft by `wattline discover`\(options.origin.isEmpty ? "" : " of \(comment(options.origin))"): \(heard)."
    ]
    if survey.beyondLimits > 0 {
      lines.append("# \(survey.beyondLimits) messages came on further topics, which were not looked at.")
    }
    lines += [
      "# Comments tell what is a guess. Go through them, then try `wattline check` and `wattline explain`.",
      "plant: \(quoted(options.name))",
      "location: {latitude: 0, longitude: 0, timezone: \(quoted(options.timezone))}  # fill in: the sun depends on it",
      "# tariff: {import: 0.30, export: 0.08}",
    ]
    if assetCount > 900 {
      lines.append("limits: {assets: \(min(100_000, 2 * assetCount)), sensors: \(min(1_000_000, 40 * assetCount))}")
    }
    return lines
  }

  // MARK: Topics

  private var topicLines: [String] {
    if rules.isEmpty { return ["# No topic with numbers was heard, so nothing reaches this plant yet.", "topics: []"] }
    var (all, bytes, left) = (["topics:"], 0, 0)
    for rule in rules {
      let lines = lines(of: rule)
      let length = lines.reduce(0) { $0 + $1.utf8.count + 1 }
      guard bytes + length <= Self.mostBytes else {
        left += 1
        continue
      }
      bytes += length
      all += lines
    }
    if left > 0 { all.append("  # … and \(left.counted("pattern")) more, for which a plant file has no room") }
    return all.count == 1 ? all + ["  []"] : all
  }

  private func lines(of rule: DraftRule) -> [String] {
    let names = rule.topics.prefix(3).map { comment(survey.topics[$0].name) }
    let more = rule.topics.count > names.count ? ", …" : ""
    let count = rule.topics.count.counted("topic")
    var lines = ["  # \(count), \(rule.messages.counted("message")): \(names.joined(separator: ", "))\(more)"]
    if rule.topics.allSatisfy({ survey.topics[$0].messages == survey.topics[$0].retained }) {
      lines.append("  # only kept messages came: the sender may be gone; kept ones count with `retained: accept`")
    }
    lines += rule.notes.map { "  # \(comment($0))" }
    lines.append("  - match: \(quoted(rule.match))")
    func add(_ key: String, value: String?) { if let value { lines.append("    \(key): \(quoted(value))") } }
    if let payload = rule.payload { lines.append("    payload: \(payload)") }
    add("separator", value: rule.separator)
    add("each", value: rule.each)
    add("asset", value: rule.asset)
    add("sensor", value: rule.sensor)
    add("unit", value: rule.unit)
    add("time", value: rule.time)
    add("strip", value: rule.strip)
    if !rule.values.isEmpty { lines.append("    values:") }
    for value in rule.values {
      let place =
        value.unit.map { "{at: \(quoted(value.path)), unit: \(quoted($0))}" } ?? quoted(value.path)
      let note = value.note.map { "  # \(comment($0))" } ?? ""
      lines.append("      \(quoted(value.name)): \(place)\(note)")
    }
    if !rule.rename.isEmpty {
      let pairs = rule.rename.map { "\(quoted($0.from)): \(quoted($0.to))" }
      lines.append("    rename: {\(pairs.joined(separator: ", "))}")
    }
    return lines
  }

  // MARK: Assets and sensors

  private var assetLines: [String] {
    if assets.isEmpty { return [] }
    return ["assets:"] + assets.map { "  \(quoted($0.name)): {kind: \($0.kind.rawValue)}  # \(comment($0.note))" }
  }

  /// Units of sensors. If more than 8 assets have the same unit for a sensor, they share one line.
  private var sensorLines: [String] {
    var lines: [String] = []
    var isDone: Set<String> = []
    let bySensor = Dictionary(grouping: sensors) { $0.sensor }
    let alone = Set(bySensor.keys.filter { isAlone($0) })
    for (asset, sensor, guess) in sensors {
      let alike = bySensor[sensor] ?? []
      let unit = guess.unit
      if alike.count > 8, alike.allSatisfy({ $0.guess.unit == unit }), alone.contains(sensor) {
        guard isDone.insert(sensor).inserted else { continue }
        let note = guess.note.map { "  # \(comment($0)); \(alike.count) assets" } ?? ""
        if let unit {
          lines.append("  - {match: \(quoted("*.\(sensor)")), unit: \(quoted(unit))}\(note)")
        } else if !note.isEmpty {
          lines.append("  # *.\(comment(sensor)):\(note.dropFirst(3))")
        }
        continue
      }
      if let unit {
        let note = guess.note.map { "  # \(comment($0))" } ?? ""
        lines.append("  - {match: \(quoted("\(asset).\(sensor)")), unit: \(quoted(unit))}\(note)")
      } else if let note = guess.note {
        lines.append("  # \(comment("\(asset).\(sensor): \(note)"))")
      }
    }
    if lines.count > Self.mostSensors {
      let left = lines.count - Self.mostSensors
      lines = lines.prefix(Self.mostSensors) + ["  # … and \(left) more"]
    }
    if lines.isEmpty { return [] }
    guard lines.allSatisfy({ $0.hasPrefix("  #") }) else { return ["sensors:"] + lines }
    return ["# sensors: [{match: asset.sensor, unit: W}]"] + lines.map { String($0.dropFirst(2)) }
  }

  /// Returns whether no rule lists the sensor among its values.
  private func isAlone(_ sensor: String) -> Bool {
    !rules.contains { rule in rule.values.contains { $0.name == sensor || $0.name.hasSuffix(".\(sensor)") } }
  }

  private var unreadLines: [String] {
    if unread.isEmpty { return [] }
    var lines = ["# Topics without a rule, or without a number in what was heard:"]
    for (topic, reason) in unread.prefix(Self.mostUnread) { lines.append("#   \(comment(topic)): \(comment(reason))") }
    if unread.count > Self.mostUnread { lines.append("#   … and \(unread.count - Self.mostUnread) more") }
    return lines
  }

  // MARK: Texts

  /// Returns whether a character is allowed in a topic and needs no escape in YAML.
  static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory != .control && !scalar.properties.isNoncharacterCodePoint
      && !["\u{2028}", "\u{2029}", "\u{FEFF}"].contains(scalar)
  }

  /// Returns a text in YAML: bare if it is a simple word, otherwise quoted.
  private func quoted(_ text: String) -> String {
    let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    let isWord =
      text.first.map { $0.isASCII && $0.isLetter } ?? false && !words.contains(text.lowercased())
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.".contains($0)) }
    if isWord { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      default:
        if Self.isPlain(scalar) {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
      }
    }
    return result + "\""
  }

  /// Returns a text for a one-line comment, shortened to 300 characters.
  private func comment(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(300) { scalars.append(Self.isPlain(scalar) ? scalar : "?") }
    return String(scalars)
  }
}
