import Cleaning
import FeatureWindows
import InfluxSink
import Journal
import PayloadDecoding
import Pipeline
import PlantModel
import StreamCore
import WattlineTime

/// Path of a message to its lines, through the four stages that every reading passes.
enum MainStages {
  static let hotPath = HotPath("stages", summary: "decode, clean, windows, encode; all they say, minute marks included")
  {
    load in
    var decoder = MessageDecoder(plants: load.plants)
    var registers = load.plants.map(PlantRegister.init)
    var batches = load.plants.map { _ in ReadingBatch() }
    var stages = load.plants.map { _ in StageChain([CleaningStage(), FeatureWindowStage()]) }
    var encoder = LineEncoder()
    var frame = Frame()
    return { passes in
      for pass in passes {
        let received = load.received(pass)
        load.forEachMessage(pass) { message in
          _ = decoder.decode(message, received: received, registers: &registers, into: &batches)
        }
        for plant in batches.indices {
          frame.reset(cause: .readings, received: received, clock: received.floored(to: .minute))
          swap(&frame.readings, &batches[plant])
          step(plant)
          guard pass % 60 == 59 else { continue }
          frame.reset(cause: .minute, received: received, clock: received.floored(to: .minute))
          step(plant)
        }
      }
      return passes.count * load.sensors
    }
    func step(_ plant: Int) {
      guard stages[plant].step(&frame, in: registers[plant]) else { return }
      encoder.append(frame.readings, of: registers[plant])
      encoder.append(frame.points, of: registers[plant])
      if encoder.isFull { encoder.reset() }
    }
  }
}

/// Path of a journal record through every stage to line protocol, as in a worker.
enum AllStages {
  static let hotPath = HotPath(
    "pipeline", summary: "every stage from a journal record to line protocol, once a second a tick"
  ) {
    load in
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
