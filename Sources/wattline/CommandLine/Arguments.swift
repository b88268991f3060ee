import Foundation

/// Error in a command line; printed with a hint, exit code 2.
struct Misuse: Error {
  var message: String
}

/// Option of a command: `--name VALUE`, or `--name` alone if it takes no value.
struct Option: Sendable {
  var name: String
  var value: String?
  var help: String
}

/// Words after a command's name, parsed by the command's description.
struct Arguments {
  private var values: [String: String] = [:]
  private var repeated: [String: [String]] = [:]
  private(set) var operands: [String] = []

  /// Parses `words`.
  ///
  /// - Throws: ``Misuse`` with the faulty word and the remedy.
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
        // A following option is not taken as a value; `--name=--text` passes such a text.
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
    // An operand with a trailing ellipsis stands for one or more.
    let isOpen = command.operands.last?.hasSuffix("…") ?? false
    let most = isOpen ? Int.max : command.operands.count + command.optionalOperands.count
    guard (command.operands.count...most).contains(operands.count) else {
      let wanted = most == 0 ? "no further words" : command.usage
      let given = operands.isEmpty ? "" : ", not '\(operands.joined(separator: " "))'"
      throw Misuse(message: "\(command.name) takes \(wanted)\(given)")
    }
  }

  /// Returns whether an option was given.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// Returns the text of an option; `nil` if it was not given.
  func text(_ name: String) -> String? { values[name] }

  /// Returns the texts of a repeatable option.
  func texts(_ name: String) -> [String] { repeated[name] ?? [] }

  /// Folder of configuration: `--config`, else the environment's `WATTLINE_CONFIG`, else `pipelines`.
  var configuration: String {
    values["--config"] ?? ProcessInfo.processInfo.environment["WATTLINE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
      ?? "pipelines"
  }

  /// Returns a finite number above zero; `nil` if the option was not given.
  func positiveNumber(_ name: String) throws(Misuse) -> Double? {
    guard let text = values[name] else { return nil }
    guard let number = Double(text), number > 0, number.isFinite else {
      throw Misuse(message: "\(name) needs a number above 0, not '\(text)'")
    }
    return number
  }

  /// Returns a finite number of any sign; `nil` if the option was not given.
  func finiteNumber(_ name: String) throws(Misuse) -> Double? {
    guard let text = values[name] else { return nil }
    guard let number = Double(text), number.isFinite else {
      throw Misuse(message: "\(name) needs a number, not '\(text)'")
    }
    return number
  }

  /// Returns a number within a range; `nil` if the option was not given.
  ///
  /// - Parameters:
  ///   - name: Name of the option.
  ///   - range: Permitted values.
  ///   - words: The range in words for the error message: `from 0.001 to 86400`.
  func number(_ name: String, in range: ClosedRange<Double>, words: String) throws(Misuse) -> Double? {
    guard let text = values[name] else { return nil }
    guard let number = Double(text), range.contains(number) else {
      throw Misuse(message: "\(name) needs a number \(words), not '\(text)'")
    }
    return number
  }

  /// Returns an integer within a range; `nil` if the option was not given.
  func count(_ name: String, in range: ClosedRange<Int>) throws(Misuse) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Misuse(
        message: "\(name) needs a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }

  /// Returns an integer of at least zero; `nil` if the option was not given.
  func count(_ name: String) throws(Misuse) -> UInt64? {
    guard let text = values[name] else { return nil }
    guard let number = UInt64(text) else {
      throw Misuse(message: "\(name) needs a whole number from 0, not '\(text)'")
    }
    return number
  }
}

/// Name, arguments and documentation of a command: the source of `--help`.
struct CommandDescription: Sendable {
  var name: String
  var summary: String
  var operands: [String] = []
  var optionalOperands: [String] = []
  var options: [Option] = []
  var details = ""
  var examples: [String] = []

  /// Operands of the command, with optional ones in brackets.
  var usage: String { (operands + optionalOperands.map { "[\($0)]" }).joined(separator: " ") }

  /// Text of `wattline COMMAND --help`.
  var help: String {
    var lines = ["\(summary)", "", "usage: wattline \(name) \(usage.isEmpty ? "" : usage + " ")[options]"]
    if !details.isEmpty { lines += ["", HelpText.wrapped(details)] }
    if !options.isEmpty {
      lines += ["", "options:"]
      let width = options.map { $0.name.count + ($0.value.map { $0.count + 1 } ?? 0) }.max() ?? 0
      for option in options {
        let left = option.name + (option.value.map { " \($0)" } ?? "")
        let start = "  \(left)\(String(repeating: " ", count: width - left.count))  "
        lines.append(HelpText.wrapped(start + option.help, hanging: start.count))
      }
    }
    if !examples.isEmpty { lines += ["", "examples:"] + examples.map { "  \($0)" } }
    return lines.joined(separator: "\n")
  }

  static let configurationOption = Option(
    name: "--config", value: "DIR", help: "folder of YAML files (default: WATTLINE_CONFIG, else pipelines)")
}
