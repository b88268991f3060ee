import InfluxSink
import PointSchema
import WattlineTime

/// Rows of a selection, page by page, so that memory holds one page whatever the span is.
struct ExportPages {
  private static let usualRows = 20_000
  /// Rows of one time beyond which an export fails.
  private static let mostRows = 1_280_000
  private static let longestSpan = TimeSpan.days(64)
  private static let shortestSpan = TimeSpan.second

  private let selection: ExportSelection
  private let reader: DatabaseReader
  /// Time up to which rows have been read.
  private(set) var position: Timestamp
  private let end: Timestamp
  private var span = TimeSpan.hour
  private var limit = ExportPages.usualRows

  /// Creates the pages of a span.
  init(_ selection: ExportSelection, span: ExportSpan, reader: DatabaseReader) {
    (self.selection, self.reader) = (selection, reader)
    (position, end) = (span.start, span.end)
  }

  /// Returns the next rows and how many of them count; `nil` at the end. All rows of a time are in one page.
  ///
  /// A page is cut by its limit, or by one of the server. Its last time may then have further rows, and is read again.
  mutating func next() throws -> (table: QueryTable, count: Int)? {
    while position < end {
      let until = min(end, position + span)
      let table = try reader.table(
        selection.statement(from: position.nanoseconds, to: until.nanoseconds, limit: limit))
      guard let last = table.times.last, table.isPartial || table.count >= limit else {
        if table.count * 4 < limit { span = min(Self.longestSpan, span * 4) }
        position = until
        return (table, table.count)
      }
      let kept = table.times.firstIndex(of: last) ?? 0
      guard kept > 0 else {
        limit *= 4
        guard !table.isPartial, limit <= Self.mostRows else {
          throw Failure(
            description: "\(table.count) points or more of \(selection.measurement.name) have the time "
              + "\(Timestamp(nanoseconds: last)), which is more than the database gives at once; "
              + "name fewer series with --series")
        }
        continue
      }
      let reached = Timestamp(nanoseconds: last)
      span = max(Self.shortestSpan, reached - position)
      limit = Self.usualRows
      position = reached
      return (table, kept)
    }
    return nil
  }
}
