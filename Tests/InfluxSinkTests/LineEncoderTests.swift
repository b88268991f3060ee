import LineProtocol
import PlantModel
import PlantTesting
import PointSchema
import SinkCore
import Testing
import WattlineTime

@testable import InfluxSink

@Suite("Line protocol")
struct LineEncoderTests {
  private func register(plant: String = "riverside", sensors: [SensorOverride] = []) -> PlantRegister {
    PlantRegister(
      plant: Plant(
        name: plant, location: Location(latitude: 34, longitude: -117, timezone: "UTC"),
        assets: [Asset(name: "pv1", kind: .pv)], sensors: sensors))
  }

  private func watts(_ match: String) -> SensorOverride {
    var sensor = SensorOverride(match: match)
    sensor.unit = Unit.named("W")
    return sensor
  }

  private func lines(_ encoder: LineEncoder) -> [String] {
    String(decoding: encoder.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private let noon = Timestamp(milliseconds: 1_700_000_000_123)

  @Test func `a reading gives raw in its own unit and clean in the canonical one`() {
    var register = register(sensors: [watts("pv1.power")])
    let power = register.admit(asset: "pv1", sensor: "power")
    var batch = ReadingBatch()
    batch.append(series: power, time: noon, raw: 1500, value: 1.5, hasSourceTime: true)
    var encoder = LineEncoder()
    encoder.append(batch, of: register)
    #expect(
      lines(encoder) == [
        "raw,plant=riverside,asset=pv1,sensor=power,unit=W value=1500 1700000000123",
        "clean,plant=riverside,asset=pv1,sensor=power,unit=kW value=1.5,quality=0i,flags=0i,imputed=false 1700000000123",
      ])
    #expect(encoder.lineCount == 2 && encoder.rawLineCount == 1)
  }

  @Test func `a gap's estimate has clean alone; a refused value without an estimate keeps its quality`() {
    var register = register()
    let mode = register.admit(asset: "pv1", sensor: "odd thing")
    var batch = ReadingBatch()
    batch.appendImputed(series: mode, time: noon, value: 2)
    batch.estimates.append(Estimate(row: 0, method: .line, deviation: 0.25))
    batch.append(series: mode, time: noon + .second, raw: .infinity, value: .nan, hasSourceTime: true)
    batch.quality[1] = .outOfRange
    batch.flags[1] = [QualityFlags(.outOfRange), QualityFlags(.late)]
    batch.append(series: mode, time: noon + .minute, raw: 99, value: 3, hasSourceTime: true)
    batch.quality[2] = .spike
    batch.flags[2] = QualityFlags(.spike)
    batch.estimates.append(Estimate(row: 2, method: .hold, deviation: .nan))
    var encoder = LineEncoder()
    encoder.append(batch, of: register)
    let key = "plant=riverside,asset=pv1,sensor=odd\\ thing"
    #expect(
      lines(encoder) == [
        "clean,\(key) value=2,quality=1i,flags=2i,imputed=true,method=\"line\",uncertainty=0.25 1700000000123",
        "clean,\(key) quality=2i,flags=132i,imputed=false 1700000001123",
        "raw,\(key) value=99 1700000060123",
        "clean,\(key) value=3,quality=4i,flags=16i,imputed=true,method=\"hold\" 1700000060123",
      ])
  }

  @Test func `tags follow the subject, then the unit, then the measurement's own`() {
    var register = register(sensors: [watts("pv1.power")])
    let power = register.admit(asset: "pv1", sensor: "power")
    let subjects: [(PointKey, String)] = [
      (PointKey(.kpi, .plant), "kpi,plant=riverside"),
      (PointKey(.health, .asset(AssetIndex(0))), "health,plant=riverside,asset=pv1"),
      (
        PointKey(.feature, .series(power), "15m"),
        "feature,plant=riverside,asset=pv1,sensor=power,unit=kW,window=15m"
      ),
      (
        PointKey(.forecastEvaluation, .wholePlant(sensor: "net"), "naive", "1h"),
        "forecast_eval,plant=riverside,asset=_plant,sensor=net,model=naive,lead=1h"
      ),
      (PointKey(.dispatch, .wholePlant(sensor: "")), "dispatch,plant=riverside,asset=_plant"),
      (PointKey(.pipeline, .process, "a", "clean"), "pipeline,instance=a,stage=clean"),
    ]
    var encoder = LineEncoder()
    for _ in 0..<2 {
      var points = PointBatch()
      for (key, _) in subjects {
        points.begin(key, at: noon)
        points.field("x", 1)
      }
      encoder.reset()
      encoder.append(points, of: register)
      #expect(lines(encoder) == subjects.map { "\($0.1) x=1 1700000000123" })
    }
  }

