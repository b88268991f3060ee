import PlantModel
import PointSchema
import Testing
import WattlineTime

@testable import InfluxSink

@Suite("Types of fields")
struct FieldTypesTests {
  @Test(
    arguments: [
      (.float(1.5), .integer(3), .float(3)), (.float(1.5), .boolean(true), .float(1)),
      (.float(1.5), .text("x"), nil), (.integer(3), .float(4), .integer(4)), (.integer(3), .float(4.5), nil),
      (.integer(3), .float(1e300), nil), (.integer(3), .boolean(false), .integer(0)),
      (.boolean(true), .integer(1), nil), (.text("a"), .float(1), nil), (.text("a"), .text("b"), .text("b")),
    ] as [(FieldValue, FieldValue, FieldValue?)])
  func `a field keeps the type that came first; a value that does not fit is left out`(
    first: FieldValue, next: FieldValue, expected: FieldValue?
  ) {
    var types = FieldTypes()
    #expect(types.fitted(Field("f", first), of: .kpi) == first)
    #expect(types.fitted(Field("f", next), of: .kpi) == expected)
    // Another measurement, another field.
    #expect(types.fitted(Field("f", next), of: .health) == next)
    #expect(types.fitted(Field("g", next), of: .kpi) == next)
  }

  @Test
  func `an integer after a float goes out as a float, over plants and batches, and what does not fit is counted`() {
    let plant = Plant(name: "p", location: Location(latitude: 0, longitude: 0, timezone: "UTC"))
    let register = PlantRegister(plant: plant)
    var encoder = LineEncoder()
    for (index, value) in [FieldValue.float(2.5), .integer(3), .text("x")].enumerated() {
      var points = PointBatch()
      points.begin(PointKey(.kpi, .plant), at: Timestamp(milliseconds: Int64(index)))
      switch value {
      case .float(let number): points.field("cost", number)
      case .integer(let number): points.field("cost", integer: number)
      case .text(let text): points.field("cost", text: text)
      case .boolean(let flag): points.field("cost", boolean: flag)
      }
      encoder.append(points, of: register)
    }
    #expect(String(decoding: encoder.bytes, as: UTF8.self) == "kpi,plant=p cost=2.5 0\nkpi,plant=p cost=3 1\n")
    #expect(encoder.conflictCount == 1 && encoder.skippedCount == 1 && encoder.lineCount == 2)
  }
}
