import Foundation
import PlantModel
import Settings

/// Context while a file is read: collects mistakes, and resolves environment variables and other files.
final class ConfigurationContext {
  let file: String
  let environment: [String: String]
  /// Folder of the configuration; `nil` if it is in memory only.
  let folder: String?
  let readFile: (String) -> String?
  private(set) var diagnostics: [Diagnostic] = []
  /// Accepted entries that are probably not intended.
  private(set) var warnings: [Diagnostic] = []
  /// Environment variables that were referenced and are set.
  private(set) var usedEnvironment: [String: String] = [:]
  /// Interpretation of the data files, one line each.
  private(set) var explanations: [String] = []
  /// Contents of the data files that were referenced and exist, by name.
  private(set) var usedFiles: [String: String] = [:]

  /// Creates a context.
  ///
  /// - Parameters:
  ///   - file: Name of the file that is read.
  ///   - environment: Environment variables.
  ///   - folder: Folder of the configuration; `nil` if it is in memory only.
  ///   - readFile: Returns the text of another file; `nil` if it cannot be read.
  init(
    file: String, environment: [String: String], folder: String? = nil, readFile: @escaping (String) -> String?
  ) {
    self.file = file
    self.environment = environment
    self.folder = folder
    self.readFile = readFile
  }

  /// Files of secrets, keys and certificates that were named.
  private(set) var namedFiles: [NamedFile] = []
  /// Certificates and keys that were named and cannot be read.
  private(set) var unreadableFiles: [Diagnostic] = []

  /// Records a certificate or key that cannot be read.
  func unreadable(_ mark: Mark, _ message: String) {
    unreadableFiles.append(Diagnostic(file: file, line: mark.line, column: mark.column, message: message))
  }

  /// Records a file of a secret, key or certificate.
  func name(_ file: NamedFile) { namedFiles.append(file) }

  /// Records a mistake, in the current file unless `other` is given.
  ///
  /// - Parameters:
  ///   - mark: Position of the mistake.
  ///   - message: Description, with the remedy.
  ///   - other: Name of another file.
  func mistake(_ mark: Mark, _ message: String, in other: String? = nil) {
    diagnostics.append(Diagnostic(file: other ?? file, line: mark.line, column: mark.column, message: message))
  }

  /// Records a warning about an accepted entry that is probably not intended.
  ///
  /// - Parameters:
  ///   - mark: Position of the entry.
  ///   - message: Description, with the remedy.
  ///   - other: Name of another file.
  func warning(_ mark: Mark, _ message: String, in other: String? = nil) {
    warnings.append(
      Diagnostic(file: other ?? file, line: mark.line, column: mark.column, message: message, isWarning: true))
  }

  /// Records how a data file was interpreted.
  func explain(_ lines: [String]) { explanations += lines }

  /// Returns the text of a data file and makes it a part of the configuration.
  func useFile(_ name: String) -> String? {
    guard let text = readFile(name) else { return nil }
    usedFiles[name] = text
    return text
  }

  /// Returns a text with `${NAME}` and `${NAME:-default}` replaced from the environment; reports missing variables.
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

/// A mapping that is read key by key. Keys that were never requested are mistakes; the message suggests the nearest
/// known key.
final class Section {
  let mark: Mark
  let name: String
  let reading: ConfigurationContext
  private var members: [(key: String, mark: Mark, value: YAMLNode)] = []
  private var known: Set<String> = []
  private var taken: Set<String> = []

