import PlantModel

/// Unique names for the values of one JSON object.
struct ValueNames {
  /// Assets that names begin with, with their kinds.
  private(set) var assets: [(name: String, kind: AssetKind)] = []
  /// Names in the order of the leaves.
  private(set) var names: [String] = []

  /// Chooses the names.
  ///
  /// - Parameters:
  ///   - leaves: The values.
  ///   - prefix: Returns the asset's name for a part of this device; `nil` if values are not to be split among assets.
  init(_ leaves: [PayloadShape.Leaf], partsOf prefix: ((String) -> String)?) {
    var bare = leaves.map { leaf in
      let name = Self.base(leaf.tokens)
      // Tasmota and others call a relay POWER.
      return leaf.isSwitch && name.lowercased().hasPrefix("power") ? "switch" + name.dropFirst(5) : name
    }
    var owners: [String?] = leaves.map { _ in nil }
    for (position, channel) in Self.channels(leaves).enumerated() {
      guard let channel else { continue }
      guard let prefix else {
        bare[position] += "_\(channel)"
        continue
      }
      let name = prefix(channel)
      owners[position] = name
      if !assets.contains(where: { $0.name == name }) { assets.append((name, .generic)) }
    }
    if let prefix {
      let parts = leaves.map { Self.part($0.tokens) }
      if assets.isEmpty, Set(parts.compactMap { $0?.kind }).count > 1 {
        for (position, part) in parts.enumerated() {
          guard let part else { continue }
          let name = prefix(part.word)
          owners[position] = name
          bare[position] = part.rest
          if !assets.contains(where: { $0.name == name }) { assets.append((name, part.kind)) }
        }
        // A state of charge without a device belongs to the battery.
        if let battery = assets.first(where: { $0.kind == .battery }) {
          for position in leaves.indices where owners[position] == nil && ["soc", "soh"].contains(bare[position]) {
            owners[position] = battery.name
          }
        }
      }
    }
    names = Self.distinct(
      zip(owners, bare).map { owner, name in owner.map { "\($0).\(name)" } ?? name }, leaves: leaves)
  }

  /// Words that follow a quantity: `/ENERGY/Today`.
  private static let sides: Set<String> = [
    "today", "yesterday", "total", "period", "month", "year", "import", "export", "in", "out", "min", "max", "average",
  ]

  /// Returns the channel that each value belongs to, such as 1 for `switch:1` beside `switch:3`; `nil` without
  /// channels.
  private static func channels(_ leaves: [PayloadShape.Leaf]) -> [String?] {
    let own = leaves.map { leaf in leaf.tokens.last { $0.contains(":") && NameWords.isIndex($0) } }
    var channels: [Substring: Set<String>] = [:]
    for channel in own.compactMap({ $0 }) { channels[channel.prefix { $0 != ":" }, default: []].insert(channel) }
    return own.map { channel in
      guard let channel, channels[channel.prefix { $0 != ":" }, default: []].count > 1 else { return nil }
      return channel.split(separator: ":").last.map(String.init)
    }
  }

  /// Returns a name from the last parts of a place.
  private static func base(_ tokens: [String]) -> String {
    var tokens = tokens
    var index: String?
    if tokens.count > 1, let last = tokens.last, last.allSatisfy(\.isNumber) {
      index = last
      tokens.removeLast()
    }
    // `/power/value` is the power.
    while tokens.count > 1, NameWords.valueNames.contains(tokens[tokens.count - 1]) { tokens.removeLast() }
    let last = tokens[tokens.count - 1]
    var name = NameWords.sensor(last)
    if tokens.count > 1 {
      let before = tokens[tokens.count - 2]
      if let both = NameWords.usual(before + "_" + last) {
        name = both
      } else if NameWords.usual(before) != nil, Self.sides.contains(last.lowercased()) {
        name = NameWords.sensor(before) + "_" + last.lowercased()
      } else if ["esp32", "wifi", "system", "cpu", "update", "sys"].contains(before.lowercased()) {
        name = before.lowercased() + "_" + name
      } else if NameWords.isPhase(before), NameWords.usual(last) != nil {
        name += "_" + before.lowercased()
      }
    }
    return index.map { "\(name)_\($0)" } ?? name
  }

  /// Returns the device before a quantity: `/battery/power`, `/pv_power`.
  private static func part(_ tokens: [String]) -> (word: String, kind: AssetKind, rest: String)? {
    for (position, token) in tokens.dropLast().enumerated() {
      let word = token.lowercased()
      if let kind = KindGuess.kind(ofWord: word) {
        return (word, kind, base(Array(tokens[(position + 1)...])))
      }
    }
    return NameWords.kindAndQuantity(tokens[tokens.count - 1])
  }

  /// Returns unique names; equal ones are prefixed with further parts of their places.
  private static func distinct(_ names: [String], leaves: [PayloadShape.Leaf]) -> [String] {
    var names = names
    for depth in 2...6 {
      let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
      guard counts.values.contains(where: { $0 > 1 }) else { break }
      for (position, leaf) in leaves.enumerated() where counts[names[position], default: 0] > 1 {
        guard leaf.tokens.count >= depth else { continue }
        let before = leaf.tokens[leaf.tokens.count - depth]
        let word = before.map { $0.isLetter || $0.isNumber ? $0 : "_" }.reduce(into: "") { $0.append($1) }
        names[position] = insert(word.lowercased(), into: names[position])
      }
    }
    var seen: [String: Int] = [:]
    for position in names.indices {
      let name = names[position]
      seen[name, default: 0] += 1
      if let count = seen[name], count > 1 { names[position] = "\(name)_\(count)" }
    }
    return names
  }

  private static func insert(_ word: String, into name: String) -> String {
    guard let dot = name.firstIndex(of: ".") else { return "\(word)_\(name)" }
    return name[...dot] + word + "_" + name[name.index(after: dot)...]
  }
}
