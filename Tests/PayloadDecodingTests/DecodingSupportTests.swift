import PayloadDecoding
import PlantModel
import StreamCore
import Testing
import WattlineTime

/// A decoder with its registers and batches, and what the last message left in them.
struct DecoderBench {
  static let received = Timestamp(seconds: 1_800_000_000)

  var decoder: MessageDecoder
  var registers: [PlantRegister]
  var batches: [ReadingBatch]

  init(_ rules: [TopicRule], timezone: String = "Europe/Berlin", sensors: [SensorOverride] = []) {
    self.init(plants: [DecoderBench.plant("p", rules: rules, timezone: timezone, sensors: sensors)])
  }

  init(plants: [Plant]) {
    decoder = MessageDecoder(plants: plants)
    registers = plants.map { PlantRegister(plant: $0) }
    batches = plants.map { _ in ReadingBatch() }
  }

  static func plant(
    _ name: String, rules: [TopicRule], timezone: String = "UTC", sensors: [SensorOverride] = [],
    limits: PlantLimits = PlantLimits()
  ) -> Plant {
    var plant = Plant(
      name: name, location: Location(latitude: 52, longitude: 13, timezone: timezone), topics: rules, sensors: sensors)
    plant.limits = limits
    return plant
  }

  /// A bench whose plant takes in no more than it is told.
  static func limited(_ rules: [TopicRule], assets: Int = 1_000, sensors: Int) -> DecoderBench {
    var limits = PlantLimits()
    limits.assets = assets
    limits.sensors = sensors
    return DecoderBench(plants: [plant("p", rules: rules, limits: limits)])
  }

  mutating func send(_ topic: String, payload: String, retained: Bool = false) -> DecodeOutcome {
    send(Array(topic.utf8), payload: Array(payload.utf8), retained: retained)
  }

  mutating func send(_ topic: [UInt8], payload: [UInt8], retained: Bool = false) -> DecodeOutcome {
    for i in batches.indices { batches[i].removeAll() }
    var frame = MessageFrameBuilder()
    topic.withUnsafeBytes { topicBytes in
      payload.withUnsafeBytes { frame.append(topic: topicBytes, payload: $0, packetID: 1, retained: retained) }
    }
    return frame.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      guard let message = cursor.next() else { return .refused(.unmatchedTopic) }
      return decoder.decode(message, received: DecoderBench.received, registers: &registers, into: &batches)
    }
  }

  /// Raw values of the last message by `asset.sensor`.
  var readings: [String: Double] {
    var result: [String: Double] = [:]
    for (batch, register) in zip(batches, registers) {
      for i in 0..<batch.count {
        let series = register.series[batch.series[i].position]
        result["\(register.assets[series.asset.position].name).\(series.sensor)"] = batch.raw[i]
      }
    }
    return result
  }

  /// Raw values of the last message by sensor.
  var bySensor: [String: Double] {
    var result: [String: Double] = [:]
    for i in 0..<batches[0].count {
      result[registers[0].series[batches[0].series[i].position].sensor] = batches[0].raw[i]
    }
    return result
  }
}

extension TopicRule.Value {
  /// Values in a short form.
  static func list(_ pairs: KeyValuePairs<String, String>) -> [TopicRule.Value] {
    pairs.map { TopicRule.Value(name: $0.key, path: $0.value) }
  }
}

/// One message, the rule that takes it in, and what must come of it.
struct DecodingCase: Sendable, CustomTestStringConvertible {
  var name: String
  var rule: TopicRule
  var topic: String
  var payload: String
  var readings: [String: Double] = [:]
  var refusal: RefusalReason?
  var time: Timestamp?

  var testDescription: String { name }

  func check() {
    var bench = DecoderBench([rule])
    let outcome = bench.send(topic, payload: payload)
    if let refusal {
      #expect(outcome == .refused(refusal))
      #expect(bench.readings.isEmpty)
      return
    }
    #expect(outcome == .readings(plant: 0, count: readings.count))
    #expect(Set(bench.readings.keys) == Set(readings.keys))
    for (name, value) in readings {
      #expect(abs((bench.readings[name] ?? .nan) - value) <= 1e-9 * max(1, abs(value)), "\(name)")
    }
    if let time {
      #expect(bench.batches[0].time.allSatisfy { $0 == time })
      #expect(bench.batches[0].hasSourceTime.allSatisfy { $0 })
    }
  }
}
