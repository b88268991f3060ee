import Foundation
import PlantModel

/// What is gathered while a file is read: mistakes, and where texts and secrets come from.
final class Reading {
  let file: String
  let environment: [String: String]
  let readFile: (String) -> String?
  private(set) var diagnostics: [Diagnostic] = []
  /// The variables that were asked for and set.
  private(set) var usedEnvironment: [String: String] = [:]
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
  private var known: [String] = []
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
    for pair in pairs {
      guard let key = pair.key.text else {
        reading.mistake(pair.key.mark, "a key must be a word, not \(pair.key.form)")
        continue
      }
      if members.contains(where: { $0.key == key }) {
        reading.mistake(pair.key.mark, "'\(key)' stands twice in \(name); keep one")
      } else {
        members.append((key, pair.key.mark, pair.value))
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
    known.append(key)
    taken.insert(key)
    guard let value = members.first(where: { $0.key == key })?.value, !value.isNull else { return nil }
    return value
  }

  /// Tells each key that nobody asked for.
  func finish() {
    for member in members where !taken.contains(member.key) {
      let nearest = known.min { Words.distance($0, member.key) < Words.distance($1, member.key) } ?? ""
      let isNear = Words.distance(nearest, member.key) <= max(2, member.key.count / 3)
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

  /// A text that must be there.
  func requiredText(_ key: String, _ example: String) -> String? {
    let text = text(key)
    if text == nil, !members.contains(where: { $0.key == key && !$0.value.isNull }) {
      reading.mistake(mark, "\(name) needs '\(key)', such as \(example)")
    }
    return text
  }

  /// A finite number within a range.
  func number(_ key: String, in range: ClosedRange<Double>, _ meaning: String) -> Double? {
    guard let node = node(key) else { return nil }
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
    if let path = text("\(key)_file") {
      guard let content = reading.readFile(path) else {
        reading.mistake(
          place(of: "\(key)_file"), "the file '\(path)' cannot be read; '\(key)_file' names a secret's file")
        return nil
      }
      return Secret(String(content.reversed().drop { $0.isNewline }.reversed()))
    }
    return text(key).map { Secret($0) }
  }

  /// Where the value of a key stands.
  func place(of key: String) -> Mark { members.first { $0.key == key }?.value.mark ?? mark }
}

/// Distance between words, for suggestions.
enum Words {
  /// Least number of letters to put in, take out or change (Levenshtein 1966). Example: `kitten`, `sitting`: 3.
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased().prefix(64)), Array(b.lowercased().prefix(64)))
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let change = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
