import Community
import Foundation
import PlantModel

/// Statements of a community's members for a month, with their printed forms.
struct MonthlyStatements {
  private let readings: CommunityReadings
  private let key: SharingKey
  private let result: CommunityStatements

  init(_ readings: CommunityReadings, key: SharingKey) {
    self.readings = readings
    self.key = key
    result = CommunityStatements(
      readings.meters, series: readings.series, stepHours: readings.stepHours, key: key)
  }

  /// The statement as it would be issued now, without corrections.
  var issue: IssuedStatement {
    IssuedStatement(
      month: readings.month ?? "", key: key.rawValue,
      cents: Dictionary(
        zip(readings.members, result.statements.map(\.cents)), uniquingKeysWith: { first, _ in first }),
      meterCents: result.meterCents, fundCents: result.fundCents, settledSteps: readings.series.importPrice.count)
  }

  /// JSON document of a month.
  struct Document: Encodable {
    struct Line: Encodable {
      let kwh: Double
      let cents: Int
    }
    struct Member: Encodable {
      let member: String
      let received: Line
      let given: Line
      let gridImport: Line
      let gridExport: Line
      let owedCents: Int
      let missingHours: Double
    }
    let community: String
    let month: String?
    let currency: String?
    let key: String
    let settledHours: Double
    let elapsedHours: Double
    let members: [Member]
    let meterImportKwh: Double
    let meterExportKwh: Double
    let meterCents: Int
    let fundCents: Int
  }

  /// Returns the document of all members, or of one.
  func document(_ member: Int?) -> Document {
    Document(
      community: readings.community, month: readings.month,
      currency: readings.currency.isEmpty ? nil : readings.currency, key: key.rawValue, settledHours: settledHours,
      elapsedHours: Double(readings.elapsedSteps) * readings.stepHours,
      members: places(member).map { place in
        let statement = result.statements[place]
        func line(_ line: CommunityStatements.Line) -> Document.Line {
          .init(kwh: (line.energy * 1e6).rounded() / 1e6, cents: line.cents)
        }
        return Document.Member(
          member: readings.members[place], received: line(statement.received), given: line(statement.given),
          gridImport: line(statement.imported), gridExport: line(statement.exported), owedCents: statement.cents,
          missingHours: Double(readings.missing[place]) * readings.stepHours)
      },
      meterImportKwh: result.imported, meterExportKwh: result.exported, meterCents: result.meterCents,
      fundCents: result.fundCents)
  }

  private func places(_ member: Int?) -> [Int] { member.map { [$0] } ?? Array(readings.members.indices) }

  private var settledHours: Double { Double(readings.series.importPrice.count) * readings.stepHours }

  /// Heading of a statement.
  var heading: String {
    let month = readings.month.map { ", \($0)" } ?? ""
    let currency = readings.currency.isEmpty ? "" : ", \(readings.currency)"
    return "\(readings.community)\(month), key \(key.rawValue)\(currency)"
  }

  /// Hours that were not settled, in a sentence; `nil` if all was.
  var gaps: String? {
    let elapsed = readings.elapsedSteps
    guard readings.series.importPrice.count < elapsed else { return nil }
    let worst = readings.missing.indices.max { readings.missing[$0] < readings.missing[$1] }
    let words = worst.flatMap { place -> String? in
      guard readings.missing[place] > 0 else { return nil }
      let hours = number(Double(readings.missing[place]) * readings.stepHours)
      return "; '\(readings.members[place])' was not measured for \(hours) h"
    }
    let hours = number(Double(elapsed) * readings.stepHours)
    return "\(number(settledHours)) of \(hours) h are settled, in which all meters and prices are known\(words ?? "")"
  }

  /// Rows of a member's statement: what, energy and money.
  func rows(of place: Int) -> [(what: String, energy: String, money: String)] {
    let statement = result.statements[place]
    return [
      ("received from members", statement.received), ("given to members", statement.given),
      ("from the grid", statement.imported), ("to the grid", statement.exported),
    ].map { ($0.0, number($0.1.energy), money($0.1.cents)) } + [("owed", "", money(statement.cents))]
  }

  /// Names of the members whose statements are wanted, with their places.
  func members(_ member: Int?) -> [(name: String, place: Int)] { places(member).map { (readings.members[$0], $0) } }

  /// Rows of the sum: what, energy and money.
  var totals: [(what: String, energy: String, money: String)] {
    let sum = result.statements.reduce(0) { $0 + $1.cents }
    return [
      ("all members", "", money(sum)), ("of it for the community", "", money(result.fundCents)),
      (
        "the connection's meter", "\(number(result.imported)) in, \(number(result.exported)) out",
        money(result.meterCents)
      ),
    ]
  }

  /// Returns the text for all members, or the statement of one.
  func text(_ member: Int?) -> String {
    var lines = [heading]
    if let gaps { lines.append(gaps) }
    func line(_ cells: [String]) {
      let padded = cells.dropFirst().map { String(repeating: " ", count: max(1, 14 - $0.count)) + $0 }
      lines.append(cells[0] + String(repeating: " ", count: max(1, 24 - cells[0].count)) + padded.joined())
    }
    if let member {
      lines.append("member \(readings.members[member])")
      line(["", "kWh", "money"])
      for row in rows(of: member) { line([row.what, row.energy, row.money]) }
      return lines.joined(separator: "\n")
    }
    line(["member", "received kWh", "given kWh", "grid kWh", "to grid kWh", "owed"])
    for (place, statement) in result.statements.enumerated() {
      let energies = [statement.received, statement.given, statement.imported, statement.exported].map(\.energy)
      line([readings.members[place]] + energies.map(number) + [money(statement.cents)])
    }
    for row in totals { lines.append("\(row.what): \(row.money)\(row.energy.isEmpty ? "" : " (kWh: \(row.energy))")") }
    return lines.joined(separator: "\n")
  }

  private func number(_ value: Double) -> String { String(format: "%.2f", value) }

  private func money(_ cents: Int) -> String {
    let rest = cents.magnitude % 100
    return "\(cents < 0 ? "-" : "")\(cents.magnitude / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}

/// A page of statements, one a printed sheet.
struct StatementPage {
  private let statements: [MonthlyStatements]
  private let member: Int?

  init(_ statements: [MonthlyStatements], member: Int?) {
    self.statements = statements
    self.member = member
  }

  /// The page.
  var text: String {
    var sections: [String] = []
    for month in statements {
      for (name, place) in month.members(member) {
        sections.append(
          section("\(month.heading): member \(name)", note: month.gaps, rows: month.rows(of: place)))
      }
      if member == nil { sections.append(section("\(month.heading): sums", note: month.gaps, rows: month.totals)) }
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Statements</title><style>
      body { font: 11pt sans-serif; margin: 2em } section { break-after: page }
      td, th { padding: 0.2em 1.5em 0.2em 0; text-align: right } td:first-child, th:first-child { text-align: left }
      tr:last-child { font-weight: bold }
      </style></head><body>
      \(sections.joined(separator: "\n"))
      </body></html>
      """
  }

  private func section(_ heading: String, note: String?, rows: [(what: String, energy: String, money: String)])
    -> String
  {
    let cells = rows.map { row in
      "<tr><td>\(escaped(row.what))</td><td>\(escaped(row.energy))</td><td>\(escaped(row.money))</td></tr>"
    }
    return """
      <section><h1>\(escaped(heading))</h1>\(note.map { "<p>\(escaped($0)).</p>" } ?? "")
      <table><tr><th></th><th>kWh</th><th>money</th></tr>
      \(cells.joined(separator: "\n"))
      </table></section>
      """
  }

  private func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
