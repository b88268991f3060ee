import PlantModel
public import StreamCore

extension DerivationStage {
  private static let layout: UInt16 = 2

  /// Writes the state of inputs and sensors, each by name.
  public func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Self.layout)
    writer.write(inputs.indices.map { $0 }) { writer, input in
      writer.write(inputs[input].asset)
      writer.write(inputs[input].sensor)
      let history = histories[input]
      Self.write(history.newest, to: &writer)
      writer.write(history.remembered) { Self.write($1, to: &$0) }
      writer.write(history.interval.remembered) { $0.write($1) }
      writer.write(history.level)
      writer.write(history.fall.time)
      writer.write(history.fall.value)
    }
    writer.write(sensors) { writer, sensor in
      writer.write(sensor.name.asset)
      writer.write(sensor.name.sensor)
      writer.write(sensor.text)
      sensor.timestamps.write(to: &writer)
    }
  }

  /// Restores the state of those inputs and sensors that still exist. Waiting timestamps of a sensor whose expression
  /// has changed are dropped.
  ///
  /// - Throws: `SnapshotError` if the layout version differs or the data is damaged.
  public mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try reader.expect(version: Self.layout, of: "derived sensors")
    let kept = try reader.readArray(elementSize: 59) { (reader) throws(SnapshotError) in
      let name = SensorName(asset: try reader.readString(), sensor: try reader.readString())
      let newest = try Self.sample(from: &reader)
      let samples = try reader.readArray(elementSize: 19) { (reader) throws(SnapshotError) in
        try Self.sample(from: &reader)
      }
      let gaps = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in try reader.readTimeSpan() }
      var history = InputHistory(samples: samples, newest: newest, gaps: gaps)
      history.level = try reader.readDouble()
      history.fall = (time: try reader.readTimestamp(), value: try reader.readDouble())
      return (name, history)
    }
    for (name, history) in kept {
      if let input = inputByName[name] { histories[Int(input)] = history }
    }
    let states = try reader.readArray(elementSize: 20) { (reader) throws(SnapshotError) in
      (
        name: SensorName(asset: try reader.readString(), sensor: try reader.readString()),
        text: try reader.readString(), timestamps: try Timestamps(from: &reader)
      )
    }
    let positions = Dictionary(sensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    for state in states {
      guard let position = positions[state.name] else { continue }
      sensors[position].timestamps = state.timestamps
      let isKnown = state.timestamps.allSatisfy { $0.heard & ~sensors[position].all == 0 }
      if sensors[position].text != state.text || !isKnown { sensors[position].timestamps.forgetWaiting() }
    }
    waiting = sensors.reduce(0) { $0 + $1.timestamps.count }
  }

  private static func write(_ sample: InputSample, to writer: inout SnapshotWriter) {
    writer.write(sample.time)
    writer.write(sample.value)
    writer.write(sample.flags.rawValue)
    writer.write(sample.isOpen)
  }

  private static func sample(from reader: inout SnapshotReader) throws(SnapshotError) -> InputSample {
    InputSample(
      time: try reader.readTimestamp(), value: try reader.readDouble(),
      flags: QualityFlags(rawValue: try reader.read(UInt16.self)), isOpen: try reader.readBool())
  }
}
