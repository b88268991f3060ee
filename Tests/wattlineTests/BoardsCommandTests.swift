import Foundation
import Testing

@Suite("wattline boards")
struct BoardsCommandTests {
  @Test func `the boards are written for either Grafana, and the rules of alerts where Grafana knows them`() throws {
    try inFolder([:]) { folder in
      for (words, schema, isCurrent) in [([], "39", true), (["--grafana", "7"], "27", false)] {
        let out = folder + "/" + schema
        let result = try Program.run(["boards", "--out", out] + words)
        #expect(result.code == 0 && result.errors.contains("has 12 boards"), "\(result)")
        let names = try FileManager.default.contentsOfDirectory(atPath: out)
        #expect(names.count == (isCurrent ? 13 : 12) && names.contains("wattline-rules.json") == isCurrent)
        let fleet = try String(contentsOfFile: out + "/fleet.json", encoding: .utf8)
        #expect(fleet.contains("\"schemaVersion\": \(schema)"))
      }
    }
  }

  @Test(arguments: [["boards"], ["boards", "--out", "/tmp", "--grafana", "6"]])
  func `a missing folder or an unknown Grafana is misuse`(words: [String]) throws {
    let result = try Program.run(words)
    #expect(result.code == 2 && result.output == "", "\(result)")
  }

  @Test func `a folder that cannot be made is told`() throws {
    try inFolder(["file": ""]) { folder in
      let result = try Program.run("boards", "--out", folder + "/file/boards")
      #expect(result.code == 1 && result.errors.contains("cannot be made"), "\(result)")
    }
  }
}
