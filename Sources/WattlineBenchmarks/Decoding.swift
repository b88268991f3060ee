import PayloadDecoding
import PlantModel
import StreamCore

/// From a message to a reading.
enum Decoding {
  static let json = HotPath("decode-json", #"read {"value":21.5,"ts":1790000000000}"#) { load in
    try decode(load) { $0.payload }
  }

  static let number = HotPath("decode-number", "read 21.5") { load in
    let text = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
    text.copyBytes(from: Array("21.5".utf8))
    return try decode(load) { _ in UnsafeRawBufferPointer(text) }
  }

  private static func decode(
    _ load: SensorLoad, payload: @escaping (MessageView) -> UnsafeRawBufferPointer
  ) throws -> HotPath.Work {
    var decoder = MessageDecoder(plants: load.plants)
    var registers = load.plants.map(PlantRegister.init)
    var batches = load.plants.map { _ in ReadingBatch() }
    return { passes in
      var readings = 0
      for pass in passes {
        load.forEachMessage(pass) { message in
          var message = message
          message.payload = payload(message)
          _ = decoder.decode(message, received: load.received(pass), registers: &registers, into: &batches)
        }
        for plant in batches.indices {
          readings += batches[plant].count
          batches[plant].removeAll()
        }
      }
      return readings
    }
  }
}