  @Test func `fields keep their types; what is not finite is left out, and so is a point of nothing else`() {
    var points = PointBatch()
    points.begin(PointKey(.pipeline, .process, "a", "b"), at: noon)
    points.field("f", .nan)
    points.field("i", integer: .min)
    points.field("b", boolean: true)
    points.field("t", text: #"say "hi" \ bye"# + "\nnext")
    points.begin(PointKey(.pipeline, .process, "a", "b"), at: noon)
    points.field("f", .infinity)
    points.begin(PointKey(.kpi, .plant), at: noon)
    points.field("f", 1)
    var encoder = LineEncoder()
    encoder.append(points)
    #expect(
      lines(encoder) == [
        #"pipeline,instance=a,stage=b i=-9223372036854775808i,b=true,t="say \"hi\" \\ bye next" 1700000000123"#
      ])
    #expect(encoder.skippedCount == 2)
  }

  @Test func `a subject or reading that the register does not know is left out and counted`() {
    let register = register()
    var batch = ReadingBatch()
    batch.append(series: SeriesIndex(5), time: noon, raw: 1, value: 1, hasSourceTime: true)
    batch.append(series: SeriesIndex(-1), time: noon, raw: 1, value: 1, hasSourceTime: true)
    var points = PointBatch()
    points.begin(PointKey(.health, .asset(AssetIndex(9))), at: noon)
    points.field("x", 1)
    var encoder = LineEncoder()
    encoder.append(batch, of: register)
    encoder.append(points, of: register)
    #expect(encoder.bytes.isEmpty)
    #expect(encoder.skippedCount == 3)
  }

  @Test func `times beyond the database's range are held at its ends, and seconds are floored`() {
    var points = PointBatch()
    for time in [Timestamp.distantPast, Timestamp(nanoseconds: .max), Timestamp(nanoseconds: -1)] {
      points.begin(PointKey(.pipeline, .process), at: time)
      points.field("x", 1)
    }
    var encoder = LineEncoder()
    encoder.append(points)
    #expect(lines(encoder).map { $0.split(separator: " ")[2] } == ["-9223372036854", "9223372036854", "-1"])
    var coarse = LineEncoder(precision: .seconds)
    coarse.append(points)
    #expect(lines(coarse).map { $0.split(separator: " ")[2] } == ["-9223372036", "9223372036", "-1"])
  }

