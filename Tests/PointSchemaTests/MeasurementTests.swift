import Foundation
import PlantModel
import Testing
import WattlineTime

@testable import PointSchema

@Suite("Measurements")
struct MeasurementTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The declarations' source text.
  private func declarations() throws -> String {
    let folder = Self.root.appendingPathComponent("Sources/PointSchema/Measurements")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return try files.map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
  }

  @Test func `every measurement that a file declares is registered`() throws {
    let declared = try declarations().matches(of: #/= Measurement\(\s*"(\w+)"/#).map { String($0.1) }
    #expect(declared.sorted() == Measurement.all.map(\.name).sorted())
  }

  @Test func `every key is a field of a measurement`() throws {
    let names = Set(Measurement.all.flatMap(\.fields).map(\.name))
    for match in try declarations().matches(of: #/Self\("(\w+)"\)/#) {
      #expect(names.contains(String(match.1)), "no measurement has \(match.1)")
    }
  }

  @Test func `names are unique and need no escaping, and a field has the same type in all measurements`() {
    #expect(Set(Measurement.all.map(\.name)).count == Measurement.all.count)
    var types: [String: FieldType] = [:]
    for measurement in Measurement.all {
      let names = measurement.tags.map(\.name) + measurement.fields.map(\.name)
      #expect(Set(names).count == names.count, "\(measurement.name)")
      for name in names + [measurement.name] { #expect(name.wholeMatch(of: #/[a-z][a-z0-9_]*…?/#) != nil, "\(name)") }
      for field in measurement.fields {
        #expect(types.updateValue(field.type, forKey: field.name) ?? field.type == field.type, "\(field.name)")
      }
    }
  }

  @Test func `tags are those of the subject in order, then at most two of the measurement's own`() {
    let subject = [Tag.plant, .asset, .sensor, .unit].map(\.name)
    for measurement in Measurement.all {
      let names = measurement.tags.map(\.name)
      let own = measurement.qualifierTags.map(\.name).filter { !subject.contains($0) }
      #expect(
        names == subject.filter(names.contains) + own && measurement.qualifierTags.count <= 2, "\(measurement.name)")
      #expect(measurement.hasUnitTag == names.contains("unit"), "\(measurement.name)")
    }
  }

  @Test func `a field is declared by its name and type, or by its family`() {
    #expect(Measurement.kpi.declares(Field("cost", .float(1))))
    #expect(!Measurement.kpi.declares(Field("cost", .integer(1))))
    #expect(!Measurement.kpi.declares(Field("costs", .float(1))))
    #expect(Measurement.pipeline.declares(Field("dropped_too_large", .integer(1))))
    #expect(!Measurement.pipeline.declares(Field("dropped_too_large", .float(1))))
    #expect(Measurement.pipeline.declaration(of: "dropped")?.name == "dropped")
    #expect(Measurement.pipeline.declaration(of: "dropped_x")?.name == "dropped_…")
    #expect(Measurement.pipeline.declaration(of: "lost") == nil)
  }

  @Test func `a batch takes typed fields and leaves out what is unknown; a field is read back by its key`() throws {
    var points = PointBatch()
    points.begin(PointKey(.kpi, .plant), at: .distantPast)
    for unknown in [Double.nan, .infinity, nil] { points.field(.gridPower, unknown) }
    points.field(.cost, 2.5)
    points.field(.currency, text: "EUR")
    let entry = try #require(points.entries.first)
    #expect(Array(points.fields) == [Field("cost", .float(2.5)), Field("currency", .text("EUR"))])
    #expect(points.value(of: .cost, in: entry) == 2.5 && points.value(of: .gridPower, in: entry) == nil)
  }

  @Test func `a selection quotes names`() {
    let selection = Measurement.feature.selection(of: [.mean, .energy], tags: [.sensor])
    #expect(selection == #""mean", "energy_kwh", "sensor" FROM "feature""#)
  }
}
