import Foundation
import PointSchema
import Testing

@Suite("The page of series")
struct SeriesPageTests {
  /// Rewrites the page if `WATTLINE_WRITE_PAGES` is set.
  @Test func `the page's tables are those of the schema`() throws {
    let file = MeasurementTests.root.appendingPathComponent("Sources/wattline/wattline.docc/Series.md")
    var page = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(page.range(of: SchemaPage.start + "\n\n")).upperBound
    let end = try #require(page.range(of: "\n\n" + SchemaPage.end)).lowerBound
    let text = SchemaPage.text(of: Measurement.all)
    if ProcessInfo.processInfo.environment["WATTLINE_WRITE_PAGES"] != nil, page[start..<end] != text {
      page.replaceSubrange(start..<end, with: text)
      try page.write(to: file, atomically: true, encoding: .utf8)
    }
    let written = try String(contentsOf: file, encoding: .utf8)
    #expect(
      written.contains(SchemaPage.start + "\n\n" + text + "\n\n" + SchemaPage.end),
      "Series.md differs from the schema; write it: WATTLINE_WRITE_PAGES=1 swift test --filter SeriesPageTests")
  }
}
