import Foundation
import Journal
import LocalServers
import PayloadDecoding
import PlantModel
import Settings
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("The live feed and what is posted", .serialized)
struct LiveFeedTests {
  private static let location = Location(latitude: 48, longitude: 11, timezone: "UTC")

  private static func register(_ sensors: [String], plant: String = "a \"b\"") -> PlantRegister {
    var register = PlantRegister(plant: Plant(name: plant, location: location))
    for sensor in sensors { _ = register.admit(asset: "pv\\1", sensor: sensor, unit: Unit.named("W")) }
    return register
  }

  private static func frame(_ rows: [(series: Int, seconds: Int64, value: Double)]) -> Frame {
    var frame = Frame()
    for row in rows {
      frame.readings.append(
        series: SeriesIndex(row.series), time: Timestamp(milliseconds: row.seconds * 1_000 + 5), raw: row.value,
        value: row.value, hasSourceTime: true)
    }
    return frame
  }

  @Test func `a reading has the promised names, a time to the millisecond, and null for no value`() throws {
    let register = Self.register(["power"])
    let reading = LiveReading(
      series: SeriesIndex(0), time: Timestamp(nanoseconds: 1_767_225_600_007_999_999), value: 0.1, quality: .late)
    #expect(
      String(decoding: LiveEncoder.json(of: reading, in: register), as: UTF8.self)
        == #"{"kind":"reading","plant":"a \"b\"","asset":"pv\\1","sensor":"power","#
        + #""time":"2026-01-01T00:00:00.007Z","value":0.1,"quality":7}"#
    )
    var none = reading
    none.value = .nan
    let object = try JSONSerialization.jsonObject(with: Data(LiveEncoder.json(of: none, in: register)))
    let members = try #require(object as? [String: Any])
    #expect(members.keys.sorted() == ["asset", "kind", "plant", "quality", "sensor", "time", "value"])
    #expect(members["value"] is NSNull)
  }

  @Test func `commands, alerts and recommendations have a kind, and nothing that is not a number`() throws {
    let register = Self.register(["power"])
    var batch = LiveBatch(register: register)
    let time = Timestamp(seconds: 1_767_225_600)
    batch.commands = [
      Command(
        id: "x", asset: AssetIndex(0), action: .optimize, setpoint: 5, reason: "because", state: .followed,
        issued: time, expires: time + .minute, effect: Command.Effect(power: 5))
    ]
    batch.dispatch = [
      DispatchDecision(
        asset: AssetIndex(0), time: time, recommendedKilowatts: 3, stateOfCharge: .nan, price: .nan, reason: "r")
    ]
    var events: [LiveEvent] = []
    LiveEncoder.append(batch, to: &events)
    #expect(events.map(\.kind) == [.command, .dispatch] && batch.isUrgent)
    let texts = events.map { String(decoding: $0.json, as: UTF8.self) }
    #expect(texts[0].hasPrefix(#"{"kind":"command","action":"OPTIMIZE","#) && texts[0].contains(#""state":"followed""#))
    #expect(texts[1].hasSuffix(#""reason":"r","recommended_kw":3,"time":"2026-01-01T00:00:00.000Z"}"#))
  }

  @Test func `nothing is collected while nobody watches, and what is not taken is counted as lost`() {
    let (feed, register) = (LiveFeed(), Self.register(["power"], plant: "p"))
    var tap = LiveTap(feed)
    let frame = Self.frame(Array(repeating: (0, 1, 2), count: 1_000))
    tap.observe(frame, in: register)
    tap.handOver()
    feed.beginWatching()
    for _ in 0..<70 {
      tap.observe(frame, in: register)
      tap.handOver()
    }
    let news = feed.next(gathering: .zero)
    #expect(news.events.count == 65_000 && news.lost == ["p": 5_000])
    feed.endWatching()
    tap.observe(frame, in: register)
    tap.handOver()
    feed.close()
    #expect(feed.next(gathering: .second).events.isEmpty)
  }

  @Test func `a reading from the future hides no later one, also if it is wrong in another way`() {
    let register = Self.register(["power"])
    var tables = LatestTables()
    var future = Self.frame([(0, 4_000_000_000, 1e300)])
    future.readings.flags[0] = QualityFlags(.future).union(QualityFlags(.outOfRange))
    future.readings.quality[0] = .outOfRange
    tables.observe(future, in: register)
    tables.observe(Self.frame([(0, 10, 2)]), in: register)
    let published = Locked<[String: LatestTable]>([:])
    tables.publish([register], to: published)
    #expect(published.value["a \"b\""]?.values.map(\.value) == [2])
  }

  @Test func `the latest value is the one with the latest time, and follows its series to another place`() {
    let register = Self.register(["power", "energy"])
    var tables = LatestTables()
    tables.observe(Self.frame([(0, 10, 1), (1, 10, .nan), (0, 12, 2), (0, 11, 3)]), in: register)
    let published = Locked<[String: LatestTable]>([:])
    tables.publish([register], to: published)
    let table = published.value["a \"b\""]
    #expect(table?.values.map(\.value) == [2, nil] && table?.values.map(\.sensor) == ["power", "energy"])
    #expect(table?.values.first?.unit == "kW")
    let other = Self.register(["other", "energy", "power"])
    tables.reconfigure(to: [other])
    tables.publish([other], to: published)
    let moved = published.value["a \"b\""]
    #expect(moved?.values.map(\.sensor) == ["energy", "power"] && moved?.values.last?.value == 2)
    tables.reconfigure(to: [])
    tables.publish([], to: published)
    #expect(published.value.isEmpty)
  }

  @Test func `threads that append at a time share records, and each learns what became of its messages`() throws {
    let log = MemoryLog(maximumBytes: 1 << 20)
    let intake = Intake(ingest: Ingest(journal: log, note: { _ in }), journal: log)
    let outcomes = Locked<[AppendOutcome]>([])
    let threads = try (0..<8).map { number in
      try BlockingThread(name: "sender") {
        for message in 0..<50 {
          let outcome = intake.append([PostedMessage(topic: "t/\(number)", payload: Array("\(message)".utf8))])
          outcomes.with { $0.append(outcome) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(outcomes.value.count == 400 && outcomes.value.allSatisfy { $0 == .accepted(appended: 1, repeated: 0) })
    var last = Array(repeating: -1, count: 8)
    let reader = log.reader(from: 0)
    while let record = try reader.next() {
      record.withBody { body in
        var cursor = MessageFrameCursor(body)
        while let message = cursor.next() {
          let number = Int(message.topic[2]) - 48
          let value = Int(String(decoding: message.payload, as: UTF8.self)) ?? -1
          #expect(value == last[number] + 1)
          last[number] = value
        }
      }
    }
    #expect(last == Array(repeating: 49, count: 8))
    let small = MemoryLog(maximumBytes: 60)
    let full = Intake(ingest: Ingest(journal: small, note: { _ in }), journal: small)
    let messages = [PostedMessage(topic: "t", payload: Array(repeating: 65, count: 80))]
    #expect(full.append(messages) == .full && full.append([]) == .accepted(appended: 0, repeated: 0))
    #expect(full.append([PostedMessage(topic: "", payload: [])]) == .failed("a topic has 1 to 65,535 bytes, not 0"))
  }

  @Test func `a reading posted twice is appended once, also after a restart`() {
    let log = MemoryLog()
    let ingest = Ingest(journal: log, note: { _ in })
    let time = Timestamp(seconds: 1_767_225_600)
    let readings = (0..<20).map {
      PostedReading(asset: "pv", sensor: "power", time: time + .seconds(Int64($0)), value: 1)
    }
    let intake = Intake(ingest: ingest, journal: log)
    #expect(intake.append(readings + [readings[0]], plant: "p", at: time) == .accepted(appended: 20, repeated: 1))
    #expect(intake.append(readings, plant: "p", at: time) == .accepted(appended: 0, repeated: 20))
    #expect(intake.append(readings, plant: "q", at: time) == .accepted(appended: 20, repeated: 0))
    let untimed = [PostedReading(asset: "pv", sensor: "power", time: nil, value: 1)]
    #expect(intake.append(untimed, plant: "p", at: time) == .accepted(appended: 1, repeated: 0))
    let after = Intake(ingest: ingest, journal: log)
    var changed = readings[3]
    changed.value = 2
    #expect(after.append(readings + [changed], plant: "p", at: time) == .accepted(appended: 1, repeated: 20))
  }

  @Test func `posted readings reach a plant whatever its topics are, the database and those who follow`() throws {
    let site = try Site()
    defer { site.end() }
    try site.add(plant: "first")
    let pipeline = try site.pipeline { $0.http = HTTPSettings(address: "127.0.0.1", port: 0) }
    try pipeline.start()
    defer { pipeline.stop() }
    pipeline.live.beginWatching()
    let now = SystemClock.now()
    let readings = (0..<100).map {
      PostedReading(
        asset: "load", sensor: "power", time: now - .seconds(Int64(100 - $0)), value: 950 + Double($0), unit: "W")
    }
    #expect(pipeline.append(readings: readings, plant: "first", at: now) == .accepted(appended: 100, repeated: 0))
    var events: [LiveEvent] = []
    #expect(
      Waiting.until(seconds: 10) {
        events += pipeline.live.next(gathering: .milliseconds(20)).events.filter { $0.kind == .reading }
        return events.count >= 100
      })
    #expect(String(decoding: events[0].json, as: UTF8.self).contains(#""sensor":"power""#))
    #expect(Waiting.until(seconds: 5) { pipeline.latest(plant: "first").first?.value == 1.049 })
    #expect(pipeline.latest(plant: "first").map(\.unit) == ["kW"] && pipeline.latest(plant: "none").isEmpty)
    #expect(pipeline.append(readings: readings, plant: "first", at: now) == .accepted(appended: 0, repeated: 100))
    let topic = "first/load/power"
    #expect(
      pipeline.append([PostedMessage(topic: topic, payload: Array("12.5".utf8))])
        == .accepted(appended: 1, repeated: 0))
    #expect(Waiting.until(seconds: 20) { site.count("raw", plant: "first") == 101 })
    let ledger = pipeline.status().stages.ledger
    #expect(pipeline.status().intake.posted == 2 && pipeline.status().intake.appended == 0)
    #expect(ledger.readings == 101 && ledger.messages == ledger.decoded && ledger.refusedInAll == 0)
  }
}
