import PayloadDecoding
import PlantModel
import StreamCore

/// Path of a topic to its plant, asset and sensor: decoding without the payload.
enum TopicMatching {
  static let hotPath = HotPath("topic", summary: "find plant, asset and sensor of a topic") { load in
    var decoder = MessageDecoder(plants: load.plants)
    var registers = load.plants.map(PlantRegister.init)
    var batches = load.plants.map { _ in ReadingBatch() }
    return { passes in
      for pass in passes {
        load.forEachMessage(pass) { message in
          // Without a payload, a message is refused right after its topic is found.
          var bare = message
          bare.payload = UnsafeRawBufferPointer(start: nil, count: 0)
          _ = decoder.decode(bare, received: load.received(pass), registers: &registers, into: &batches)
        }
      }
      return passes.count * load.sensors
    }
  }
}
