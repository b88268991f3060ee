import Accounts
import Foundation
import Glibc
import PlantConfig
import Settings
import SystemCore
import WattlineTime

/// The file of accounts of a folder of configuration, as a command uses it.
struct AccountFile {
  let store: AccountStore
  /// The user who runs the command, as the audit has it.
  let requester: Requester
  let now: Timestamp

  /// Opens the file below `journal.path`.
  ///
  /// - Parameters:
  ///   - arguments: The command line.
  ///   - makes: Whether the file and its folder are made if they are missing.
  /// - Throws: `Failure` if the configuration does not load or there is no file, `AccountError` if it cannot be opened.
  init(_ arguments: Arguments, makes: Bool = false) throws {
    let loaded = ConfigurationLoader.loadProcess(
      directory: arguments.configuration, environment: ProcessInfo.processInfo.environment)
    for diagnostic in loaded.diagnostics { Console.report("\(diagnostic)") }
    guard loaded.isValid else { throw Failure(description: "the configuration must say where the accounts are") }
    let folder = loaded.settings.journal.path
    if !makes, access("\(folder)/\(AccountStore.fileName)", F_OK) != 0, errno == ENOENT {
      throw Failure(
        description:
          "there is no \(folder)/\(AccountStore.fileName) yet; `wattline user add NAME --role admin` makes it")
    }
    if makes, geteuid() == 0, access(folder, F_OK) != 0 {
      Console.report(
        "warning: \(folder) is made for root; give it to the user of `wattline run`, or let that one make it")
    }
    store = try AccountStore(journal: folder)
    requester = Requester(user: "cli:\(Self.user)", address: "")
    now = SystemClock.now()
  }

  /// Name of the user who called the command, also through sudo.
  private static var user: String {
    if geteuid() == 0, let name = ProcessInfo.processInfo.environment["SUDO_USER"], !name.isEmpty { return name }
    guard let entry = getpwuid(getuid()) else { return "\(getuid())" }
    return String(cString: entry.pointee.pw_name)
  }
}

/// Words of the command line about accounts.
enum AccountWords {
  static let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
  static let scopes = Scope.allCases.map(\.rawValue).joined(separator: ", ")

  /// Returns the role of `--role`; `nil` if it was not given.
  static func role(_ arguments: Arguments) throws(Misuse) -> Role? {
    guard let text = arguments.text("--role") else { return nil }
    guard let role = Role(rawValue: text) else { throw Misuse(message: "--role is one of \(roles), not '\(text)'") }
    return role
  }

  /// Returns the plants of `--plants`; `nil` if it was not given.
  static func plants(_ arguments: Arguments) throws(Misuse) -> PlantScope? {
    guard let text = arguments.text("--plants") else { return nil }
    if text == "all" { return .all }
    let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard !names.isEmpty else { throw Misuse(message: "--plants needs names with commas, such as hillside,riverside") }
    return .some(Set(names))
  }

  /// Returns the scopes of `--scopes`; `nil` if it was not given.
  static func scopes(_ arguments: Arguments) throws(Misuse) -> Set<Scope>? {
    guard let text = arguments.text("--scopes") else { return nil }
    var found: Set<Scope> = []
    for word in text.split(separator: ",") {
      guard let scope = Scope(rawValue: String(word)) else {
        throw Misuse(message: "--scopes has \(scopes), not '\(word)'")
      }
      found.insert(scope)
    }
    return found
  }

  /// Returns the end of a key: a span such as `90d` or a date; `nil` for never.
  static func expiry(_ arguments: Arguments, at now: Timestamp) throws(Misuse) -> Timestamp? {
    guard let text = arguments.text("--expires") else { return now + .days(365) }
    if text == "never" { return nil }
    if let span = TimeSpan(text), span > .zero { return now + span }
    if let time = ISO8601.timestamp(text) ?? ISO8601.timestamp("\(text)T00:00:00Z") { return time }
    throw Misuse(message: "--expires needs a time such as 90d or 2027-06-30, or never, not '\(text)'")
  }

  /// Returns the rows of a table, with columns of equal width.
  static func table(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }
}

/// A new password: from a file, from a terminal without echo, or from standard input.
enum PasswordEntry {
  static let option = Option(
    name: "--password-file", value: "FILE", help: "reads the password from the first line of this file")

  /// Reads the password.
  ///
  /// - Throws: `Failure` if there is none, or the two entries at a terminal differ.
  static func read(_ arguments: Arguments) throws(Failure) -> Secret {
    if let path = arguments.text("--password-file") {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw Failure(description: "\(path) cannot be read; --password-file names a file with the password in it")
      }
      return try secret(String(text.prefix { !$0.isNewline }), from: path)
    }
    guard isatty(STDIN_FILENO) == 1 else { return try secret(readLine() ?? "", from: "standard input") }
    let first = hidden("password: ")
    if first != hidden("once more: ") { throw Failure(description: "the two passwords differ; nothing was changed") }
    return try secret(first, from: "the terminal")
  }

  private static func secret(_ text: String, from place: String) throws(Failure) -> Secret {
    if text.isEmpty {
      throw Failure(
        description: "\(place) has no password; write it there, or name a file of one line with --password-file")
    }
    return Secret(text)
  }

  /// Reads a line from the terminal without echo.
  private static func hidden(_ prompt: String) -> String {
    Console.redraw(prompt)
    var before = termios()
    tcgetattr(STDIN_FILENO, &before)
    var quiet = before
    quiet.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
    let line = readLine() ?? ""
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
    Console.redraw("\n")
    return line
  }
}
