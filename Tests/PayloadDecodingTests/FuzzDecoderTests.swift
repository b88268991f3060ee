import Foundation
import PayloadDecoding
import PlantModel
import PlantTesting
import Testing
import WattlineTime

/// Random and damaged messages: none may crash, each must end as readings that are there or as a reason.
struct FuzzDecoderTests {
  static let values = TopicRule.Value.list(["a": "/a", "b": "/b/c/0", "t": "/ENERGY/Power"])
  static let rules: [TopicRule] = [
    TopicRule(match: "auto/{asset}/{sensor}"), TopicRule(match: "wide/{asset}"),
    TopicRule(match: "json/{asset}", payload: .json, time: "/Time", values: values),
    TopicRule(match: "csv/{asset}", payload: .csv, time: "0", values: TopicRule.Value.list(["p": "1", "q": "3"])),
    TopicRule(match: "cols/{asset}", payload: .csv), TopicRule(match: "line/{asset}", payload: .line),
    TopicRule(match: "num/x-{asset}_y", payload: .number, sensor: "s"),
    TopicRule(
      match: "rec", payload: .json, each: "/m/*", conditions: [.init(path: "/q", texts: ["true", "good"])],
      asset: "/a", sensor: "/n", unit: "/u", time: "/t", values: TopicRule.Value.list(["{sensor}": "/v"]), strip: "x."),
    TopicRule(match: "rec", payload: .json, each: "/", asset: "{key}", values: details),
    TopicRule(match: "keys/{asset}", payload: .json, each: "/*", sensor: "{key}", time: "{parent}"),
    TopicRule(match: "long", payload: .csv, asset: "/0", sensor: "/1", values: TopicRule.Value.list(["{sensor}": "2"])),
    TopicRule(match: "pairs/{asset}", payload: .pairs, values: TopicRule.Value.list(["p": "p", "q": "w"])),
    TopicRule(match: "free/{asset}", payload: .pairs),
    TopicRule(
      match: "tags", payload: .line, conditions: [.init(path: "/h", texts: ["1"])], asset: "{tag:asset}",
      sensor: "{measurement}", values: TopicRule.Value.list(["{sensor}": "f"])),
    TopicRule(match: "senml/{asset}", payload: .senml), TopicRule(match: "senml", payload: .senml),
    TopicRule(match: "spBv1.0/{group}/+/{edge}/{device}", payload: .sparkplug, strip: "Inverter/"),
    TopicRule(
      match: "there/{asset}", payload: .availability, detail: ValueDetail(words: ["online": 1, "offline": 0])),
  ]
  static let details: [TopicRule.Value] = [
    TopicRule.Value(name: "h", path: "/h", detail: ValueDetail(encoding: .hexadecimal, bits: 12)),
    TopicRule.Value(name: "b", path: "/b", detail: ValueDetail(encoding: .base64)),
    TopicRule.Value(name: "j", path: "/j/k", detail: ValueDetail(encoding: .json)),
    TopicRule.Value(name: "w", path: "/w", detail: ValueDetail(words: ["on": 1, "off": 0])),
    TopicRule.Value(name: "c", path: "/c", detail: ValueDetail(scalePlace: "/sf", decimal: .comma)),
    TopicRule.Value(name: "i", path: "/i", detail: ValueDetail(bits: 16)),
  ]
  static let topics = [
    "auto/a/s", "wide/a", "json/a", "csv/a", "cols/a", "line/a", "num/x-a_y", "none", "rec", "keys/a", "long",
    "pairs/a",
    "free/a", "tags", "there/a", "senml/a", "senml", "spBv1.0/g/NBIRTH/e", "spBv1.0/g/DBIRTH/e/d",
    "spBv1.0/g/DDATA/e/d",
  ]
  /// How many messages each test sends; more by environment variable.
  static let rounds = ProcessInfo.processInfo.environment["WATTLINE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 100_000
  static let seeds: [String] = [
    #"{"Time":"2021-10-26T17:28:45","ENERGY":{"Total":9098.245,"Power":170,"Current":[1.0,2]},"a":"1.5 kW"}"#,
    #"{"a":1e5,"b":{"c":[-0.5,null,true,"x\u00e9\ud83d\ude00"]},"value":"on","ts":1700000000000.5}"#,
    "2021-10-26 17:28:45,1.5,\"2\",1e3\n1700000000,1,2,3", "m,asset=a\\ b,sensor=c f=1.5,g=2i,h=\"x, y\" 1700000000000",
    "-12345678901234567890.123e-45", "23.5 °C", "[[[[[[1]]]]]]",
    #"{"a":"m1","q":true,"m":[[{"n":"x.power","v":"1,5 kW","u":"W","t":1700000000},{"n":"e","v":2}],{"k":{"v":3,"n":"z"}}]}"#,
    #"{"d1":{"h":"0xFFB","b":"CP8=","j":"{\"k\":5}","w":"On","c":"1.234,5","sf":-2,"i":65531},"d2":{"w":"zap","c":7}}"#,
    #"{"2026-01-01 00:00":{"p":1,"q":{"value":2}}}"#, "a;power;3\nroof,energy,5", "p=0,w=230;x:1 & q=\"2\"",
    #"[{"bn":"urn:x:","bt":1.7e9,"bu":"W","bv":1,"n":"p","v":2},{"n":"q","u":"Cel","t":-5,"v":1},{"vs":"x","s":3,"n_":1}]"#,
    #"{"state":"offline"}"#, "{\"value\":1}{\"value\":NaN}\n{\"value\":-inf}",
  ]
  /// Some seeds as they come packed, and a birth and data of Sparkplug.
  static let packed: [[UInt8]] = [
    "H4sIAAAAAAAC/6tWKkvMKU1VsjIy1DOtBQBRJmVMDgAAAA==", "eJyrVipLzClNVbIyMtQzrQUAIQgEMg==",
    "KLUv/QRYcQAAeyJ2YWx1ZSI6MjEuNX1cAEkO",
    "CIDQlf+8MRI2Cg5JbnZlcnRlci9Qb3dlchABGIDQlf+8MSAKShAKB2VuZ1VuaXQSBQgMQgFXaQAAAAAAcJdAGAE=",
    "COCkmf+8MRISEAEY4KSZ/7wxaQAAAAAAkJpAGAI=",
  ].compactMap { Data(base64Encoded: $0).map { [UInt8]($0) } }

  private func check(_ bench: inout DecoderBench, topic: [UInt8], payload: [UInt8]) {
    let outcome = bench.send(topic, payload: payload)
    switch outcome {
    case .readings(let plant, let count):
      #expect(plant == 0 && count > 0 && bench.batches[0].count == count)
      #expect(bench.batches[0].raw.allSatisfy(\.isFinite) && bench.batches[0].value.allSatisfy(\.isFinite))
      #expect(bench.batches[0].time.allSatisfy { $0.nanoseconds >= 0 })
    case .refused, .understood: #expect(bench.batches[0].isEmpty)
    case .elsewhere: Issue.record("there is one share only")
    }
  }

  @Test func `every format gets damaged messages`() {
    let fuzzed = Set(FuzzDecoderTests.rules.map(\.payload))
    for format in PayloadFormats.all + PayloadFormats.further {
      #expect(fuzzed.contains(format.name), "no rule reads '\(format.name)'")
    }
  }

  @Test func `random bytes are refused or read, and always counted`() {
    var generator = SplitMix(state: 1)
    var bench = DecoderBench.limited(FuzzDecoderTests.rules, sensors: 500)
    bench.decoder.topicLimit = 2_000
    let alphabet = Array(#"{}[]",:\/0123456789.eE+-truefalsnNaIi =#\#n{}""#.utf8)
    for round in 0..<FuzzDecoderTests.rounds {
      let topic = Array(FuzzDecoderTests.topics[round % FuzzDecoderTests.topics.count].utf8)
      let length = Int.random(in: 0..<60, using: &generator)
      let payload = (0..<length).map { _ in
        round % 3 == 0
          ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator) ?? 0
      }
      check(&bench, topic: topic, payload: payload)
    }
    #expect(bench.registers[0].series.count <= 500)
  }

  @Test func `damaged messages of every format are refused or read, and always counted`() {
    let seeds = FuzzDecoderTests.seeds.map { Array($0.utf8) } + FuzzDecoderTests.packed
    var generator = SplitMix(state: 2)
    var bench = DecoderBench.limited(FuzzDecoderTests.rules, sensors: 500)
    bench.decoder.topicLimit = 2_000
    for round in 0..<FuzzDecoderTests.rounds {
      var topic = Array(FuzzDecoderTests.topics[round % FuzzDecoderTests.topics.count].utf8)
      var payload = seeds[round / FuzzDecoderTests.topics.count % seeds.count]
      if round % 5 == 0 { damage(&topic, generator: &generator) }
      for _ in 0..<Int.random(in: 0..<4, using: &generator) { damage(&payload, generator: &generator) }
      check(&bench, topic: topic, payload: payload)
    }
  }

  private func damage(_ bytes: inout [UInt8], generator: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 1: bytes.remove(at: at)
    case 2: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: at)
    case 3: bytes.removeLast(bytes.count - at)
    default: bytes.insert(contentsOf: bytes[at...], at: at)
    }
  }
}
