package import PlantModel

/// Rows of columns with headings, as files and portals have them: places are headings.
///
/// It checks places only. ``ColumnHeadings`` gives the rule by which the rows are read as ``ColumnFormat``.
package enum HeadingFormat: PayloadFormat {
  package static let name = PayloadFormatName.csv
  package static let summary = "rows of columns with headings; places are headings"
  package static let examplePlace = "\"P_AC\""
  package static let hasRecords = true

  package static func mistake(inPlace place: String) -> String? {
    place.isEmpty || place == "/" ? "is no column; write its heading" : nil
  }

  package static func reader(for plan: ReadingPlan) -> PayloadReader { ColumnFormat.reader(for: plan) }
}
