import Foundation
import LocalServers
import PlantPhysics
import PlantTesting
import Testing

/// Recordings for development; `nil` where they are missing.
private let recordings = PackageFolder.existingRecordings()

private struct Solar: Decodable {
  struct Defect: Decodable {
    var kind: String
    var count: Int
  }
  var defects: [Defect]
  var nrmse: Double
  var nrmsePvwatts: Double
}

private struct Ageing: Decodable {
  struct Cell: Decodable {
    var forecast: String
    var actual: Double?
    var holds: Bool
  }
  var files: [Cell]
}

@Suite("Backtests of recordings")
struct BacktestCommandTests {
  private func json<T: Decodable>(_ type: T.Type, words: [String]) throws -> T {
    let result = try Program.run(words)
    try #require(result.code == 0, "\(result.errors)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(result.output.utf8))
  }

  @Test("a solar recording's defects are said: day-first dates, nameless rows, missing times, a DC in another unit")
  func aSolarRecordingsDefectsAreSaidDayFirstDatesNamelessRowsMissingTimesADCIn() throws {
    let folder = try TemporaryFolder(prefix: "wattline-solar")
    defer { folder.remove() }
    var random = SeededGenerator(seed: 1)
    var generation = "DATE_TIME,DC_POWER,AC_POWER\n"
    var weather = "DATE_TIME,MODULE_TEMPERATURE,IRRADIATION\n"
    for day in 1...20 {
      for quarter in 24..<72 where !(day == 7 && quarter < 30) {
        let time = String(format: "%02d-05-2020 %02d:%02d", day, quarter / 4, quarter % 4 * 15)
        let light = sin(Double(quarter - 24) / 48 * Double.pi) * random.uniform(0.3, high: 1)
        weather += "\(time),\(20 + 30 * light),\(light)\n"
        for _ in 0..<2 {
          let power = 500 * light * (1 - 0.004 * (30 * light - 5)) * random.uniform(0.98, high: 1.02)
          generation += "\(time),\(10 * power),\(power)\n"
        }
      }
    }
    for (name, text) in [("generation.csv", generation), ("weather.csv", weather)] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }
    let found = try json(
      Solar.self, words: ["backtest-solar", folder.path + "/generation.csv", folder.path + "/weather.csv", "--json"])
    let kinds = Set(found.defects.map(\.kind))
    #expect(kinds.isSuperset(of: ["day_first", "no_id", "dc_unit", "missing_times"]))
    #expect(found.nrmse < 0.03 && found.nrmsePvwatts < 0.03)
  }

  @Test(.enabled(if: recordings != nil))
  func `the real solar plant's known defects are said, and its power is expected to 5.5 %`() throws {
    let folder = try #require(recordings).appendingPathComponent("solar_plant").path
    let found = try json(
      Solar.self,
      words: [
        "backtest-solar", folder + "/Plant_1_Generation_Data.csv", folder + "/Plant_1_Weather_Sensor_Data.csv",
        "--json",
      ])
    let counts = Dictionary(found.defects.map { ($0.kind, $0.count) }, uniquingKeysWith: max)
    #expect(counts["no_id"] == 22 && counts["missing_times"] == 106 && counts["day_first"] == 68_778)
    #expect(counts["dc_unit"] != nil)
    #expect(found.nrmse < 0.055 && abs(found.nrmsePvwatts - 0.060) < 0.001)
  }

  @Test(.enabled(if: recordings != nil))
  func `four real cells' ends are foretold from the first half of their cycles`() throws {
    let folder = try #require(recordings).appendingPathComponent("battery").path
    let names = ["B0005", "B0006", "B0007", "B0018"]
    let found = try json(Ageing.self, words: ["backtest-ageing"] + names.map { "\(folder)/\($0).csv" } + ["--json"])
    #expect(found.files.allSatisfy { $0.holds })
    #expect(found.files.map(\.forecast) == ["reached", "reached", "not reached", "reached"])
  }

  @Test func `files that are none of this are told in a sentence`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-nonsense")
    defer { folder.remove() }
    let file = folder.path + "/a.csv"
    try Data("a,b\n1,2\n".utf8).write(to: URL(fileURLWithPath: file))
    for words in [
      ["backtest-ageing", file], ["backtest-solar", file, file], ["backtest-solar", file],
      ["backtest-ageing", "/none"],
    ] {
      let result = try Program.run(words)
      #expect(result.code != 0 && !result.errors.isEmpty && result.output.isEmpty)
    }
  }
}
