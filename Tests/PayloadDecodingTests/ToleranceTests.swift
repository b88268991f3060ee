import Foundation
import PayloadDecoding
import PlantModel
import Testing

/// Messages of devices that send more than they should: the sound parts are taken, and the others counted.
struct ToleranceTests {
  @Test(arguments: [
    "null", "NaN", "nan", "-nan", "NAN", "Infinity", "-Infinity", "inf", #""NaN""#, #""""#, #"" ""#, #""unknown""#,
    #""unavailable""#, #""Unavailable""#, #""--""#, #""n/a""#, #""none""#,
  ])
  func `a word for no value is a missing value of its field alone, and is counted`(_ word: String) {
    var bench = DecoderBench([
      TopicRule(match: "r/{asset}", values: TopicRule.Value.list(["a": "/a", "b": "/b"])),
      TopicRule(match: "s/{asset}"),
    ])
    #expect(bench.send("r/x", payload: #"{"a": \#(word), "b": 2}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["x.b": 2])
    #expect(bench.decoder.missingValues == 1)
    #expect(bench.send("r/x", payload: #"{"a": \#(word)}"#) == .refused(.missingValue))
    #expect(bench.send("s/x", payload: #"{"a": \#(word), "b": 2}"#) == .readings(plant: 0, count: 1))
  }

  @Test(arguments: ["nano", "infinite", "Nul", "nUl", "-", "+1", "-infx"])
  func `bare words that only begin like them are no JSON`(_ word: String) {
    var bench = DecoderBench([TopicRule(match: "r/{asset}", values: TopicRule.Value.list(["a": "/a"]))])
    #expect(bench.send("r/x", payload: #"{"a": \#(word)}"#) == .refused(.malformedJSON))
  }

