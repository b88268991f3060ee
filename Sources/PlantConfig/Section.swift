import Foundation
import PlantModel

/// What is gathered while a file is read: mistakes, and where texts and secrets come from.
final class Reading {
  let file: String
  let environment: [String: String]
  let readFile: (String) -> String?
  private(set) var diagnostics: [Diagnostic] = []
  /// What is taken as it stands and is probably not meant.
  private(set) var warnings: [Diagnostic] = []
  /// The variables that were asked for and set.
  private(set) var usedEnvironment: [String: String] = [:]
  /// What was understood of files of data, a line each.
  private(set) var explanations: [String] = []
  /// Files of data that were asked for and are there.
  private(set) var usedFiles: [String: String] = [:]

  init(file: String, environment: [String: String], readFile: @escaping (String) -> String?) {
    self.file = file
    self.environment = environment
    self.readFile = readFile
  }

  /// Notes a mistake, in the file that is read unless another one is named.
  func mistake(_ mark: Mark, _ message: String, in other: String? = nil) {
    diagnostics.append(Diagnostic(file: other ?? file, line: mark.line, column: mark.column, message: message))
  }

  /// Notes what is taken as it stands and is probably not meant.
  func warning(_ mark: Mark, _ message: String, in other: String? = nil) {
    warnings.append(
      Diagnostic(file: other ?? file, line: mark.line, column: mark.column, message: message, isWarning: true))
  }

  /// Notes what was understood of a file of data.
  func explain(_ lines: [String]) { explanations += lines }

  /// The text of a file of data, which belongs to the configuration from then on.
  func useFile(_ name: String) -> String? {
    guard let text = readFile(name) else { return nil }
    usedFiles[name] = text
    return text
  }

  /// A text with its `${NAME}` and `${NAME:-default}` taken from the environment.
  func expanded(_ text: String, at mark: Mark) -> String {
    guard text.contains("${") else { return text }
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "${") {
      result += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        mistake(mark, "'${' without '}'; write ${NAME} or ${NAME:-default}")
        return result
      }
      let inside = String(rest[start.upperBound..<end])
      let parts = inside.split(separator: ":-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      usedEnvironment[parts[0]] = environment[parts[0]]
      if let value = environment[parts[0]], !value.isEmpty || parts.count == 1 {
        result += value
      } else if parts.count > 1 || inside.hasSuffix(":-") {
        result += parts.count > 1 ? parts[1] : ""
      } else {
        mistake(mark, "the environment has no \(parts[0]); set it, or write ${\(parts[0]):-default}")
      }
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}

/// A mapping that is read key by key. A key that nobody asked for is a mistake, told with the nearest known one.
final class Section {
  let mark: Mark
  let name: String
  let reading: Reading
  private var members: [(key: String, mark: Mark, value: YAMLNode)] = []
  private var known: Set<String> = []
  private var taken: Set<String> = []

  /// The mapping at a node; anything else is a mistake and reads as an empty one.
  init(_ node: YAMLNode, _ name: String, _ reading: Reading) {
    mark = node.mark
    self.name = name
    self.reading = reading
    guard case .mapping(let pairs) = node.content else {
      if !node.isNull { reading.mistake(node.mark, "\(name) must be a mapping of keys to values, not \(node.form)") }
      return
    }
    var seen: Set<String> = []
    for pair in pairs {
      guard let key = pair.key.text else {
        reading.mistake(pair.key.mark, "a key must be a word, not \(pair.key.form)")
        continue
      }
      if seen.insert(key).inserted {
        members.append((key, pair.key.mark, pair.value))
      } else {
        reading.mistake(pair.key.mark, "'\(key)' stands twice in \(name); keep one")
      }
    }
  }

  /// All keys with their values, for mappings whose keys are names.
  var entries: [(key: String, mark: Mark, value: YAMLNode)] {
    taken.formUnion(members.map(\.key))
    return members
  }

  /// The value of a key, `nil` where it is absent or null.
  func node(_ key: String) -> YAMLNode? {
    known.insert(key)
    taken.insert(key)
    guard let value = members.first(where: { $0.key == key })?.value, !value.isNull else { return nil }
    return value
  }

  /// Whether a key is there, even if null.
  func has(_ key: String) -> Bool { members.contains { $0.key == key } }

