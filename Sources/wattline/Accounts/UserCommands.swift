import Accounts
import Settings

/// `wattline user add`: makes an account for the HTTP interface.
enum UserAddCommand {
  static let description = CommandDescription(
    name: "user add", summary: "makes an account for the HTTP interface",
    operands: ["NAME"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--role", value: "R", help: "\(AccountWords.roles)"),
      Option(name: "--plants", value: "A,B", help: "names of its plants with commas (default: all)"),
      PasswordEntry.option,
    ],
    details: """
      A viewer reads. An operator also deals with alerts, decides commands, runs scenarios, dispatch and reports, and
      starts and stops the source. An admin does all, on all plants. A service is a program: it reads and posts
      readings by keys of `wattline key add`, and has a password only with --password-file.

      The password has at least 12 characters. It is asked for at a terminal, and read from standard input otherwise;
      it is never an argument, which others could see. The accounts are in accounts.sqlite below journal.path. The
      command works before the first start and while the process runs.
      """,
    examples: [
      "wattline user add anna --role admin --config /etc/wattline",
      "wattline user add otto --role operator --plants hillside,riverside",
      "wattline user add vera --role viewer --password-file /run/secrets/vera",
      "wattline user add gateway --role service --plants hillside",
    ])

  static func run(_ arguments: Arguments) throws {
    guard let role = try AccountWords.role(arguments) else {
      throw Misuse(message: "user add needs --role, one of \(AccountWords.roles)")
    }
    let account = Account(
      name: arguments.operands[0], role: role, plants: try AccountWords.plants(arguments) ?? .all)
    // A fault of the name is told before a password is asked for.
    if let mistake = Account.mistake(inName: account.name) { throw Misuse(message: mistake) }
    let file = try AccountFile(arguments, makes: true)
    if try file.store.account(named: account.name) != nil {
      throw Failure(description: "there is an account '\(account.name)' already; `wattline user change` changes it")
    }
    let isPassword = role != .service || arguments.has("--password-file")
    try file.store.add(
      account, password: isPassword ? try PasswordEntry.read(arguments) : nil, by: file.requester, at: file.now)
    Console.print("added \(account.name), \(role.rawValue) of \(plantWords(account.plants))")
    if !isPassword { Console.print("next: wattline key add NAME --owner \(account.name) --scopes write:readings") }
  }
}

/// Returns plants in words.
private func plantWords(_ plants: PlantScope) -> String { plants == .all ? "all plants" : "\(plants)" }

/// `wattline user list`: prints the accounts.
enum UserListCommand {
  static let description = CommandDescription(
    name: "user list", summary: "prints the accounts of the HTTP interface",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    examples: ["wattline user list --config /etc/wattline", "wattline user list --json | jq '.accounts[].name'"])

  static func run(_ arguments: Arguments) throws {
    let accounts = try AccountFile(arguments).store.accounts()
    if arguments.has("--json") { return try Console.print(json: ["accounts": accounts.map(Row.init)]) }
    if accounts.isEmpty {
      return Console.report("wattline: no accounts; `wattline user add NAME --role admin` makes the first")
    }
    let rows = accounts.map { account in
      [account.name, account.role.rawValue, "\(account.plants)", account.hasPassword ? "password" : "keys alone"]
    }
    for line in AccountWords.table(rows) { Console.print(line) }
  }

  private struct Row: Encodable {
    var name: String
    var role: String
    var plants: [String]?
    var password: Bool
    var created: String

    init(_ account: Account) {
      (name, role, plants) = (account.name, account.role.rawValue, account.plants.names)
      (password, created) = (account.hasPassword, "\(account.created)")
    }
  }
}

/// `wattline user change`: gives an account another role or other plants.
enum UserChangeCommand {
  static let description = CommandDescription(
    name: "user change", summary: "gives an account another role or other plants, and ends its sessions",
    operands: ["NAME"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--role", value: "R", help: "\(AccountWords.roles) (default: as it is)"),
      Option(name: "--plants", value: "A,B", help: "names of its plants with commas, or all (default: as they are)"),
    ],
    details: "Its sessions end at once. Its keys stay, with no more rights than it has now.",
    examples: ["wattline user change otto --role viewer", "wattline user change otto --plants all"])

  static func run(_ arguments: Arguments) throws {
    let (role, plants) = (try AccountWords.role(arguments), try AccountWords.plants(arguments))
    if role == nil, plants == nil { throw Misuse(message: "user change needs --role, --plants or both") }
    let file = try AccountFile(arguments)
    guard var account = try file.store.account(named: arguments.operands[0]) else {
      throw Failure(description: "there is no account '\(arguments.operands[0])'; `wattline user list` has them")
    }
    account.role = role ?? account.role
    account.plants = plants ?? account.plants
    try file.store.change(account, by: file.requester, at: file.now)
    Console.print("\(account.name) is \(account.role.rawValue) of \(plantWords(account.plants)) now")
  }
}

/// `wattline user password`: sets the password of an account.
enum UserPasswordCommand {
  static let description = CommandDescription(
    name: "user password", summary: "sets the password of an account, and ends its sessions and lock-out",
    operands: ["NAME"],
    options: [CommandDescription.configurationOption, PasswordEntry.option],
    details: """
      The password has at least 12 characters. It is asked for at a terminal, and read from standard input otherwise.
      """,
    examples: [
      "wattline user password anna --config /etc/wattline",
      "wattline user password anna --password-file /run/secrets/anna",
    ])

  static func run(_ arguments: Arguments) throws {
    let (file, name) = (try AccountFile(arguments), arguments.operands[0])
    if try file.store.account(named: name) == nil {
      throw Failure(description: "there is no account '\(name)'; `wattline user list` has them")
    }
    try file.store.setPassword(try PasswordEntry.read(arguments), of: name, by: file.requester, at: file.now)
    Console.print("\(name) has a new password; its sessions have ended")
  }
}

/// `wattline user remove`: removes an account.
enum UserRemoveCommand {
  static let description = CommandDescription(
    name: "user remove", summary: "removes an account with its keys and sessions",
    operands: ["NAME"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--last-admin", value: nil, help: "also removes the last admin"),
    ],
    details: "Its tokens and keys are refused from now on. What it did stays in the audit.",
    examples: ["wattline user remove otto --config /etc/wattline"])

  static func run(_ arguments: Arguments) throws {
    let (file, name) = (try AccountFile(arguments), arguments.operands[0])
    do throws(AccountError) {
      try file.store.remove(
        name, by: file.requester, at: file.now, evenLastAdmin: arguments.has("--last-admin"))
    } catch {
      throw Failure(description: "\(error)" + (error.kind == .lastAdmin ? ", or say --last-admin" : ""))
    }
    Console.print("removed \(name)")
  }
}