  /// Opens the mapping at a node. Any other node is a mistake, unless it is null, and reads as an empty mapping.
  ///
  /// - Parameters:
  ///   - node: The node.
  ///   - name: Name of the section, for messages.
  ///   - reading: Collects mistakes.
  init(_ node: YAMLNode, name: String, reading: ConfigurationContext) {
    mark = node.mark
    self.name = name
    self.reading = reading
    guard case .mapping(let pairs) = node.content else {
      if !node.isNull {
        let hint = EntrySlip.mapping(meantBy: node).map { "; \($0)" } ?? ""
        reading.mistake(node.mark, "\(name) must be a mapping of keys to values, not \(node.form)\(hint)")
      }
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

  /// Returns the value of a key; `nil` if it is absent or null.
  func node(_ key: String) -> YAMLNode? {
    known.insert(key)
    taken.insert(key)
    guard let value = members.first(where: { $0.key == key })?.value, !value.isNull else { return nil }
    return value
  }

  /// Returns whether a key is present, even if its value is null.
  func has(_ key: String) -> Bool { members.contains { $0.key == key } }

  /// Reports each key that was not requested.
  ///
  /// - Parameter other: Returns words about a key that is not a slip of a known one; `nil` for the list of known keys.
  func finish(other: (String) -> String? = { _ in nil }) {
    for (position, member) in members.enumerated() where !taken.contains(member.key) {
      let before = position > 0 ? (members[position - 1].key, members[position - 1].value.text ?? "") : nil
      let hasValue = !member.value.isNull
      if let words = EntrySlip.words(ofUnknown: member.key, hasValue: hasValue, after: before, known: known) {
        reading.mistake(member.mark, "\(name) has no key '\(member.key)'; \(words)")
        continue
      }
      let nearest =
        known.sorted().min { EditDistance.between($0, member.key) < EditDistance.between($1, member.key) } ?? ""
      let isNear = EditDistance.between(nearest, member.key) <= max(2, member.key.count / 3)
      let hint =
        other(member.key) ?? (isNear ? "did you mean '\(nearest)'?" : nil)
        ?? parent(of: position) ?? EntrySlip.home(of: member.key, in: name)
        ?? "known are \(known.sorted().joined(separator: ", "))"
      reading.mistake(member.mark, "\(name) has no key '\(member.key)'; \(hint)")
    }
  }

  /// Returns the empty key above an unknown one, to which that probably belongs.
  private func parent(of position: Int) -> String? {
    guard let before = members[..<position].last(where: { taken.contains($0.key) }), before.value.isNull,
      before.mark.line < members[position].mark.line
    else { return nil }
    return "it stands beside '\(before.key)', which is empty; indent it by two blanks more"
  }

  // MARK: Values

  /// Returns a text with environment variables expanded.
  func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard let text = node.text else {
      let hint = EntrySlip.text(meantBy: node).map { "; \($0)" } ?? ""
      reading.mistake(node.mark, "'\(key)' must be a text, not \(node.form)\(hint)")
      return nil
    }
    return reading.expanded(text, at: node.mark)
  }

  /// Returns a text; `nil` if it is empty, as `${NAME:-}` is without NAME in the environment.
  func given(_ key: String) -> String? { text(key).flatMap { $0.isEmpty ? nil : $0 } }

  /// Returns a mandatory text; reports its absence.
  func requiredText(_ key: String, example: String) -> String? {
    let text = text(key)
    if text == nil, !members.contains(where: { $0.key == key && !$0.value.isNull }) {
      reading.mistake(mark, "\(name) needs '\(key)', such as \(example)")
    }
    return text
  }

  /// Returns a text that is a valid name: not empty, and without characters that brokers and databases refuse.
  func name(_ key: String) -> String? {
    guard let text = text(key) else { return nil }
    if let wrong = Words.mistake(inName: text) {
      reading.mistake(place(of: key), "'\(key)' \(wrong); leave it out for the default")
      return nil
    }
    return text
  }

  /// Returns a finite number within a range. A key without a value is a mistake.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - range: Accepted values.
  ///   - meaning: Description of the accepted values, for messages.
  /// - Returns: `nil` if the key is absent or its value was refused.
  func number(_ key: String, in range: ClosedRange<Double>, meaning: String) -> Double? {
    guard let node = node(key) else {
      if has(key) { reading.mistake(place(of: key), "'\(key)' has no value; write \(meaning), or leave the key out") }
      return nil
    }
    return Section.number(node, key: key, in: range, meaning: meaning, reading: reading)
  }

  /// Returns a finite number at a node; reports anything else.
  ///
  /// - Parameters:
  ///   - node: The node.
  ///   - key: Name of the value, for messages.
  ///   - range: Accepted values.
  ///   - meaning: Description of the accepted values, for messages.
  ///   - reading: Expands the text and collects mistakes.
  static func number(
    _ node: YAMLNode, key: String, in range: ClosedRange<Double>, meaning: String, reading: ConfigurationContext
  ) -> Double? {
    guard let raw = node.text, let value = Double(reading.expanded(raw, at: node.mark)), value.isFinite else {
      let hint = node.text.flatMap { EntrySlip.number(meantBy: $0) }
      reading.mistake(
        node.mark, "'\(key)' must be a number (\(meaning)), not \(node.form)\(hint.map { "; \($0)" } ?? "")")
      return nil
    }
    guard range.contains(value) else {
      reading.mistake(node.mark, "'\(key)' is \(node.form); it must be \(meaning)")
      return nil
    }
    return value
  }

  /// Returns the case of an enumeration that a key names; reports other words.
  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, as type: Choice.Type = Choice.self) -> Choice?
  where Choice.RawValue == String {
    guard let text = text(key) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    reading.mistake(place(of: key), "'\(key)' is '\(text)'; it must be one of \(words)")
    return nil
  }

