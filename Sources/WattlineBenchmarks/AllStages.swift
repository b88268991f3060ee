import Journal
import Pipeline

/// From the body of a journal record through every stage to line protocol.
enum AllStages {
  static let hotPath = HotPath("stages", "decode, clean, windows, forecast, health, alerts, dispatch, encode") { load in
    var processor = RecordProcessor(sources: load.sources)
    return { passes in
      for pass in passes {
        load.frames[pass].withUnsafeBytes {
          _ = processor.process(kind: .messages, received: load.received(pass), body: $0)
        }
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        _ = processor.process(kind: .tick, received: load.received(pass), body: empty)
        if processor.encoder.isFull { processor.encoder.reset() }
      }
      return passes.count * load.sensors
    }
  }
}
