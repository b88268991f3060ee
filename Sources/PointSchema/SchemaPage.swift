/// The schema as Markdown, for the page `Series.md`.
public enum SchemaPage {
  /// The line before the printed text.
  public static let start = "<!-- Printed from the module PointSchema. -->"
  /// The line after the printed text.
  public static let end = "<!-- End of the printed part. -->"

  /// Returns the tables of measurements, of tags, and of the fields of each measurement.
  public static func text(of measurements: [Measurement]) -> String {
    let overview = table(
      ["measurement", "tags", "points"],
      rows: measurements.map { measurement in
        let tags = measurement.tags.map { $0.isOptional ? "(\($0.name))" : $0.name }
        return ["`\(measurement.name)`", tags.joined(separator: ", "), measurement.contents]
      })
    var tags: [Tag] = []
    for tag in measurements.flatMap(\.tags) where !tags.contains(where: { $0.name == tag.name }) { tags.append(tag) }
    let meanings = table(["tag", "value"], rows: tags.map { ["`\($0.name)`", $0.meaning] })
    return ([overview, meanings] + sections(of: measurements)).joined(separator: "\n\n")
  }

  /// Returns the tables of fields. Measurements of the same fields share one.
  private static func sections(of measurements: [Measurement]) -> [String] {
    var sections: [(names: [String], rows: [[String]])] = []
    for measurement in measurements {
      let rows = measurement.fields.map { ["`\($0.name)`", "\($0.type)", $0.meaning, $0.condition ?? ""] }
      if let same = sections.firstIndex(where: { $0.rows == rows }) {
        sections[same].names.append(measurement.name)
      } else {
        sections.append(([measurement.name], rows))
      }
    }
    return sections.map { names, rows in
      "### Fields of \(names.joined(separator: ", "))\n\n"
        + table(["field", "type", "value", "only"], rows: rows)
    }
  }

  private static func table(_ heading: [String], rows: [[String]]) -> String {
    let lines = [heading, heading.map { _ in "---" }] + rows
    return lines.map { line in "|" + line.map { $0 == "---" ? "---|" : $0.isEmpty ? " |" : " \($0) |" }.joined() }
      .joined(separator: "\n")
  }
}
