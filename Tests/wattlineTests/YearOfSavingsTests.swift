import CommandChannel
import Foundation
import Glibc
import LocalServers
import PlantTesting
import Testing
import WattlineTime

@Suite("A year of savings through the broker", .serialized)
struct YearOfSavingsTests {
  private static let isWanted = ProcessInfo.processInfo.environment["WATTLINE_SAVINGS_YEAR"] != nil
  private static let meter = MadeMeter(measure: (MadeMeter.firstDay + 365, 0.12))
  private static let dates = MadeMeter.firstDay..<MadeMeter.firstDay + 365 + 366

  /// Rows of local dates, an hour each, with columns of these names.
  private static func rows(_ dates: Range<Int>, use: String, air: String) -> String {
    var lines = ["time,\(use),\(air)"]
    for date in dates {
      let (from, to) = (MadeMeter.start(date), MadeMeter.start(date + 1))
      let hours = Int((to - from).inHours)
      for hour in 0..<hours {
        let time = (from + .hours(Int64(hour))).description
        // Hours of a day differ, since cleaning takes a value that stands still for a stuck sensor. Their sum and mean
        // are those of the day.
        let wave = cos(2 * Double.pi * Double(hour) / Double(hours))
        let use = meter.use(date) / Double(hours) * (1 + 0.3 * wave)
        lines.append("\(time),\(use),\(MadeMeter.temperature(date) + 2 * wave)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Months of a document: predicted, actual and half interval by name.
  private static func months(_ document: [String: Any]) -> [String: [Double]] {
    let months = document["months"] as? [[String: Any]] ?? []
    return Dictionary(
      months.map { month in
        let values = ["predicted_kwh", "actual_kwh", "half_interval_kwh"].map { month[$0] as? Double ?? .nan }
        return (month["month"] as? String ?? "", values)
      }, uniquingKeysWith: { $1 })
  }

  @Test(
    "a year replayed through broker, pipeline and database gives the months of the command on the file",
    .enabled(if: isWanted, "set WATTLINE_SAVINGS_YEAR"))
  func aYearReplayedGivesTheMonthsOfTheCommandOnTheFile() throws {
    let site = try Site()
    defer { site.stop() }
    try site.write(
      "hill.yaml",
      text: """
        plant: hill
        location: {latitude: 48.1, longitude: 11.5, timezone: Europe/Berlin}
        topics: [{match: "hill/{asset}/{sensor}"}]
        assets: {main: {kind: meter}, roof: {kind: weather}}
        sensors: [{match: "*", sampling: interval_start, forecast: false}]
        savings: {meter: main.power, baseline: {from: 2023-01-01, to: 2023-12-31}}
        """)
    try site.runOnline()
    let folder = site.folder.path + "/files"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    for (name, dates, use) in [
      ("all.csv", Self.dates, "main.power"), ("b.csv", Self.dates.prefix(365), "elec_kwh"),
      ("r.csv", Self.dates.dropFirst(365), "elec_kwh"),
    ] {
      let air = use == "elec_kwh" ? "temperature" : "roof.temperature"
      try Data(Self.rows(dates, use: use, air: air).utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    let replayed = try Program.run("replay", "\(folder)/all.csv", "--config", site.folder.path, "--plant", "hill")
    try #require(replayed.code == 0, "\(replayed)")
    // The last hour is whole when a later reading says so.
    let publisher = site.publisher()
    let end = (MadeMeter.start(Self.dates.upperBound) + .hours(2)).milliseconds
    for topic in ["hill/main/power", "hill/roof/temperature"] {
      try publisher.publish(topic: topic, payload: "{\"value\":1,\"ts\":\(end)}")
    }
    #expect(publisher.flush())
    publisher.stop()
    let wanted = 2 * (Self.rows(Self.dates, use: "", air: "").split(separator: "\n").count - 1)
    let arrived = Waiting.until(seconds: 600) {
      usleep(500_000)
      return site.count("raw", plant: "hill") >= wanted + 2
    }
    #expect(arrived && site.end() == 0, "\(site.count("raw", plant: "hill")) of \(wanted + 2)\n\(site.logTail)")

    let stored = try Program.run("savings", "--plant", "hill", "--config", site.folder.path, "--json")
    try #require(stored.code == 0, "\(stored)")
    let file = try Program.run(
      "savings", "--baseline", "\(folder)/b.csv", "--reporting", "\(folder)/r.csv", "--zone", MadeMeter.zone)
    try #require(file.code == 0, "\(file)")
    let documents = try JSONSerialization.jsonObject(with: Data(stored.output.utf8)) as? [[String: Any]]
    let ofStore = Self.months(try #require(documents?.first))
    let ofFile = Self.months(
      try #require(try JSONSerialization.jsonObject(with: Data(file.output.utf8)) as? [String: Any]))
    var worst = 0.0
    for (month, values) in ofFile where month < "2025" {
      let own = try #require(ofStore[month], "\(month)")
      for (a, b) in zip(values, own) { worst = max(worst, abs(a - b) / abs(a)) }
    }
    print("12 months, largest difference \(worst)")
    #expect(ofFile.keys.filter { $0 < "2025" }.count == 12 && worst < 1e-4)
  }
}
