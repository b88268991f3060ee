#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantModel
  import Testing
  import WattlineTime
  import WebServer

  @testable import HTTPInterface

  @Suite("Figures at the interface")
  final class FiguresTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder(prefix: "figures") }

    deinit { folder.remove() }

    // MARK: Dispatch

    private func plan(_ body: String) throws -> [String: Any] {
      let own = try AdminInterface(in: folder)
      defer { own.interface.stop() }
      let answer = own.send("POST", "/api/v1/plants/own/dispatch/run", body: body)
      try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
      return AdminInterface.members(answer)
    }

    private func expect(_ plan: [String: Any], _ name: String, is wanted: [Double], within tolerance: Double = 1e-6) {
      let found = plan[name] as? [Double] ?? (plan[name] as? Double).map { [$0] } ?? []
      #expect(
        found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance },
        "\(name) is \(found), not \(wanted)")
    }

    @Test func `a battery buys at 0.10 and saves 0.50 twice: 4.00 of 6.00`() throws {
      let plan = try plan(
        #"{"load_kw":[5,5,5,5],"price":[0.1,0.5,0.1,0.5],"step_minutes":60}"#)
      expect(plan, "power_kw", is: [-5, 5, -5, 5])
      expect(plan, "soc", is: [0.5, 0, 0.5, 0])
      // 5 kWh each at 0.10, 0.50, 0.10 and 0.50; with the battery 10 kWh each at 0.10 and nothing else.
      expect(plan, "cost_without", is: [6])
      expect(plan, "cost", is: [2])
      expect(plan, "saving", is: [4])
    }

    @Test func `losses and wear are in the cost, and quarters of an hour are quarters of an hour`() throws {
      // Of 1.25 kWh bought 0.64 * 1.25 = 0.8 come back; the load is larger than what the battery gives.
      let plan = try plan(
        #"{"load_kw":[0,40],"price":[0.1,1],"efficiency":0.64,"wear_price":0.02}"#)
      expect(plan, "power_kw", is: [-5, 3.2])
      expect(plan, "soc", is: [0.1, 0])
      // 1.25 kWh at 0.12; 9.2 kWh at 1.00, and 0.8 kWh of wear.
      expect(plan, "cost", is: [0.15 + 9.2 + 0.016])
      expect(plan, "cost_without", is: [10])
    }

    @Test func `a surplus is kept for later rather than sold for less, and what has no room is sold`() throws {
      let plan = try plan(
        #"{"load_kw":[0,0,0,6],"generation_kw":[5,5,5,0],"price":[0.3,0.3,0.3,0.3],"export_price":0.1,"step_minutes":60}"#
      )
      expect(plan, "cost_without", is: [-1.5 + 1.8])
      // 5 kWh replace 5 kWh bought at 0.30 instead of being sold at 0.10; the power ends at 5 kW.
      expect(plan, "cost", is: [-1 + 0.3])
      expect(plan, "saving", is: [1])
    }

    @Test func `a demand charge takes the peak off`() throws {
      let plan = try plan(
        #"{"load_kw":[2,2,8,2],"price":[0.2,0.2,0.2,0.2],"step_minutes":60,"demand_charge":10}"#)
      // 14 kWh at 0.20; a peak of 8 kW becomes the mean of what can be moved: 2, 2 and 8 kW in three hours.
      expect(plan, "cost_without", is: [2.8 + 80])
      expect(plan, "cost", is: [2.8 + 40], within: 0.2)
      let power = try #require(plan["power_kw"] as? [Double])
      let peak = zip([2.0, 2, 8, 2], power).map { $0 - $1 }.max() ?? 0
      #expect(abs(peak - 4) < 0.02)
      #expect(power.allSatisfy { abs($0) <= 5 })
    }

    @Test func `no plan of all that a grid of powers allows is cheaper`() throws {
      let (load, price) = ([1.0, 4, 2, 6, 3], [0.3, 0.1, 0.4, 0.6, 0.2])
      let plan = try plan("{\"load_kw\":\(load),\"price\":\(price),\"step_minutes\":60,\"export_price\":0.05}")
      var best = Double.infinity
      func search(_ slot: Int, energy: Double, cost: Double) {
        if slot == load.count { return best = min(best, cost) }
        for power in stride(from: -5.0, through: 5, by: 1) where (0...10).contains(energy - power) {
          let exchange = load[slot] - power
          search(slot + 1, energy: energy - power, cost: cost + exchange * (exchange > 0 ? price[slot] : 0.05))
        }
      }
      search(0, energy: 0, cost: 0)
      expect(plan, "cost", is: [best])
    }

    @Test(arguments: [
      (#"{"load_kw":[1],"price":[1,2]}"#, "equally many"), (#"{"load_kw":[],"price":[]}"#, "at least one"),
      (#"{"load_kw":[1],"price":["a"]}"#, "numbers"), (#"{"load_kw":[true],"price":[1]}"#, "numbers"),
      (#"{"price":[1]}"#, "needed"), (#"{"load_kw":[1],"price":[1],"asset":"pv"}"#, "no battery 'pv'"),
      (#"{"load_kw":[1],"price":[1],"efficiency":0}"#, "from 0.01"),
      (#"{"load_kw":[1],"price":[1],"step_minutes":1.5}"#, "whole number"),
    ])
    func `inputs that make no plan are told what would`(body: String, words: String) throws {
      let own = try AdminInterface(in: folder)
      defer { own.interface.stop() }
      let answer = own.send("POST", "/api/v1/plants/own/dispatch/run", body: body)
      #expect(answer.status == 422 && String(decoding: answer.body, as: UTF8.self).contains(words))
    }

    // MARK: Forecasts

    /// Two days of quarters: the median of slot n is n, the band one to each side; the last slot is not known.
    private static func status() -> PipelineStatus {
      let numbers = (0..<192).map { $0 == 191 ? Double.nan : Double($0) }
      let issue = ForecastIssue(
        series: SeriesIndex(0), issued: Timestamp(seconds: 1_796_061_600), step: .minutes(15), model: "m",
        p10: numbers.map { $0 - 1 }, p50: numbers, p90: numbers.map { $0 + 1 })
      var view = PlantView(name: "own")
      view.forecasts = [(asset: "load", sensor: "power", unit: "kW", issue: issue)]
      var status = PipelineStatus()
      status.stages.plants = [view]
      return status
    }

    private func slots(_ query: [(name: String, value: String)]) throws -> [[String: Any]] {
      let own = try AdminInterface(in: folder) { $0.status = { Self.status() } }
      defer { own.interface.stop() }
      let answer = own.send("GET", "/api/v1/plants/own/forecasts", query: query)
      let items = AdminInterface.members(answer)["items"] as? [[String: Any]]
      return try #require(items?.first?["slots"] as? [[String: Any]], "\(String(decoding: answer.body, as: UTF8.self))")
    }

    @Test func `a forecast has each slot with its time and band, and what is not known is missing`() throws {
      let all = try slots([])
      #expect(all.count == 192)
      #expect(all[4]["time"] as? String == "2026-11-30T19:00:00Z")
      #expect(all[4]["p10"] as? Double == 3 && all[4]["p50"] as? Double == 4 && all[4]["p90"] as? Double == 5)
      #expect(all[191]["p50"] == nil && all[191]["time"] != nil)
    }

    @Test(arguments: [
      // A slot's lead is the time from the issue to its end: the fourth ends after an hour.
      ("lead", "1h", 0, 3), ("lead", "3h", 4, 11), ("lead", "6h", 12, 23), ("lead", "12h", 24, 47),
      ("lead", "24h", 48, 95), ("lead", "48h", 96, 191), ("hours", "1", 0, 3), ("hours", "24", 0, 95),
    ])
    func `lead and horizon choose slots by their ends`(name: String, value: String, first: Int, last: Int) throws {
      let found = try slots([(name, value)])
      #expect(found.count == last - first + 1)
      #expect(found.first?["p50"] as? Double == Double(first))
    }

    @Test func `the median alone has no band, and leads together cover all slots once`() throws {
      let median = try slots([("confidence", "median"), ("hours", "2")])
      #expect(median.count == 8 && median.allSatisfy { $0["p10"] == nil && $0["p50"] != nil && $0["p90"] == nil })
      let times = try ["1h", "3h", "6h", "12h", "24h", "48h"].flatMap { try slots([("lead", $0)]) }
        .compactMap { $0["time"] as? String }
      #expect(times.count == 192 && Set(times).count == 192)
      #expect(try slots([("lead", "6h"), ("hours", "4")]).count == 4)
    }
  }
#endif
