import Community
import Foundation

/// The issued statements of a community: a file a month, which is written once.
struct StatementArchive {
  /// Folder of the files of all communities.
  let folder: String
  /// Start of the names of this community's files.
  let name: String

  /// Returns the statements, the earliest month first.
  func statements() throws -> [IssuedStatement] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return try names.filter { $0.hasPrefix("\(name).") && $0.hasSuffix(".json") }.sorted().map { file in
      let path = "\(folder)/\(file)"
      guard let data = FileManager.default.contents(atPath: path),
        let statement = try? JSONDecoder().decode(IssuedStatement.self, from: data),
        "\(name).\(statement.month).json" == file,
        statement.isBalanced
      else { throw Failure(description: "\(path) is no issued statement whose sums close; restore it from a backup") }
      return statement
    }
  }

  /// Issues a month with the corrections of all earlier months; one that is issued stays as it is.
  ///
  /// - Parameters:
  ///   - month: Name of the month.
  ///   - key: Key by which energy is shared, unless the month is issued.
  ///   - now: Returns the statement of a month, by a key, as it would be issued now.
  /// - Returns: The statement, and whether it was issued before.
  func issue(
    _ month: String, key: SharingKey, now: (_ month: String, _ key: SharingKey) throws -> IssuedStatement
  ) throws -> (statement: IssuedStatement, isOld: Bool) {
    let issued = try statements()
    if let old = issued.first(where: { $0.month == month }) { return (old, true) }
    if let last = issued.last, last.month > month {
      throw Failure(
        description: "\(last.month) is issued already, so that \(month) is late; months are issued in their order")
    }
    var statement = try now(month, key)
    for (place, earlier) in issued.enumerated() {
      let today = try now(earlier.month, SharingKey(rawValue: earlier.key) ?? key)
      if let correction = earlier.correction(to: today, after: Array(issued[(place + 1)...])) {
        statement.corrections.append(correction)
      }
    }
    guard statement.isBalanced else {
      throw Failure(description: "the sums of \(month) do not close; nothing is issued")
    }
    try write(statement)
    return (statement, false)
  }

  private func write(_ statement: IssuedStatement) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let path = "\(folder)/\(name).\(statement.month).json"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // A statement is never written over.
      try encoder.encode(statement).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch {
      throw Failure(description: "\(path) cannot be written: \(error.localizedDescription)")
    }
  }
}

extension IssuedStatement {
  /// Returns the statement as text.
  ///
  /// - Parameters:
  ///   - community: Name of the community.
  ///   - isOld: Whether it was issued before.
  func text(of community: String, isOld: Bool) -> String {
    func money(_ cents: Int) -> String {
      let rest = cents.magnitude % 100
      return "\(cents < 0 ? "-" : "")\(cents.magnitude / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
    var lines = ["\(community), \(month), key \(key): \(isOld ? "was issued before and stays" : "issued")"]
    for member in cents.keys.sorted() {
      lines.append("\(member): \(money(cents[member] ?? 0)), to pay \(money(owed(by: member)))")
      for correction in corrections {
        guard let change = correction.cents[member] else { continue }
        lines.append("  correction of \(correction.month): \(money(change)), since \(correction.reason)")
      }
    }
    // A member that has left is corrected too.
    for correction in corrections {
      for member in correction.cents.keys.sorted() where cents[member] == nil {
        lines.append(
          "\(member), who has left: correction of \(correction.month): \(money(correction.cents[member] ?? 0)), since "
            + correction.reason)
      }
    }
    lines.append("the connection's meter: \(money(meterCents)); for the community: \(money(fundCents))")
    for correction in corrections {
      lines.append("  correction of \(correction.month): \(money(correction.meterCents)) at the meter")
    }
    return lines.joined(separator: "\n")
  }
}
