import PlantModel
package import StreamCore

extension CommandBook {
  /// Writes the state.
  package func snapshot(into writer: inout SnapshotWriter) {
    critical.snapshot(into: &writer)
    tracker.snapshot(into: &writer)
  }

  /// Reads the state that ``snapshot(into:)`` wrote.
  ///
  /// - Throws: `SnapshotError` if the state is invalid.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    self = CommandBook()
    critical = try CriticalAlerts(from: &reader)
    tracker = try CommandTracker(from: &reader)
  }
}

extension CriticalAlerts {
  fileprivate func snapshot(into writer: inout SnapshotWriter) {
    writer.write(active.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      writer.write(entry.value.rule)
      writer.write(entry.value.concernsData)
      writer.write(entry.value.asset?.rawValue ?? -1)
    }
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    let alerts = try reader.readArray(elementSize: 13) { (reader) throws(SnapshotError) in
      (
        id: try reader.readString(), rule: try reader.readString(), concernsData: try reader.readBool(),
        asset: try reader.read(Int32.self)
      )
    }
    for alert in alerts {
      let asset = alert.asset < 0 ? nil : AssetIndex(Int(alert.asset))
      restore(CriticalAlert(rule: alert.rule, concernsData: alert.concernsData, asset: asset), id: alert.id)
    }
  }
}

extension CommandTracker {
  fileprivate func snapshot(into writer: inout SnapshotWriter) {
    writer.write(records.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      writer.write(entry.value.switching.isOff)
      writer.write(entry.value.switching.changed)
      writer.write(entry.value.powerBefore)
      writer.write(entry.value.given)
      writer.write(entry.value.command != nil)
      entry.value.command?.write(to: &writer)
    }
    writer.write(limits.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
      writer.write(entry.key.rawValue)
      writer.write(entry.value)
    }
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let entries = try reader.readArray(elementSize: 30) { (reader) throws(SnapshotError) -> (AssetIndex, Record) in
      let asset = AssetIndex(Int(try reader.read(Int32.self)))
      var record = Record()
      record.switching.isOff = try reader.readBool()
      record.switching.changed = try reader.readTimestamp()
      record.powerBefore = try reader.readDouble()
      record.given = try reader.readTimestamp()
      if try reader.readBool() { record.command = try Command(from: &reader, asset: asset) }
      return (asset, record)
    }
    let limits = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (AssetIndex(Int(try reader.read(Int32.self))), try reader.readDouble())
    }
    self.init(
      records: Dictionary(entries) { $1 }, limits: Dictionary(limits) { $1 })
  }
}

extension Command {
  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.write(id)
    writer.write(action.rawValue)
    writer.write(setpoint ?? .nan)
    writer.write(reason)
    writer.write(state.rawValue)
    writer.write(issued)
    writer.write(expires)
    for value in [effect.power, effect.exchange, effect.stateOfCharge, effect.cost] { writer.write(value) }
  }

  fileprivate init(from reader: inout SnapshotReader, asset: AssetIndex) throws(SnapshotError) {
    let id = try reader.readString()
    guard let action = Action(rawValue: try reader.readString()) else { throw .invalid("an action that is none") }
    let setpoint = try reader.readDouble()
    let reason = try reader.readString()
    guard let state = State(rawValue: try reader.readString()) else { throw .invalid("a command's state that is none") }
    self.init(
      id: id, asset: asset, action: action, setpoint: setpoint.isNaN ? nil : setpoint, reason: reason, state: state,
      issued: try reader.readTimestamp(), expires: try reader.readTimestamp(),
      effect: Effect(
        power: try reader.readDouble(), exchange: try reader.readDouble(), stateOfCharge: try reader.readDouble(),
        cost: try reader.readDouble()))
  }
}
