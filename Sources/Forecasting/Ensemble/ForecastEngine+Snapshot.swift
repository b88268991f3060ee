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
      var own = SnapshotWriter()
      model.snapshot(into: &own)
      writer.write(bytes: own.bytes)
    }
    var own = SnapshotWriter()
    ensemble.snapshot(into: &own)
    writer.write(bytes: own.bytes)
  }

  /// Reads the state written by ``snapshot(into:)``.
  ///
  /// State belongs to its model by name. If models came or went, the others keep theirs, all are trained at the next
  /// opportunity, and the ensemble starts from its prior weights.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
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
    var names: [String] = []
    for _ in 0..<(try reader.read(UInt32.self)) {
      let name = try reader.readString()
      let wasTrained = try reader.readBool()
      let bytes = try reader.readBytes()
      names.append(name)
      guard let index = models.firstIndex(where: { $0.name == name }) else { continue }
      var own = SnapshotReader(bytes)
      try models[index].restore(from: &own)
      isTrained[index] = wasTrained
    }
    var own = SnapshotReader(try reader.readBytes())
    if names == models.map(\.name) {
      try ensemble.restore(from: &own)
    } else {
      (trainedMark, learnedDay) = (nil, nil)
    }
  }
}
