import StreamCore

extension ForecastEngine {
  /// Writes models and ensemble. A training in progress is not written; it is prepared again.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int64(trainedMark ?? .min))
    writer.write(Int64(learnedDay ?? .min))
    writer.write(Int64(extraMark ?? .min))
    writer.write(uses != nil)
    writer.write(uses ?? []) { $0.write($1.rawValue) }
    writer.write("\(columns)")
    writer.write(UInt32(models.count))
    for (model, isTrained) in zip(models, isTrained) {
      writer.write(model.name)
      writer.write(isTrained)
      model.snapshot(into: &writer)
    }
    ensemble.snapshot(into: &writer)
  }

  /// Reads the state written by ``snapshot(into:)`` for the same models and settings.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or belong to other models.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let mark = try reader.read(Int64.self)
    let day = try reader.read(Int64.self)
    let extra = try reader.read(Int64.self)
    let hasUses = try reader.readBool()
    let restored = try reader.readArray { (reader) throws(SnapshotError) in
      guard let use = ExogenousUse(rawValue: try reader.read(UInt8.self)) else { throw .invalid("a use of weather") }
      return use
    }
    uses = hasUses ? restored : nil
    restoredColumns = try reader.readString()
    guard extra == .min || extra.magnitude < 1 << 40 else { throw .invalid("a day outside all time") }
    extraMark = extra == .min ? nil : Int(extra)
    trainedMark = mark == .min ? nil : Int(mark)
    learnedDay = day == .min ? nil : Int(day)
    let count = try reader.read(UInt32.self)
    guard count == UInt32(models.count) else { throw .invalid("\(count) models instead of \(models.count)") }
    for index in models.indices {
      let name = try reader.readString()
      guard name == models[index].name else { throw .invalid("a model \(name)") }
      isTrained[index] = try reader.readBool()
      try models[index].restore(from: &reader)
    }
    try ensemble.restore(from: &reader)
  }
}