  /// Returns a Boolean: true, yes, on, false, no or off.
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

  /// Returns a secret, given as `key` or read from the file that `key_file` names.
  func secret(_ key: String) -> Secret? {
    let own = given(key)
    if let path = text("\(key)_file") {
      if own != nil { reading.mistake(place(of: key), "'\(key)' and '\(key)_file' are both there; keep one") }
      reading.name(NamedFile(path: path, isSecret: true))
      guard let content = reading.readFile(path) else {
        let reason = reading.folder.flatMap { ConfigurationFile.obstacle(FilePath.absolute(path, in: $0)) }
        reading.mistake(
          place(of: "\(key)_file"),
          "the file '\(path)' cannot be read\(reason.map { " (\($0))" } ?? ""); '\(key)_file' names a secret's file")
        return nil
      }
      return Secret(String(content.reversed().drop { $0.isNewline }.reversed()))
    }
    return own.map { Secret($0) }
  }

  /// Returns the path of a certificate or key, which a library or program reads. A relative one is below the folder.
  func file(_ key: String, isSecret: Bool = false) -> String? {
    guard let path = given(key) else { return nil }
    let full = reading.folder.map { FilePath.absolute(path, in: $0) } ?? path
    reading.name(NamedFile(path: full, isSecret: isSecret))
    review(full, key: key, path: path)
    return full
  }

  /// Returns the path of a log of another program, which is no part of the configuration.
  func log(_ key: String, path: String) -> String {
    let full = reading.folder.map { FilePath.absolute(path, in: $0) } ?? path
    review(full, key: key, path: path)
    return full
  }

  /// Records a file that cannot be read.
  private func review(_ full: String, key: String, path: String) {
    if reading.folder != nil, let obstacle = ConfigurationFile.obstacle(full) {
      reading.unreadable(place(of: key), words(obstacle, key: key, path: path, full: full))
    }
  }

  /// Returns the words about a file that cannot be read, with what to write if the working directory has
  /// it, from which such paths once started.
  private func words(_ obstacle: String, key: String, path: String, full: String) -> String {
    let words = "the file '\(full)' of '\(key)' cannot be read: \(obstacle)"
    if path.hasPrefix("/") { return words }
    let elsewhere = FilePath.absolute(path)
    if elsewhere != full, ConfigurationFile.obstacle(elsewhere) == nil {
      return words + "; paths start from the folder of the configuration, and the working directory has it: write "
        + "\(key): \(elsewhere)"
    }
    return words + "; a relative path starts from the folder of the configuration"
  }

  /// Returns the position of a key's value; that of the section if the key is absent.
  func place(of key: String) -> Mark { members.first { $0.key == key }?.value.mark ?? mark }
}

/// Rules for names, and formatting for messages.
enum Words {
  /// Maximum length of a name [bytes]; readings with longer names are refused.
  static let longestName = 1_024

  /// Returns what is wrong with a name; `nil` if it is valid.
  static func mistake(inName name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.utf8.count > longestName { return "is longer than \(longestName) bytes" }
    return name.unicodeScalars.contains(where: isForbidden) ? "has a control character, which no topic may have" : nil
  }

  /// Returns whether a character is a control character or a noncharacter; MQTT 5 lets brokers disconnect for these
  /// (1.5.4).
  static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || scalar.properties.isNoncharacterCodePoint
  }

  /// Returns a text with its control characters escaped.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isForbidden) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      result += isForbidden(scalar) ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }

  /// Returns the first 20 names of a list and the number of the others.
  static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }
}
