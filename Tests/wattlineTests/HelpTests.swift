import Foundation
import PlantTesting
import Testing

@Suite("Help and options")
struct HelpTests {
  private static func names() throws -> [String] {
    let help = try Program.run("--help").output
    return help.matches(of: #/^  ([a-z][a-z -]*?)  +\S/#.anchorsMatchLineEndings()).map { String($0.1) }
  }

  @Test func `no help text has a line of more than 100 columns, and each names its usage`() throws {
    let names = try Self.names()
    #expect(names.count > 25)
    for name in [""] + names {
      let help = try Program.run(name.split(separator: " ").map(String.init) + ["--help"]).output
      for line in help.split(separator: "\n") { #expect(line.count <= 100, "\(name): \(line)") }
      #expect(help.contains(name.isEmpty ? "wattline COMMAND --help" : "usage: wattline \(name)"))
    }
  }

  @Test(arguments: [
    (["bench", "load", "--rate", "x"], "--rate needs a number from 0"),
    (["bench", "load", "--history", "long"], "--history needs a number"),
    (["bench", "load", "--port", "99999999999999999999"], "--port needs a whole number from 1 to 65535"),
    (["bench", "load", "--messages", "18446744073709551615"], "--messages needs a whole number"),
    (["bench", "subscriber", "--messages", "18446744073709551615"], "--messages needs a whole number"),
    (["bench", "end-to-end", "--rate", "1e300"], "--rate needs a number from 0.001"),
    (["bench", "scale", "--rate", "1e300"], "--rate needs a number from 0.001"),
    (["bench", "sustained", "--sensors", "18446744073709551615"], "--sensors needs a whole number"),
    (["bench", "sustained", "--rate", "nan"], "--rate needs a number"),
    (["bench", "memory", "--plants", "18446744073709551615"], "--plants needs a whole number"),
    (["scenario", "x.csv", "--event", "heat=+6K", "--price", "cheap"], "--price needs a number, not 'cheap'"),
    (["scenario", "x.csv", "--event", "heat=+6K", "--price", "inf"], "--price needs a number, not 'inf'"),
    (["scenario", "x.csv", "--event", "heat=+6K", "--export", "0.1"], "--export needs --price"),
  ])
  func `a number that is none or that no machine can serve is a misuse`(words: [String], hint: String) throws {
    let result = try Program.run(words)
    #expect(result.code == 2 && result.output == "" && result.errors.contains(hint), "\(result)")
  }

  @Test(arguments: [("0", "0"), ("-0.05", "-0.1")])
  func `a scenario takes prices of zero and below`(price: String, payment: String) throws {
    let rows = (0..<(35 * 24)).map { "\(1_704_067_200 + $0 * 3600),\(20 + $0 % 24)" }
    try inFolder(["site.csv": "time,load.power\n" + rows.joined(separator: "\n")]) { folder in
      let result = try Program.run(
        "scenario", folder + "/site.csv", "--event", "load:capacity=+50%", "--price=\(price)", "--export=\(payment)",
        "--runs", "5", "--json")
      #expect(result.code == 0, "\(result.errors)")
      let document = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      let cost = (document["cost"] as? [String: Any])?["recorded"] as? Double
      #expect(price == "0" ? cost == 0 : (cost ?? 0) < 0, "\(result.output)")
    }
  }
}