  @Test func `a byte-order mark, NULs and line ends around a payload are no part of it`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    let topic = Array("r/a/s".utf8)
    #expect(
      bench.send(topic, payload: [0xEF, 0xBB, 0xBF] + Array("{\"value\": 1}".utf8) + [0, 0])
        == .readings(plant: 0, count: 1))
    #expect(bench.send(topic, payload: Array("\r\n 2 \r\n".utf8) + [0]) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["a.s": 2])
  }

  @Test
  func `documents that follow each other are all read, whatever reads them, and one that is broken refuses all`() {
    let values = TopicRule.Value.list(["v": "/v"])
    var bench = DecoderBench([
      TopicRule(match: "plain/{asset}", values: values), TopicRule(match: "leaf/{asset}"),
      TopicRule(match: "rec", payload: .json, asset: "/a", values: values),
    ])
    for topic in ["plain/x", "leaf/x", "rec"] {
      for separator in ["\n", "", "\r\n \n"] {
        let payload = [#"{"v":1,"a":"x"}"#, #"{"v":2,"a":"x"}"#, #"{"v":3,"a":"x"}"#].joined(separator: separator)
        #expect(bench.send(topic, payload: payload) == .readings(plant: 0, count: 3), "\(topic)")
        #expect(bench.batches[0].raw == [1, 2, 3])
        #expect(bench.send(topic, payload: payload + "x") == .refused(.malformedJSON))
      }
    }
    #expect(bench.send("leaf/x", payload: "1 2") == .refused(.notANumber))
  }

  /// `{"value":21.5}`, packed by the tools of their formats.
  static let packed: [(form: String, base64: String)] = [
    ("gzip", "H4sIAAAAAAAC/6tWKkvMKU1VsjIy1DOtBQAHcuTEDgAAAA=="), ("zlib", "eJyrVipLzClNVbIyMtQzrQUAIysEWg=="),
    ("zstd", "KLUv/SAOcQAAeyJ2YWx1ZSI6MjEuNX0="),
  ]

  @Test(arguments: packed)
  func `packed payloads are unpacked, known by their first bytes`(_ item: (form: String, base64: String)) throws {
    let bytes = [UInt8](try #require(Data(base64Encoded: item.base64)))
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send(Array("r/a/s".utf8), payload: bytes) == .readings(plant: 0, count: 1), "\(item.form)")
    #expect(bench.readings == ["a.s": 21.5])
    // Damaged anywhere, it is refused or read, and never a crash.
    for at in bytes.indices {
      var damaged = bytes
      damaged[at] ^= 0x55
      _ = bench.send(Array("r/a/s".utf8), payload: damaged)
      _ = bench.send(Array("r/a/s".utf8), payload: Array(bytes[..<at]))
    }
    #expect(bench.send(Array("r/a/s".utf8), payload: Array(bytes.dropLast(9))) != .readings(plant: 0, count: 1))
  }

  @Test func `text that begins like a packed payload is text`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/s", payload: "x^2") == .refused(.notANumber))
  }

  @Test func `a payload that unpacks beyond its limit is refused, however small it came`() throws {
    // Twenty thousand zeros.
    let bomb = try #require(
      Data(base64Encoded: "H4sIAAAAAAAC/+3BMQEAAADCoErrn84aHkABAAAAAAAAAAAAAAAAAAAAAAAA8GC9DxuMIE4AAA=="))
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    let plants = bench.registers.map(\.plant)
    bench.decoder = MessageDecoder(plants: plants, maximumUnpacked: 1 << 10)
    #expect(bench.send(Array("r/a/s".utf8), payload: [UInt8](bomb)) == .refused(.tooLarge))
    bench.decoder = MessageDecoder(plants: plants)
    #expect(bench.send(Array("r/a/s".utf8), payload: [UInt8](bomb)) != .refused(.tooLarge))
  }

  @Test("a place that no message ever had is told after ten messages with the nearest one, and counted until it comes")
  func aPlaceThatNoMessageEverHadIsToldAfterTenMessagesWithTheNearestOneAnd() {
    var bench = DecoderBench([
      TopicRule(match: "r/{asset}", values: TopicRule.Value.list(["power": "/Power", "voltage": "/Voltge"]))
    ])
    for round in 1...12 {
      #expect(
        bench.send("r/a\(round % 3)", payload: #"{"Power": \#(round), "Voltage": 230}"#)
          == .readings(plant: 0, count: 1))
      let news = bench.decoder.drainNotices()
      #expect(news.count == (round == 10 ? 1 : 0))
      if let words = news.first {
        #expect(words.contains("r/{asset}") && words.contains("\"/Voltge\"") && words.contains("\"/Voltage\""))
      }
    }
    #expect(bench.decoder.unseenPlaces == ["r/{asset}: /Voltge"])
    _ = bench.send("r/a1", payload: #"{"Voltge": 230}"#)
    #expect(bench.decoder.unseenPlaces.isEmpty)
  }

  @Test func `a value that is refused beside others is told once, each unknown word by its name`() {
    let detail = ValueDetail(words: ["Ready": 0, "Charging": 1])
    var bench = DecoderBench([
      TopicRule(
        match: "r/{asset}",
        values: [TopicRule.Value(name: "s", path: "/s", detail: detail), TopicRule.Value(name: "p", path: "/p")])
    ])
    var told: [String] = []
    for word in ["Ready", "Faulted", "charging", "Faulted", "Locked", "unknown", "7"] {
      _ = bench.send("r/x", payload: #"{"s": "\#(word)", "p": 1}"#)
      told += bench.decoder.drainNotices()
    }
    #expect(told.count == 2 && told[0].contains("Faulted") && told[1].contains("Locked"), "\(told)")
    #expect(bench.decoder.refusedValuesInAll == 3)
    #expect(bench.decoder.drainRefusedValues() == [.unknownWord: 3])
  }

  @Test func `the word of a switch is no value of a sensor with a unit`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    for word in ["offline", "ON", "closed", "true", #"{"value": false}"#, #"{"value": "online"}"#] {
      #expect(bench.send("r/a/power", payload: word) == .refused(.unknownWord), "\(word)")
      #expect(bench.send("r/a/switch", payload: word) == .readings(plant: 0, count: 1), "\(word)")
    }
  }

  @Test func `a decimal comma is that of texts; numbers of JSON have their point`() {
    let detail = ValueDetail(decimal: .comma)
    var bench = DecoderBench([
      TopicRule(
        match: "r/{asset}",
        values: [
          TopicRule.Value(name: "a", path: "/a", detail: detail),
          TopicRule.Value(name: "b", path: "/b", detail: detail),
        ])
    ])
    #expect(bench.send("r/x", payload: #"{"a": 1.234, "b": "1.234,5"}"#) == .readings(plant: 0, count: 2))
    #expect(bench.readings == ["x.a": 1.234, "x.b": 1234.5])
    #expect(bench.send("r/x", payload: #"{"a": 0.125, "b": "1.5"}"#) == .readings(plant: 0, count: 1))
    #expect(bench.readings == ["x.a": 0.125])
  }

  @Test func `commas between thousands are read where a point follows, and are never guessed at`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/energy", payload: "1,234.5 kWh") == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [1234.5])
    for text in ["1,234", "1,23.4", "12,34,567.8", "1,2345.6"] {
      #expect(bench.send("r/a/energy", payload: text) == .refused(.notANumber), "\(text)")
    }
  }

  @Test func `a unit beside a lone value is that of the value, if it is one that is known`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/power", payload: #"{"value": 1500, "unit": "W"}"#) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [1.5])
    #expect(
      bench.send("r/a/power", payload: #"{"value": 1500, "unit_of_measurement": "W", "ts": 1700000000}"#)
        == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [1.5])
    #expect(bench.send("r/a/power", payload: #"{"value": 2, "unit": "pieces"}"#) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [2])
    #expect(bench.send("r/a/power", payload: #"{"value": 2, "unit": "V"}"#) == .refused(.unknownUnit))
  }

  @Test func `a clock that is not set leaves the receive time, and is counted`() {
    var bench = DecoderBench([TopicRule(match: "r/{asset}", time: "/t", values: TopicRule.Value.list(["p": "/p"]))])
    for time in ["0", "12345", #""1970-06-11T05:35:26""#] {
      #expect(bench.send("r/a", payload: #"{"p": 1, "t": \#(time)}"#) == .readings(plant: 0, count: 1))
      #expect(bench.batches[0].time == [DecoderBench.received] && bench.batches[0].hasSourceTime == [false])
    }
    #expect(bench.decoder.timesUnusable == 3)
  }

  @Test func `of several records the one with a broken time is refused alone`() {
    var bench = DecoderBench([
      TopicRule(match: "r/{asset}", payload: .json, each: "/", time: "/t", values: TopicRule.Value.list(["p": "/p"]))
    ])
    #expect(
      bench.send("r/a", payload: #"[{"p": 1, "t": "yesterday"}, {"p": 2, "t": 1700000000}, {"p": 3, "t": "n/a"}]"#)
        == .readings(plant: 0, count: 2))
    #expect(bench.batches[0].raw == [2, 3])
    #expect(bench.send("r/a", payload: #"[{"p": 1, "t": "yesterday"}]"#) == .refused(.badTime))
  }
}
