import Accounts
import Foundation
import Settings
import WattlineTime

/// `wattline audit`: prints who changed, logged in or was refused, or prunes that.
enum AuditCommand {
  static let description = CommandDescription(
    name: "audit", summary: "prints who changed what, logged in or was refused at the HTTP interface",
    options: [
      CommandDescription.configurationOption,
      Option(name: "--user", value: "USER", help: "only of this user"),
      Option(name: "--action", value: "A", help: "only this action, such as login"),
      Option(name: "--age", value: "T", help: "only the last time, such as 7d (default: all)"),
      Option(name: "--json", value: nil, help: "prints a JSON object a line"),
      Option(name: "--prune", value: "T", help: "removes entries older than this, such as 730d; is an entry itself"),
    ],
    details: """
      The latest entry is the first. Entries cannot be changed, and go by --prune alone: nothing removes them by itself.
      A refusal that is repeated within a minute is one entry.
      """,
    examples: [
      "wattline audit --config /etc/wattline --age 1d", "wattline audit --user otto --json | jq -r .action",
      "wattline audit --prune 730d",
    ])

  static func run(_ arguments: Arguments) throws {
    let file = try AccountFile(arguments)
    if let age = try span("--prune", of: arguments) {
      let count = try file.store.pruneAudit(before: file.now - age, by: file.requester, at: file.now)
      return Console.print("removed \(count) entries from before \(file.now - age)")
    }
    var filter = AuditFilter()
    (filter.user, filter.action) = (arguments.text("--user"), arguments.text("--action"))
    filter.start = try span("--age", of: arguments).map { file.now - $0 }
    var page = try file.store.audit(filter, limit: pageSize)
    try show(page, asJSON: arguments.has("--json"))
    while let next = page.next {
      page = try file.store.audit(filter, after: next, limit: pageSize)
      try show(page, asJSON: arguments.has("--json"))
    }
  }

  private static let pageSize = 1_000

  private static func show(_ page: AuditPage, asJSON: Bool) throws {
    for entry in page.entries { Console.print(try text(entry, asJSON: asJSON)) }
  }

  /// Returns the time of an option; `nil` if it was not given.
  private static func span(_ name: String, of arguments: Arguments) throws(Misuse) -> TimeSpan? {
    guard let text = arguments.text(name) else { return nil }
    guard let span = TimeSpan(text), span > .zero else {
      throw Misuse(message: "\(name) needs a time such as 7d, not '\(text)'")
    }
    return span
  }

  private static func text(_ entry: AuditEntry, asJSON: Bool) throws -> String {
    if asJSON {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(entry), as: UTF8.self)
    }
    let words = [entry.user, entry.address, entry.action, entry.target, entry.result].map { $0.isEmpty ? "-" : $0 }
    // Names may come from strangers, and must not act on a terminal.
    return ["\(entry.time)", words.joined(separator: "  ")].joined(separator: "  ")
      .map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "·" : String($0) }.joined()
  }
}
