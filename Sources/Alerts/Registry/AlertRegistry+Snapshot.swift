import PlantModel
import StreamCore

extension AlertRegistry {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(alerts.sorted { $0.key.order < $1.key.order }) { writer, entry in
      AlertRegistry.write(entry.key, to: &writer)
      entry.value.write(to: &writer)
    }
    writer.write(shelves.sorted { $0.key.order < $1.key.order }) { writer, entry in
      AlertRegistry.write(entry.key, to: &writer)
      writer.write(entry.value)
    }
    writer.write(raisings.sorted { $0.key.order < $1.key.order }) { writer, entry in
      AlertRegistry.write(entry.key, to: &writer)
      writer.write(entry.value) { $0.write($1) }
    }
    writer.write(ended) { $0.write($1) }
    writer.write(Int64(raisedCount))
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    self = AlertRegistry()
    for _ in 0..<(try reader.read(UInt32.self)) {
      let key = try AlertRegistry.readKey(from: &reader)
      alerts[key] = try Alert.read(from: &reader)
      if AlertRules.explainers.contains(key.rule) { explainers.insert(key) }
    }
    for _ in 0..<(try reader.read(UInt32.self)) {
      let key = try AlertRegistry.readKey(from: &reader)
      shelves[key] = try reader.readTimestamp()
    }
    for _ in 0..<(try reader.read(UInt32.self)) {
      let key = try AlertRegistry.readKey(from: &reader)
      raisings[key] = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
        try reader.readTimestamp()
      }
    }
    ended = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in try reader.readString() }
    raisedCount = Int(try reader.read(Int64.self))
  }

  private static func write(_ key: AlertKey, to writer: inout SnapshotWriter) {
    writer.write(key.rule.name)
    writer.write(key.asset?.rawValue ?? -1)
    writer.write(key.series?.rawValue ?? -1)
  }

  private static func readKey(from reader: inout SnapshotReader) throws(SnapshotError) -> AlertKey {
    let name = try reader.readString()
    guard let rule = AlertRules.ids.first(where: { $0.name == name }) else { throw .invalid("an unknown rule") }
    let asset = try reader.read(Int32.self)
    let series = try reader.read(Int32.self)
    return AlertKey(
      rule: rule, asset: asset < 0 ? nil : AssetIndex(Int(asset)), series: series < 0 ? nil : SeriesIndex(Int(series)))
  }
}