  /// Tells each key that nobody asked for.
  func finish() {
    for member in members where !taken.contains(member.key) {
      let nearest =
        known.sorted().min { EditDistance.between($0, member.key) < EditDistance.between($1, member.key) } ?? ""
      let isNear = EditDistance.between(nearest, member.key) <= max(2, member.key.count / 3)
      let hint = isNear ? "did you mean '\(nearest)'?" : "known are \(known.sorted().joined(separator: ", "))"
      reading.mistake(member.mark, "\(name) has no key '\(member.key)'; \(hint)")
    }
  }

  // MARK: Values

  /// A text, environment expanded.
  func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard let text = node.text else {
      reading.mistake(node.mark, "'\(key)' must be a text, not \(node.form)")
      return nil
    }
    return reading.expanded(text, at: node.mark)
  }

  /// A text; none where it is empty, as `${NAME:-}` is without NAME in the environment.
  func given(_ key: String) -> String? { text(key).flatMap { $0.isEmpty ? nil : $0 } }

  /// A text that must be there.
  func requiredText(_ key: String, _ example: String) -> String? {
    let text = text(key)
    if text == nil, !members.contains(where: { $0.key == key && !$0.value.isNull }) {
      reading.mistake(mark, "\(name) needs '\(key)', such as \(example)")
    }
    return text
  }

  /// A text that names something: not empty, and without what brokers and databases refuse.
  func name(_ key: String) -> String? {
    guard let text = text(key) else { return nil }
    if let wrong = Words.mistake(inName: text) {
      reading.mistake(place(of: key), "'\(key)' \(wrong); leave it out for the default")
      return nil
    }
    return text
  }

  /// A finite number within a range; a key that stands there must have one.
  func number(_ key: String, in range: ClosedRange<Double>, _ meaning: String) -> Double? {
    guard let node = node(key) else {
      if has(key) { reading.mistake(place(of: key), "'\(key)' has no value; write \(meaning), or leave the key out") }
      return nil
    }
    return Section.number(node, key, in: range, meaning, reading)
  }

  /// A finite number at a node.
  static func number(
    _ node: YAMLNode, _ key: String, in range: ClosedRange<Double>, _ meaning: String, _ reading: Reading
  ) -> Double? {
    guard let raw = node.text, let value = Double(reading.expanded(raw, at: node.mark)), value.isFinite else {
      reading.mistake(node.mark, "'\(key)' must be a number (\(meaning)), not \(node.form)")
      return nil
    }
    guard range.contains(value) else {
      reading.mistake(node.mark, "'\(key)' is \(node.form); it must be \(meaning)")
      return nil
    }
    return value
  }

  /// One of the words of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type = Choice.self) -> Choice?
  where Choice.RawValue == String {
    guard let text = text(key) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    reading.mistake(place(of: key), "'\(key)' is '\(text)'; it must be one of \(words)")
    return nil
  }

  /// True or false.
  func boolean(_ key: String) -> Bool? {
    guard let text = text(key) else { return nil }
    switch text.lowercased() {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default:
      reading.mistake(place(of: key), "'\(key)' must be true or false, not '\(text)'")
      return nil
    }
  }

  /// A secret, given as `key` or read from the file that `key_file` names.
  func secret(_ key: String) -> Secret? {
    let own = given(key)
    if let path = text("\(key)_file") {
      if own != nil { reading.mistake(place(of: key), "'\(key)' and '\(key)_file' are both there; keep one") }
      guard let content = reading.readFile(path) else {
        reading.mistake(
          place(of: "\(key)_file"), "the file '\(path)' cannot be read; '\(key)_file' names a secret's file")
        return nil
      }
      return Secret(String(content.reversed().drop { $0.isNewline }.reversed()))
    }
    return own.map { Secret($0) }
  }

  /// Where the value of a key stands.
  func place(of key: String) -> Mark { members.first { $0.key == key }?.value.mark ?? mark }
}

/// What names may hold, and words for messages.
enum Words {
  /// Longest name [bytes]; readings of a longer one are refused.
  static let longestName = 1_024

  /// What is wrong with a name, `nil` where nothing is.
  static func mistake(inName name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.utf8.count > longestName { return "is longer than \(longestName) bytes" }
    return name.unicodeScalars.contains(where: isForbidden) ? "has a control character, which no topic may have" : nil
  }

  /// What MQTT 5 lets a broker end the connection for (1.5.4): control characters and noncharacters.
  static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || scalar.properties.isNoncharacterCodePoint
  }

  /// A text with its control characters escaped.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isForbidden) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      result += isForbidden(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }

  /// The first names of a list that may be long.
  static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }
}
