import Foundation
import PlantTesting
import Testing

@Suite("Names in queries")
struct BoardSchemaTests {
  @Test func `every measurement, tag and field that a board asks for is in the schema`() throws {
    for query in try Board.queries() {
      let unknown = QueryNames(query.text).unknown()
      #expect(unknown == [], "\(query.place): the schema has no \(unknown.joined(separator: ", ")): \(query.text)")
    }
  }

  @Test(arguments: [
    "Sources/wattline/wattline.docc/Series.md", "Sources/wattline/wattline.docc/Queries.md", "pipelines/README.md",
  ])
  func `every measurement, tag and field that a page asks for is in the schema`(path: String) throws {
    let file = PackageFolder.root().appendingPathComponent(path)
    let page = try String(contentsOf: file, encoding: .utf8)
    let queries = page.matches(of: /```sql\n((?:[^`]|`[^`])*)```/).map { String($0.1).replacing("\n", with: " ") }
    #expect(!queries.isEmpty)
    for query in queries { #expect(QueryNames(query).unknown() == [], "\(path): \(query)") }
  }

  @Test(arguments: [
    (#"SELECT mean("valu") FROM "clean" WHERE "plant" =~ /^${plant:regex}$/"#, ["field valu"]),
    (#"SELECT mean("value") FROM "cleaned""#, ["measurement cleaned", "field value"]),
    (#"SELECT last("indx") AS "indx" FROM "health" GROUP BY "asset""#, ["field indx"]),
    (#"SELECT min("i") FROM (SELECT last("index") AS "i" FROM "health" GROUP BY "rule")"#, ["tag rule"]),
    (
      #"SELECT mean(/^(valve|men)$/) FROM "clean" GROUP BY time(1m), "state" fill(null)"#,
      ["tag state", "fields ^(valve|men)$"]
    ),
    (
      #"SELECT "soc" / 2 AS "half" FROM "dispatch" WHERE "shielded" = true AND "reason" = '"no"'"#, ["field shielded"]
    ),
    (#"SHOW TAG VALUES FROM "clean" WITH KEY = "lead" WHERE $timeFilter"#, ["tag lead"]),
    ("SHOW SERIES", ["no measurement"]),
  ])
  func `a name that the schema lacks is found wherever it stands`(query: String, unknown: [String]) {
    #expect(QueryNames(query).unknown() == unknown)
  }
}
