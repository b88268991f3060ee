import Foundation
import InfluxSink
import Journal
import PlantConfig
import PlantModel
import SinkCore
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

/// Readings of ordinary meters on the whole way from messages to lines.
@Suite("Energy and money from messages to lines")
struct AccountOnTheWayTests {
  /// 2026-03-04 in Berlin.
  private static let midnight = Timestamp(seconds: 1_772_578_800)

  private struct Message {
    var topic: String
    var value: Double
    var time: Timestamp
    var payload: String { "{\"value\":\(value),\"ts\":\(time.milliseconds)}" }
  }

  private static func plant(_ rest: String) -> String {
    """
    plant: p
    location: {latitude: 52.5, longitude: 13.4, timezone: Europe/Berlin}
    currency: EUR
    topics:
      - {match: "p/{asset}/{sensor}", availability: {topic: "p/{asset}"}}
    \(rest)
    """
  }

  /// The fields of the last line of each time of a series, after messages came in their order.
  private func lines(_ plant: String, messages: [Message]) throws -> [String: [Timestamp: [String: String]]] {
    var sources = PlantSources()
    sources.files = [("p.yaml", Array(plant.utf8))]
    try #require(sources.plants.count == 1)
    var processor = RecordProcessor(sources: sources)
    var found: [String: [Timestamp: [String: String]]] = [:]
    func collect() {
      let text = String(decoding: processor.encoder.drain(upTo: 0).bytes, as: UTF8.self)
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: " ")
        guard parts.count >= 3, let time = parts.last.flatMap({ Int64($0) }) else { continue }
        for field in parts[1..<parts.count - 1].joined(separator: " ").split(separator: ",") {
          let pair = field.split(separator: "=", maxSplits: 1)
          found[String(parts[0]), default: [:]][Timestamp(milliseconds: time), default: [:]][String(pair[0])] =
            String(pair.last ?? "")
        }
      }
    }
    var received = Timestamp.distantPast
    func process(_ kind: RecordKind, body: [UInt8] = []) {
      body.withUnsafeBytes { _ = processor.process(kind: kind, received: received, body: $0) }
      collect()
    }
    for message in messages {
      received = max(received, message.time)
      var frame = MessageFrameBuilder()
      let payload = message.value.isNaN ? "offline" : message.payload
      Array(message.topic.utf8).withUnsafeBytes { topic in
        Array(payload.utf8).withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
      }
      process(.messages, body: frame.bytes)
    }
    received += .second
    process(.tick)
    return found
  }

  private func sum(
    _ field: String, rows: [Timestamp: [String: String]]?, from: Timestamp = midnight, to: Timestamp = midnight + .day
  ) -> Double {
    (rows ?? [:]).filter { $0.key >= from && $0.key < to }.compactMap { $0.value[field].flatMap { Double($0) } }
      .reduce(0, +)
  }

  @Test(
    "a device that speaks on change is found out, and what it said holds: 22 h of 0.5 kW and 2 h of 3 kW are 17 kWh")
  func aDeviceThatSpeaksOnChangeIsFoundOutAndWhatItSaidHolds22HOf05KWAnd2HOf3KW() throws {
    var messages = [Message(topic: "p/pump/power", value: 0.5, time: Self.midnight - .day)]
    for day in Int64(-1)...1 {
      for hour in [Int64(8), 14] {
        let start = Self.midnight + .days(day) + .hours(hour)
        for step in Int64(0)..<240 {
          let value = 3 + [0, 0.03, -0.03][Int(step % 3)]
          messages.append(Message(topic: "p/pump/power", value: value, time: start + .seconds(15 * step)))
        }
        messages.append(Message(topic: "p/pump/power", value: 0.5, time: start + .hour))
      }
    }
    let found = try lines(Self.plant("assets: {pump: {kind: heat_pump}}\ntariff: {import: 0.25}"), messages: messages)
    let day = found["clean_1d,plant=p,asset=pump,sensor=power,unit=kW"]?[Self.midnight]
    #expect(abs((Double(day?["energy_kwh"] ?? "") ?? .nan) - 17) < 1e-6)
    #expect(abs((Double(day?["mean"] ?? "") ?? .nan) - 17.0 / 24) < 1e-6)
    #expect(abs(sum("cost", rows: found["kpi,plant=p"]) - 17 * 0.25) < 1e-6)
    let decisions = (found["reporting,plant=p,asset=pump,sensor=power"] ?? [:]).sorted { $0.key < $1.key }
    #expect(decisions.last?.value["reports"] == "\"on_change\"")
  }

  @Test func `a load that cycles with the minute costs its mean`() throws {
    let messages = (Int64(0)...1_460).map { step in
      Message(topic: "p/grid/power", value: step % 12 < 6 ? 4 : 0, time: Self.midnight + .seconds(5 * step))
    }
    let found = try lines(Self.plant("assets: {grid: {kind: grid}}\ntariff: {import: 0.25}"), messages: messages)
    let end = Self.midnight + .hours(2)
    #expect(abs(sum("cost", rows: found["kpi,plant=p"], to: end) - 2 * 2 * 0.25) < 1e-9)
    #expect(abs(sum("import_kwh", rows: found["kpi,plant=p"], to: end) - 4) < 1e-9)
    let powers = (found["kpi,plant=p"] ?? [:]).filter { $0.key >= Self.midnight }.values
      .compactMap { $0["grid_kw"].flatMap { Double($0) } }
    #expect(powers.count >= 120 && powers.allSatisfy { abs($0 - 2) < 1e-9 })
  }

  @Test func `a backlog that comes behind live readings makes all figures those of a day that came in time`() throws {
    let plant = Self.plant(
      "assets: {load: {kind: load}, pv: {kind: pv}}\ntariff: {import: [{price: 0.2}, {from: \"11:00\", price: 0.4}], export: 0.1}"
    )
    var inTime: [Message] = []
    for minute in Int64(0)..<1_600 {
      let time = Self.midnight + .minutes(minute)
      inTime.append(Message(topic: "p/load/power", value: 2 + Double(minute % 7), time: time))
      inTime.append(Message(topic: "p/pv/power", value: (600..<960).contains(minute) ? 6 : 0, time: time))
    }
    let isKept = { (message: Message) in
      message.topic == "p/load/power" && message.time >= Self.midnight + .hours(9)
        && message.time < Self.midnight + .hours(13)
    }
    let kept = inTime.filter(isKept)
    var buffered = inTime.filter { !isKept($0) }
    let back = try #require(buffered.firstIndex { $0.time >= Self.midnight + .hours(13) + .minutes(5) })
    // The newest first, as some gateways send them.
    buffered.insert(contentsOf: kept.reversed(), at: back)
    let (first, second) = (try lines(plant, messages: inTime), try lines(plant, messages: buffered))
    for key in [
      "clean_1d,plant=p,asset=load,sensor=power,unit=kW", "clean_1h,plant=p,asset=load,sensor=power,unit=kW",
      "feature,plant=p,asset=load,sensor=power,unit=kW,window=15m", "kpi,plant=p", "energy,plant=p,asset=load",
    ] {
      for (time, fields) in try #require(first[key]) {
        for name in ["energy_kwh", "mean", "min", "max", "cost", "import_kwh", "export_kwh", "forward_kwh"] {
          guard let wanted = fields[name].flatMap({ Double($0) }) else { continue }
          let got = second[key]?[time]?[name].flatMap { Double($0) } ?? .nan
          #expect(abs(got - wanted) <= 1e-9 * max(1, abs(wanted)), "\(key) \(time) \(name)")
        }
      }
    }
  }

  @Test func `quarters add up to hours, to the day, and to what the meter counted; each meets its own price`() throws {
    let values = (0..<30).map { Double($0 % 5) + 0.5 }
    let messages = values.enumerated().map { hour, value in
      Message(topic: "p/grid/power", value: value, time: Self.midnight + .hours(Int64(hour)))
    }
    let found = try lines(
      Self.plant(
        "assets: {grid: {kind: grid}}\nsensors: [{match: grid.power, sampling: interval_start}]\n"
          + "tariff: {import: [{price: 0.2}, {from: \"16:00\", to: \"21:00\", price: 0.5}]}"), messages: messages)
    let kpi = found["kpi,plant=p"]
    for hour in 0..<24 {
      let start = Self.midnight + .hours(Int64(hour))
      #expect(abs(sum("import_kwh", rows: kpi, from: start, to: start + .hour) - values[hour]) < 1e-12)
    }
    let day = values[..<24].reduce(0, +)
    #expect(abs(sum("import_kwh", rows: kpi) - day) < 1e-9)
    let rollup = found["clean_1d,plant=p,asset=grid,sensor=power,unit=kW"]?[Self.midnight]?["energy_kwh"]
    #expect(abs((Double(rollup ?? "") ?? .nan) - day) < 1e-9)
    let peak = values[16..<21].reduce(0, +)
    #expect(abs(sum("cost", rows: kpi) - (0.2 * (day - peak) + 0.5 * peak)) < 1e-9)
  }

  @Test func `a coarse counter settles the quarters, and the power says when`() throws {
    var messages: [Message] = []
    for minute in Int64(0)..<600 {
      let time = Self.midnight + .minutes(minute)
      messages.append(Message(topic: "p/grid/power", value: 0.49 + Double(minute % 3 - 1) / 100, time: time))
      // 0.5 kW, counted in whole kWh.
      messages.append(
        Message(topic: "p/grid/energy_import", value: 700 + (Double(minute) / 120).rounded(.down), time: time))
    }
    let found = try lines(Self.plant("assets: {grid: {kind: grid}}\ntariff: {import: 0.3}"), messages: messages)
    let quarters = found["energy,plant=p,asset=grid"] ?? [:]
    let inside = quarters.filter { $0.key >= Self.midnight + .hours(2) && $0.key < Self.midnight + .hours(8) }
    #expect(inside.count == 24 && inside.values.allSatisfy { $0["source"] == "\"counter\"" })
    #expect(inside.values.allSatisfy { abs((Double($0["forward_kwh"] ?? "") ?? 0) - 0.125) < 0.002 })
  }

  @Test(arguments: [false, true])
  func `what a counter counted over an outage is in the account, whether its power was silent too or not`(
    hasPower: Bool
  ) throws {
    let plant = Self.plant("assets: {pump: {kind: heat_pump}, fan: {kind: load}}\ntariff: {import: 0.25}")
    var messages: [Message] = []
    let wave = { (quarter: Int64) in 0.3 * sin(2 * Double.pi * Double(quarter) / 96) }
    for quarter in Int64(0)...96 * 6 + 2 {
      let time = Self.midnight + .minutes(15 * quarter)
      messages.append(Message(topic: "p/fan/power", value: 0.4 + wave(quarter), time: time))
      // Silent from the first noon to the fourth.
      if quarter > 48, quarter < 48 + 96 * 3 { continue }
      if hasPower { messages.append(Message(topic: "p/pump/power", value: 2 + wave(quarter), time: time)) }
      messages.append(Message(topic: "p/pump/energy_kwh", value: 1_000 + 0.5 * Double(quarter), time: time))
    }
    let found = try lines(plant, messages: messages)
    let end = Self.midnight + .days(6)
    #expect(abs(sum("forward_kwh", rows: found["energy,plant=p,asset=pump"], to: end) - 288) < 1e-6)
    #expect(abs(sum("load_kwh", rows: found["kpi,plant=p"], to: end) - 288 - 0.4 * 144) < 1e-6)
    #expect(abs(sum("cost", rows: found["kpi,plant=p"], to: end) - 0.25 * (288 + 0.4 * 144)) < 1e-6)
    let middle = found["energy,plant=p,asset=pump"]?[Self.midnight + .days(2)]
    #expect(
      (Double(middle?["estimated_share"] ?? "") ?? 0) > 0.999
        && abs((Double(middle?["forward_kwh"] ?? "") ?? .nan) - 0.5) < 1e-6)
  }

  @Test func `a counter read once a day is shaped by the power of the day`() throws {
    let plant = Self.plant("assets: {pump: {kind: heat_pump}}\ntariff: {import: 0.25}")
    var messages: [Message] = []
    for quarter in Int64(0)...96 * 3 {
      let time = Self.midnight + .minutes(15 * quarter)
      for minute in Int64(0)..<15 {
        let power = (quarter % 96 < 48 ? 0.98 : 2.94) + Double(minute % 3 - 1) / 100
        messages.append(Message(topic: "p/pump/power", value: power, time: time + .minutes(minute)))
      }
      if quarter % 96 == 0 {
        messages.append(Message(topic: "p/pump/energy_kwh", value: 500 + 48 * Double(quarter / 96), time: time))
      }
    }
    let found = try lines(plant, messages: messages)
    let (day, noon) = (Self.midnight + .day, Self.midnight + .days(1) + .hours(12))
    let energy = found["energy,plant=p,asset=pump"]
    #expect(abs(sum("forward_kwh", rows: energy, from: day, to: day + .day) - 48) < 1e-6)
    #expect(abs(sum("forward_kwh", rows: energy, from: day, to: noon) - 12) < 0.05)
  }

  @Test func `a device that says it goes ends what it said; nothing is counted from then on`() throws {
    var messages: [Message] = []
    for step in Int64(0)..<3 {
      messages.append(Message(topic: "p/heater/power", value: 1 + Double(step), time: Self.midnight + .hours(2 * step)))
    }
    messages.append(Message(topic: "p/heater", value: .nan, time: Self.midnight + .hours(5)))
    messages.append(Message(topic: "p/other/power", value: 1, time: Self.midnight + .hours(12)))
    let found = try lines(
      Self.plant("assets: {heater: {kind: load}}\nsensors: [{match: heater.power, reports: on_change}]"),
      messages: messages)
    let hours = found["clean_1h,plant=p,asset=heater,sensor=power,unit=kW"]
    #expect(abs(sum("energy_kwh", rows: hours) - (2 * 1 + 2 * 2 + 1 * 3)) < 1e-9)
  }

  @Test func `a vehicle that said once what it needs is charged in the cheap hours of the night`() throws {
    func message(_ sensor: String, value: Double, minute: Int64) -> Message {
      Message(topic: "p/\(sensor)", value: value, time: Self.midnight + .hours(18) + .minutes(minute))
    }
    var messages = [
      message("charger/connected", value: 1, minute: 0), message("charger/energy_requested", value: 11, minute: 0),
    ]
    for minute in Int64(0)..<720 {
      messages.append(message("charger/power", value: 0, minute: minute))
      messages.append(message("charger/time_left", value: Double(780 - minute), minute: minute))
      messages.append(message("load/power", value: 1 + Double(minute % 5) / 100, minute: minute))
    }
    let found = try lines(
      Self.plant(
        "assets: {load: {kind: load}, charger: {kind: ev_charger, power_kw: 11}, grid: {kind: grid}}\n"
          + "tariff: {import: [{price: 0.3}, {from: \"02:00\", to: \"05:00\", price: 0.1}]}"), messages: messages)
    let night = (found["dispatch,plant=p,asset=charger"] ?? [:]).filter {
      $0.key >= Self.midnight + .hours(26) && $0.key < Self.midnight + .hours(29)
    }
    #expect(!night.isEmpty)
    #expect(night.values.contains { (Double($0["recommended_kw"] ?? "") ?? 0) > 10 })
  }
}