  @Test func `a changed plant file renders keys anew; plants do not mix; the buffer is reused`() {
    var old = register()
    let power = old.admit(asset: "pv1", sensor: "power")
    var new = register(sensors: [watts("pv1.power")])
    _ = new.admit(asset: "pv1", sensor: "power")
    var other = register(plant: "hill")
    _ = other.admit(asset: "wt1", sensor: "power")
    var batch = ReadingBatch()
    batch.append(series: power, time: noon, raw: 1, value: 1, hasSourceTime: true)
    var encoder = LineEncoder()
    var seen: [String] = []
    for register in [old, new, other, new] {
      encoder.reset()
      encoder.append(batch, of: register)
      seen.append(String(lines(encoder)[0].prefix { $0 != " " }))
    }
    let asWatts = "raw,plant=riverside,asset=pv1,sensor=power,unit=W"
    #expect(
      seen == [
        "raw,plant=riverside,asset=pv1,sensor=power,unit=kW", asWatts, "raw,plant=hill,asset=wt1,sensor=power,unit=kW",
        asWatts,
      ])
    encoder.forget(plant: "riverside")
    let taken = encoder.drain(upTo: 7)
    #expect(taken.lines == 2 && taken.upTo == 7 && encoder.bytes.isEmpty && encoder.lineCount == 0)
    encoder.append(batch, of: old)
    #expect(lines(encoder)[0].contains("unit=kW"))
  }

  @Test(arguments: [
    "a,b=c d", "x value=1 1\nraw,plant=evil value=2", "end\\", "end\\\\", "\\", "a\\ b", "a\\,b", "a\\=b", "\u{0}",
    "tab\there", "cr\r\nlf", "\"quoted\"", "#", " ", "=", ",", "\\n", "ünï/çø.dé 🔋", "\u{7F}\u{85}\u{2028}",
    "plant=x,asset", "\\\\\\ \\", "a\"b,c=\"d e", "_plant",
  ])
  func `nothing in a name can end a tag, a line or a field`(name: String) throws {
    var register = register(plant: name)
    let series = register.admit(asset: name, sensor: name)
    var batch = ReadingBatch()
    batch.append(series: series, time: noon, raw: 1, value: 1, hasSourceTime: true)
    var points = PointBatch()
    points.begin(PointKey(.alerts, .series(series), name), at: noon)
    points.field(name, 1)
    points.field("text", text: name)
    var encoder = LineEncoder()
    encoder.append(batch, of: register)
    encoder.append(points, of: register)
    let expected = tagText(name)
    for reading in LineParser.Reading.allCases {
      let parsed = try #require(LineParser(reading: reading).parse(encoder.bytes))
      #expect(parsed.map(\.measurement) == ["raw", "clean", "alerts"])
      let tags = [["plant", expected], ["asset", expected], ["sensor", expected]]
      #expect(parsed[0].tags == tags)
      #expect(parsed[0].fields == [["value", "1"]])
      #expect(parsed[2].tags == tags + [["rule", expected]])
      #expect(parsed[2].fields == [[expected, "1"], ["text", fieldText(name)]])
      #expect(parsed.allSatisfy { $0.time == "1700000000123" })
    }
  }

  @Test func `random names and texts read back the same under both readings of a backslash`() throws {
    var random = SplitMix(state: 42)
    let alphabet = Array("ab,= \\\"\n\r\t\u{0}\u{1B}#é🔋'/.").map(String.init)
    for _ in 0..<1500 {
      let names = (0..<4).map { _ in
        "n"
          + (0..<Int.random(in: 0..<12, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }
          .joined()
      }
      let value = Double(bitPattern: random.next())
      var register = register(plant: names[0])
      let series = register.admit(asset: names[1], sensor: names[2])
      var points = PointBatch()
      points.begin(PointKey(.feature, .series(series), names[3]), at: noon)
      points.field(names[3], text: names[1])
      points.field("v", value)
      var encoder = LineEncoder()
      encoder.append(points, of: register)
      for reading in LineParser.Reading.allCases {
        let parsed = try #require(LineParser(reading: reading).parse(encoder.bytes)?.first)
        #expect(parsed.tags.prefix(3).map { $0[1] } == names.prefix(3).map(tagText))
        #expect(parsed.fields[0] == [tagText(names[3]), fieldText(names[1])])
        if value.isFinite { #expect(Double(parsed.fields[1][1]) == value) }
      }
    }
  }

  @Test func `a very long name is cut at a whole character, and two of one start stay apart`() throws {
    let start = String(repeating: "é", count: 2000)
    var keys: [[UInt8]] = [[], []]
    for (index, end) in ["a", "b"].enumerated() { LineText.appendTag("sensor", value: start + end, to: &keys[index]) }
    #expect(keys[0] != keys[1])
    for key in keys {
      #expect(key.count <= LineText.longestName + 8)
      #expect(String(validating: key, as: UTF8.self) != nil)
    }
    var text: [UInt8] = []
    LineText.appendQuoted("x" + String(repeating: "\"", count: 100_000), to: &text)
    #expect(text.count == 2 * LineText.longestText + 1)
  }

  /// Name as it must read back: control characters, and a backslash before a separator or the end, are replaced.
  private func tagText(_ name: String) -> String {
    let scalars = Array(name.unicodeScalars)
    var result = String.UnicodeScalarView()
    for (position, scalar) in scalars.enumerated() {
      let next = position + 1 < scalars.count ? scalars[position + 1] : " "
      let isControl = scalar.value < 0x20 || scalar.value == 0x7F
      let isLost = scalar == "\\" && (next == " " || next == "," || next == "=")
      result.append(isControl || isLost ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  private func fieldText(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar) }
    return String(result)
  }
}
