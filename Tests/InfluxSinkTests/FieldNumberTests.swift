import PlantTesting
import Testing

@testable import InfluxSink

@Suite("Numbers as text")
struct FieldNumberTests {
  private func text(_ value: Double) -> String {
    var bytes: [UInt8] = []
    FieldNumber.append(value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(
    arguments: [
      (22.5, "22.5"), (0, "0"), (-0.0, "0"), (-0.4, "-0.4"), (1234.001, "1234.001"), (100, "100"), (-7, "-7"),
      (0.1 * 3, "0.30000000000000004"), (1e-9, "0.000000001"), (1e-10, "1e-10"), (1e300, "1e+300"),
      (.leastNonzeroMagnitude, "5e-324"), (9_007_199_254_740_991, "9007199254740991"), (0.000012345, "0.000012345"),
    ] as [(Double, String)])
  func `a number is written as short as it can be`(value: Double, expected: String) { #expect(text(value) == expected) }

  @Test(arguments: [Double.nan, .infinity, -.infinity, .signalingNaN])
  func `what is not finite is not written`(value: Double) {
    var bytes: [UInt8] = []
    #expect(!FieldNumber.append(value, to: &bytes))
    #expect(bytes.isEmpty)
  }

  @Test func `every number reads back as itself: any bits, decimals of a meter, scaled ones`() {
    var random = SplitMix(state: 7)
    for round in 0..<60_000 {
      var value = Double(bitPattern: random.next())
      if round % 3 == 1 { value = Double(Int64(truncatingIfNeeded: random.next()) % 10_000_000) / 1000 }
      if round % 3 == 2 { value = Double(Int64(truncatingIfNeeded: random.next()) % 10_000_000) * 0.001 }
      guard value.isFinite else { continue }
      #expect(Double(text(value)) == value)
      #expect(text(value).utf8.count <= max(value.description.utf8.count, 12))
    }
  }

  @Test(arguments: [Int64.min, -1, 0, 10, .max])
  func `integers keep all digits`(value: Int64) {
    var bytes: [UInt8] = []
    FieldNumber.append(value, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == String(value))
  }
}
