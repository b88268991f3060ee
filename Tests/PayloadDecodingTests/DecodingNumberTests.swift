import PayloadDecoding
import PlantModel
import PlantTesting
import Testing

/// Numbers and words.
struct DecodingNumberTests {
  static let numbers: [(text: String, value: Double)] = [
    ("21.5", 21.5), (" 21.5 \r\n", 21.5), ("1e3", 1000), ("+5", 5), ("-0.5E-1", -0.05), (".5", 0.5), ("5.", 5),
    ("007", 7), ("0.1", 0.1), ("9007199254740993", 9_007_199_254_740_992),
    ("123456789012345678901", 1.2345678901234568e20),
    ("2.2250738585072011e-308", Double(bitPattern: 0xF_FFFF_FFFF_FFFF)), ("4.9e-324", .leastNonzeroMagnitude),
    ("1.7976931348623157e308", 1.7976931348623157e308), ("1e-400", 0), ("64.699996948242188", 64.699996948242188),
    ("ON", 1), ("off", 0), ("True", 1), ("no", 0), ("offline", 0), ("\u{FEFF}3", 3), ("7\0", 7), ("\"8\"", 8),
  ]

  @Test(arguments: numbers)
  func `numbers are the nearest Double, words are one or zero`(_ item: (text: String, value: Double)) {
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    #expect(bench.send("r/a/s", payload: item.text) == .readings(plant: 0, count: 1))
    #expect(bench.batches[0].raw == [item.value])
  }

  @Test func `ten thousand random numbers read back as they were printed`() {
    var generator = SplitMix(state: 7)
    var bench = DecoderBench([TopicRule(match: "r/{asset}/{sensor}")])
    for _ in 0..<10_000 {
      let number = Double(bitPattern: generator.next())
      guard number.isFinite else { continue }
      #expect(bench.send("r/a/s", payload: "\(number)") == .readings(plant: 0, count: 1))
      #expect(bench.batches[0].raw == [number])
    }
  }
}
