import Foundation
import PlantTesting
import Testing

@Suite("wattline community")
struct CommunityCommandTests {
  private static let files = [
    "community.json": """
    {"members": 2, "steps": 4, "step_hours": 1, "import_limit_kw": 5, "export_limit_kw": 4, "overload_price": 1.0,
     "carbon_price": 0, "incentive_budget_daily": 0.2, "reference_price": 0.3, "flexible_min": 0.4, "flexible_max": 1.6}
    """,
    "members.csv": """
    member,battery_kwh,battery_kw,efficiency,wear,soc_min,soc_start,flexible_share,elasticity
    0,10,5,1,0,0.1,0.5,0.2,0.3
    1,0,0,0,0,0,0,0.1,0.4
    """,
    "ev.csv": "member,arrive,depart,kwh,kw,efficiency\n1,0,2,25,7.4,1\n",
    "series.csv": """
    step,import_price,export_price,carbon
    0,0.1,0.05,0
    1,0.1,0.05,0
    2,0.4,0.05,0
    3,0.4,0.05,0
    """,
    "load.csv": "step,m0,m1\n0,1,1\n1,1,1\n2,1,1\n3,1,1\n",
    "pv.csv": "step,m0,m1\n0,0,0\n1,0,0\n2,0,0\n3,0,0\n",
  ]

  @Test(arguments: ["cost", "welfare", "risk"])
  func `an instance is solved, and its files are written`(kind: String) throws {
    try inFolder(Self.files) { folder in
      let out = folder + "/out"
      let result = try Program.run("community", "solve", folder, "--objective", kind, "--out", out, "--key", "dynamic")
      #expect(result.code == 0 && result.output.contains(kind), "\(result)")
      #expect(result.errors.contains("the car of member 1 (steps 0 to 2) leaves 10.20 kWh short"))
      let summary = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/summary.json")))
          as? [String: Any])
      #expect(summary["objective_kind"] as? String == kind && (summary["gap"] as? Double ?? 1) <= 1e-4)
      for (name, lines) in [("community", 5), ("settlement", 3), ("sharing", 3)] {
        let text = try String(contentsOfFile: "\(out)/\(name).csv", encoding: .utf8)
        #expect(text.split(separator: "\n").count == lines, "\(text)")
      }
      let schedule = try String(contentsOfFile: out + "/schedule.csv", encoding: .utf8)
      #expect(schedule.hasPrefix("member,step,charge_kw,discharge_kw,ev_kw,flexible_kw\n"))
      #expect(schedule.contains("1,0,0,0,7.4,"))
    }
  }

  @Test func `tariffs are told beside the optimum, as text and as JSON`() throws {
    try inFolder(Self.files) { folder in
      let words = ["community", "tariff", folder, "--tariff", "flat=0.3", "--tariff", "tou=0.2/17-21:0.4,fee=0.1"]
      let text = try Program.run(words)
      #expect(text.code == 0 && text.output.contains("welfare of the optimum") && text.output.contains("flat=0.3"))
      let json = try Program.run(words + ["--json"])
      let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
      #expect(rows.count == 2 && (rows[0]["below_optimum"] as? Double ?? -1) >= -1e-3)
      let misuse = try Program.run(["community", "tariff", folder, "--tariff", "cheap"])
      #expect(misuse.code == 2 && misuse.errors.contains("'cheap' is no part of a tariff"))
    }
  }

  @Test(
    arguments: [
      (["x", "--out", "y", "--objective", "peace"], 2, "--objective is one of cost, welfare, risk, not 'peace'"),
      (["x", "--out", "y", "--key", "fair"], 2, "--key is one of static, dynamic, price, not 'fair'"),
      (["x"], 2, "community solve needs --out DIR"),
      (["x", "--out", "y", "--gap", "2"], 2, "--gap needs a number from 1e-9 to 1"),
      (["/no/such/folder", "--out", "y"], 1, "there is no folder '/no/such/folder'"),
    ] as [([String], Int32, String)])
  func `a command that cannot be run says why`(words: [String], code: Int32, hint: String) throws {
    let result = try Program.run(["community", "solve"] + words)
    #expect(result.code == code && result.errors.contains(hint), "\(result)")
  }
}
