import PayloadDecoding
import PlantModel
import PlantTesting
import Testing

/// Random and damaged messages: none may crash, each must end as readings that are there or as a reason.
struct FuzzDecoderTests {
  static let values = TopicRule.Value.list(["a": "/a", "b": "/b/c/0", "t": "/ENERGY/Power"])
  static let rules: [TopicRule] = [
    TopicRule(match: "auto/{asset}/{sensor}"), TopicRule(match: "wide/{asset}"),
    TopicRule(match: "json/{asset}", payload: .json, time: "/Time", values: values),
    TopicRule(match: "csv/{asset}", payload: .csv, time: "0", values: TopicRule.Value.list(["p": "1", "q": "3"])),
    TopicRule(match: "cols/{asset}", payload: .csv), TopicRule(match: "line/{asset}", payload: .line),
    TopicRule(match: "num/x-{asset}_y", payload: .number, sensor: "s"),
  ]
  static let topics = ["auto/a/s", "wide/a", "json/a", "csv/a", "cols/a", "line/a", "num/x-a_y", "none"]
  static let seeds: [String] = [
    #"{"Time":"2021-10-26T17:28:45","ENERGY":{"Total":9098.245,"Power":170,"Current":[1.0,2]},"a":"1.5 kW"}"#,
    #"{"a":1e5,"b":{"c":[-0.5,null,true,"x\u00e9\ud83d\ude00"]},"value":"on","ts":1700000000000.5}"#,
    "2021-10-26 17:28:45,1.5,\"2\",1e3\n1700000000,1,2,3", "m,asset=a\\ b,sensor=c f=1.5,g=2i,h=\"x, y\" 1700000000000",
    "-12345678901234567890.123e-45", "23.5 °C", "[[[[[[1]]]]]]",
  ]

  private func check(_ bench: inout DecoderBench, _ topic: [UInt8], _ payload: [UInt8]) {
    let outcome = bench.send(topic, payload)
    switch outcome {
    case .readings(let plant, let count):
      #expect(plant == 0 && count > 0 && bench.batches[0].count == count)
      #expect(bench.batches[0].raw.allSatisfy(\.isFinite) && bench.batches[0].value.allSatisfy(\.isFinite))
      #expect(bench.batches[0].time.allSatisfy { $0.nanoseconds >= 0 })
    case .refused, .understood: #expect(bench.batches[0].isEmpty)
    case .elsewhere: Issue.record("there is one share only")
    }
  }

  @Test("random bytes are refused or read, and always counted")
  func random() {
    var generator = SplitMix(state: 1)
    var bench = DecoderBench.limited(FuzzDecoderTests.rules, sensors: 500)
    bench.decoder.topicLimit = 2_000
    let alphabet = Array(#"{}[]",:\/0123456789.eE+-truefalsnNaIi =#\#n{}""#.utf8)
    for round in 0..<20_000 {
      let topic = Array(FuzzDecoderTests.topics[round % FuzzDecoderTests.topics.count].utf8)
      let length = Int.random(in: 0..<60, using: &generator)
      let payload = (0..<length).map { _ in
        round % 3 == 0
          ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator) ?? 0
      }
      check(&bench, topic, payload)
    }
    #expect(bench.registers[0].series.count <= 500)
  }

  @Test("damaged messages of every format are refused or read, and always counted")
  func mutated() {
    var generator = SplitMix(state: 2)
    var bench = DecoderBench.limited(FuzzDecoderTests.rules, sensors: 500)
    bench.decoder.topicLimit = 2_000
    for round in 0..<30_000 {
      var topic = Array(FuzzDecoderTests.topics[round % FuzzDecoderTests.topics.count].utf8)
      var payload = Array(FuzzDecoderTests.seeds[round / 8 % FuzzDecoderTests.seeds.count].utf8)
      if round % 5 == 0 { damage(&topic, &generator) }
      for _ in 0..<Int.random(in: 0..<4, using: &generator) { damage(&payload, &generator) }
      check(&bench, topic, payload)
    }
  }

  private func damage(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
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
