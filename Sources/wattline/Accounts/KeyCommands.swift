import Accounts
import Settings

/// `wattline key add`: makes an API key.
enum KeyAddCommand {
  static let description = CommandDescription(
    name: "key add", summary: "makes an API key of an account, and prints its secret once",
    operands: ["NAME"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--owner", value: "USER", help: "the account that it acts for"),
      Option(name: "--scopes", value: "S,S", help: "\(AccountWords.scopes) (default: read)"),
      Option(name: "--plants", value: "A,B", help: "some of its owner's plants (default: all of them)"),
      Option(name: "--expires", value: "T", help: "a time such as 90d or 2027-06-30, or never (default: 365d)"),
    ],
    details: """
      A key has no more rights than its owner. The secret is on standard output, alone on its line; it is kept nowhere
      and cannot be shown again. Clients send it as 'X-API-Key: SECRET' or 'Authorization: Bearer SECRET'.
      """,
    examples: [
      "wattline key add gateway --owner gateway --scopes write:readings --config /etc/wattline",
      "wattline key add boards --owner vera --plants hillside --expires 90d > /run/secrets/boards",
    ])

  static func run(_ arguments: Arguments) throws {
    guard let owner = arguments.text("--owner") else {
      throw Misuse(message: "key add needs --owner, the name of an account; `wattline user list` has them")
    }
    let scopes = try AccountWords.scopes(arguments) ?? [.read]
    let plants = try AccountWords.plants(arguments) ?? .all
    let file = try AccountFile(arguments)
    let made = try file.store.addKey(
      arguments.operands[0], owner: owner, scopes: scopes, plants: plants,
      expires: try AccountWords.expiry(arguments, at: file.now), by: file.requester, at: file.now)
    Console.report(
      "wattline: key \(made.key.id) of \(owner), good until \(made.key.expires.map { "\($0)" } ?? "it is removed"); "
        + "this is its secret, shown once:")
    Console.print(made.secret.text)
  }
}

/// `wattline key list`: prints the API keys.
enum KeyListCommand {
  static let description = CommandDescription(
    name: "key list", summary: "prints the API keys, without their secrets",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--owner", value: "USER", help: "only those of this account"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    examples: ["wattline key list --config /etc/wattline", "wattline key list --owner gateway --json"])

  static func run(_ arguments: Arguments) throws {
    let file = try AccountFile(arguments)
    let keys = try file.store.keys(of: arguments.text("--owner"))
    if arguments.has("--json") { return try Console.print(json: ["keys": keys.map(Row.init)]) }
    if keys.isEmpty { return Console.report("wattline: no keys; `wattline key add NAME --owner USER` makes one") }
    let rows = keys.map { key in
      let end = key.expires.map { $0 <= file.now ? "ended \($0)" : "until \($0)" } ?? "no end"
      return [
        key.id, key.owner, key.name, key.scopes.sorted().map(\.rawValue).joined(separator: ","), "\(key.plants)", end,
      ]
    }
    for line in AccountWords.table(rows) { Console.print(line) }
  }

  private struct Row: Encodable {
    var id: String
    var owner: String
    var name: String
    var scopes: [String]
    var plants: [String]?
    var created: String
    var expires: String?

    init(_ key: APIKey) {
      (id, owner, name, plants) = (key.id, key.owner, key.name, key.plants.names)
      scopes = key.scopes.sorted().map(\.rawValue)
      (created, expires) = ("\(key.created)", key.expires.map { "\($0)" })
    }
  }
}

/// `wattline key remove`: removes an API key.
enum KeyRemoveCommand {
  static let description = CommandDescription(
    name: "key remove", summary: "removes an API key, which is refused from now on",
    operands: ["ID"], options: [CommandDescription.configurationOption],
    details: "`wattline key list` has the ids in its first column.",
    examples: ["wattline key remove k01a2b3c4d5e6 --config /etc/wattline"])

  static func run(_ arguments: Arguments) throws {
    let file = try AccountFile(arguments)
    try file.store.removeKey(arguments.operands[0], by: file.requester, at: file.now)
    Console.print("removed \(arguments.operands[0])")
  }
}
