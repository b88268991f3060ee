/// Why a command line is not understood; printed with a hint, exit code 2.
struct Misuse: Error {
  var message: String
}

/// An option of a command: `--name VALUE`, or `--name` alone when it takes no value.
struct Option: Sendable {
  var name: String
  var value: String?
  var help: String
}

/// The words after a command's name, read against what the command takes.
struct Arguments {
  private var values: [String: String] = [:]
  private var repeated: [String: [String]] = [:]
  private(set) var operands: [String] = []

  /// Reads `words`; every mistake names the word and what would be right.
  init(_ words: some Sequence<String>, for command: CommandDescription) throws(Misuse) {
    var words = Array(words)[...]
    while let word = words.popFirst() {
      guard word.hasPrefix("--"), word != "--" else {
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = command.options.first(where: { $0.name == parts[0] }) else {
        let known = command.options.map(\.name).joined(separator: ", ")
        throw Misuse(message: "\(command.name) does not know \(parts[0]); it takes \(known)")
      }
      if let placeholder = option.value {
        // An option is no value of the one before; `--name=--text` says that it is meant.
        let next = words.first.flatMap { $0.hasPrefix("--") ? nil : $0 }
        guard let value = parts.count > 1 ? parts[1] : next, !value.isEmpty else {
          throw Misuse(message: "\(option.name) needs a value: \(option.name) \(placeholder)")
        }
        if parts.count == 1 { words.removeFirst() }
        values[option.name] = value
        repeated[option.name, default: []].append(value)
      } else if parts.count > 1 {
        throw Misuse(message: "\(option.name) takes no value")
      } else {
        values[option.name] = ""
      }
    }
    // An operand that ends in an ellipsis stands for one or more.
    let isOpen = command.operands.last?.hasSuffix("…") ?? false
    let most = isOpen ? Int.max : command.operands.count + command.optionalOperands.count
    guard (command.operands.count...most).contains(operands.count) else {
      let wanted = most == 0 ? "no further words" : command.usage
      let given = operands.isEmpty ? "" : ", not '\(operands.joined(separator: " "))'"
      throw Misuse(message: "\(command.name) takes \(wanted)\(given)")
    }
  }

  /// Whether an option was given.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// The text of an option.
  func text(_ name: String) -> String? { values[name] }

  /// The texts of an option that may be given several times.
  func texts(_ name: String) -> [String] { repeated[name] ?? [] }

  /// The folder of configuration, `pipelines` unless given.
  var configuration: String { values["--config"] ?? "pipelines" }

  /// A number above zero.
  func positiveNumber(_ name: String) throws(Misuse) -> Double? {
    guard let text = values[name] else { return nil }
    guard let number = Double(text), number > 0, number.isFinite else {
      throw Misuse(message: "\(name) needs a number above 0, not '\(text)'")
    }
    return number
  }

  /// A number within a range, in words: `from 0.001 to 86400`.
  func number(_ name: String, in range: ClosedRange<Double>, _ words: String) throws(Misuse) -> Double? {
    guard let text = values[name] else { return nil }
    guard let number = Double(text), range.contains(number) else {
      throw Misuse(message: "\(name) needs a number \(words), not '\(text)'")
    }
    return number
  }

  /// A number without decimals within a range.
  func count(_ name: String, in range: ClosedRange<Int>) throws(Misuse) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Misuse(
        message: "\(name) needs a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }

  /// A number of at least zero without decimals.
  func count(_ name: String) throws(Misuse) -> UInt64? {
    guard let text = values[name] else { return nil }
    guard let number = UInt64(text) else {
      throw Misuse(message: "\(name) needs a whole number from 0, not '\(text)'")
    }
    return number
  }
}

/// What a command takes and how it is used: the source of `--help`.
struct CommandDescription: Sendable {
  var name: String
  var summary: String
  var operands: [String] = []
  var optionalOperands: [String] = []
  var options: [Option] = []
  var details = ""
  var examples: [String] = []

  /// The words that the command takes.
  var usage: String { (operands + optionalOperands.map { "[\($0)]" }).joined(separator: " ") }

  /// The text of `wattline COMMAND --help`.
  var help: String {
    var lines = ["\(summary)", "", "usage: wattline \(name) \(usage.isEmpty ? "" : usage + " ")[options]"]
    if !details.isEmpty { lines += ["", details] }
    if !options.isEmpty {
      lines += ["", "options:"]
      let width = options.map { $0.name.count + ($0.value.map { $0.count + 1 } ?? 0) }.max() ?? 0
      for option in options {
        let left = option.name + (option.value.map { " \($0)" } ?? "")
        lines.append("  \(left)\(String(repeating: " ", count: width - left.count))  \(option.help)")
      }
    }
    if !examples.isEmpty { lines += ["", "examples:"] + examples.map { "  \($0)" } }
    return lines.joined(separator: "\n")
  }

  static let configurationOption = Option(
    name: "--config", value: "DIR", help: "folder of YAML files (default: pipelines)")
}
