import PayloadDecoding
import PlantModel
import StreamCore
import WattlineTime

/// Path of a message to a reading.
enum Decoding {
  static let json = HotPath("decode-json", summary: #"read {"value":21.5,"ts":1790000000000}"#) { load in
    try decode(load) { $0.payload }
  }

  static let number = HotPath("decode-number", summary: "read 21.5") { load in
    let text = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
    text.copyBytes(from: Array("21.5".utf8))
    return try decode(load) { _ in UnsafeRawBufferPointer(text) }
  }

  /// Ten metrics by alias in each message, from ten devices.
  static let sparkplug = HotPath("decode-sparkplug", summary: "read a Sparkplug metric by its alias, ten a message") {
    load in
    var plant = load.plants[0]
    plant.topics = [TopicRule(match: "spBv1.0/{group}/+/{edge}/{device}", payload: .sparkplug)]
    var decoder = MessageDecoder(plants: [plant])
    var registers = [PlantRegister(plant: plant)]
    var batches = [ReadingBatch()]
    func send(_ frame: [UInt8]) {
      frame.withUnsafeBytes { bytes in
        var cursor = MessageFrameCursor(bytes)
        while let message = cursor.next() {
          _ = decoder.decode(message, received: SensorLoad.start, registers: &registers, into: &batches)
        }
      }
    }
    func append(_ topic: String, payload: [UInt8], to frame: inout MessageFrameBuilder) {
      Array(topic.utf8).withUnsafeBytes { topic in
        payload.withUnsafeBytes { frame.append(topic: topic, payload: $0, packetID: 0, retained: false) }
      }
    }
    func payload(_ sequence: Int, device: Int?, named: Bool) -> [UInt8] {
      var payload = ProtobufWriter()
      payload.varint(1, value: UInt64(SensorLoad.start.milliseconds))
      for number in 0..<(device == nil ? 0 : 10) {
        var metric = ProtobufWriter()
        if named {
          metric.text(1, value: "Inverter/Value \(number)")
          metric.varint(4, value: 10)
        }
        metric.varint(2, value: UInt64((device ?? 0) * 10 + number))
        metric.varint(3, value: UInt64(SensorLoad.start.milliseconds))
        metric.fixed64(13, value: (Double(sequence) + Double(number) / 10).bitPattern)
        payload.bytes(2, value: metric.bytes)
      }
      payload.varint(3, value: UInt64(sequence % 256))
      return payload.bytes
    }
    var births = MessageFrameBuilder()
    append("spBv1.0/g/NBIRTH/e", payload: payload(0, device: nil, named: true), to: &births)
    for device in 0..<10 {
      append("spBv1.0/g/DBIRTH/e/d\(device)", payload: payload(device + 1, device: device, named: true), to: &births)
    }
    send(births.bytes)
    batches[0].removeAll()
    // Sequence numbers repeat after 256 messages, and devices after ten: 1,280 messages are a multiple of both.
    let frames = (0..<128).map { number in
      var frame = MessageFrameBuilder()
      for device in 0..<10 {
        let data = payload(number * 10 + device + 11, device: device, named: false)
        append("spBv1.0/g/DDATA/e/d\(device)", payload: data, to: &frame)
      }
      return frame.bytes
    }
    var next = 0
    return { passes in
      var readings = 0
      for _ in passes {
        for _ in 0..<load.sensors / 100 {
          send(frames[next])
          next = (next + 1) % frames.count
        }
        readings += batches[0].count
        batches[0].removeAll()
      }
      return readings
    }
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
