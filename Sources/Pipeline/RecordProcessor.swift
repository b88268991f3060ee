import InfluxSink
import Journal
import MQTTSource
import PlantConfig
import PlantModel
import StreamCore

/// Records of the journal in, rendered points out: decoder, plants and encoder of one worker.
///
/// It reads no clock, no file and no random source, so the same records from the same state give the same lines. That
/// makes a restart exact and a replay possible.
package struct RecordProcessor {
  private static let version: UInt16 = 1

  private(set) var plants: PlantSet
  package private(set) var ledger = Ledger()
  /// Lines that wait to be handed over.
  package var encoder = LineEncoder()
  private var sources: PlantSources
  private var decoder: MessageDecoder
  private var batches: [ReadingBatch]
  /// What of the decoder's count is in the ledger.
  private var beyondLimits: [UInt64]

  /// Plants without any history.
  package init(sources: PlantSources) {
    self.sources = sources
    let configured = sources.plants
    plants = PlantSet(plants: configured)
    decoder = MessageDecoder(plants: configured)
    batches = configured.map { _ in ReadingBatch() }
    beyondLimits = decoder.beyondLimits
  }

  /// What is shown every frame after all stages.
  package typealias Observer = (borrowing Frame, PlantRegister) -> Void

  /// Processes one record. Returns what a person should be told of it, which is nearly always nothing.
  package mutating func process(
    kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer, observe: Observer = { _, _ in }
  ) -> [String] {
    switch kind {
    case .messages: return take(messages: body, received: received, observe)
    case .tick: tick(received, observe)
    case .configuration: return reconfigure(body)
    default: break
    }
    return []
  }

  private mutating func take(
    messages body: UnsafeRawBufferPointer, received: Timestamp, _ observe: Observer
  ) -> [String] {
    var cursor = MessageFrameCursor(body)
    var instructions: [(plant: Int, instruction: Instruction)] = []
    while let message = cursor.next() {
      ledger.messages += 1
      if let address = InstructionMessage.address(of: message.topic),
        let plant = plants.plants.firstIndex(where: { $0.name == address.plant })
      {
        switch InstructionMessage.read(message, subject: address.subject) {
        case .success(let instruction): instructions.append((plant, instruction))
        case .failure(let reason): ledger.refuse(reason.rawValue)
        }
        continue
      }
      switch decoder.decode(message, received: received, registers: &plants.registers, into: &batches) {
      case .readings(_, let count):
        ledger.decoded += 1
        ledger.readings += UInt64(count)
      case .refused(let reason): ledger.refuse(reason.rawValue)
      }
    }
    if cursor.isMalformed { ledger.malformedRecords += 1 }
    for plant in 0..<plants.count where !batches[plant].isEmpty {
      plants.step(plant: plant, batches[plant], received: received) { frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
      batches[plant].removeAll()
    }
    for (plant, instruction) in instructions { instruct(plant, instruction, received, observe) }
    return limitNotes()
  }

  /// Has a plant's stages take or refuse what is asked of it, which counts as decoded or refused.
  private mutating func instruct(
    _ plant: Int, _ instruction: Instruction, _ received: Timestamp, _ observe: Observer
  ) {
    plants.instruct(plant: plant, [instruction], received: received) { frame, register in
      for instruction in frame.instructions {
        switch instruction.outcome {
        case .taken: ledger.decoded += 1
        case .open: ledger.refuse(Instruction.Refusal.unknownSubject.rawValue)
        case .refused(let refusal): ledger.refuse(refusal.rawValue)
        }
      }
      encoder.append(frame.points, of: register)
      observe(frame, register)
    }
  }

  /// Says once a plant, and again after a change of configuration, that it takes nothing new in.
  private mutating func limitNotes() -> [String] {
    var notes: [String] = []
    for plant in decoder.beyondLimits.indices where decoder.beyondLimits[plant] > beyondLimits[plant] {
      ledger.beyondLimits += decoder.beyondLimits[plant] - beyondLimits[plant]
      if beyondLimits[plant] == 0 {
        let limits = plants.plants[plant].limits
        notes.append(
          "plant \(plants.plants[plant].name): it has as many assets or sensors as it may have (limits: {assets: "
            + "\(limits.assets), sensors: \(limits.sensors)}); readings of further ones are refused and counted")
      }
      beyondLimits[plant] = decoder.beyondLimits[plant]
    }
    return notes
  }

  private mutating func tick(_ moment: Timestamp, _ observe: Observer) {
    for plant in 0..<plants.count {
      plants.tick(plant: plant, moment) { frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
    }
  }

  private mutating func reconfigure(_ body: UnsafeRawBufferPointer) -> [String] {
    var reader = SnapshotReader(Array(body))
    let next: PlantSources
    do throws(SnapshotError) { next = try ConfigurationRecord.read(from: &reader) } catch {
      return ["a change of configuration in the journal cannot be read (\(error)); the one before it stays"]
    }
    sources = next
    let configured = next.plants
    guard configured != plants.plants else { return [] }
    for plant in plants.plants { encoder.forget(plant: plant.name) }
    let (changed, restarted) = plants.reconfigured(to: configured)
    plants = changed
    decoder = MessageDecoder(plants: configured)
    batches = configured.map { _ in ReadingBatch() }
    beyondLimits = decoder.beyondLimits
    return restarted.map { "plant \($0): its assets changed, so its windows and models start anew" }
  }
}

extension RecordProcessor {
  /// Writes the configuration, the ledger and the state of every plant; lines that wait are not part of it.
  func snapshot() -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(RecordProcessor.version)
    ConfigurationRecord.write(sources, to: &writer)
    ledger.snapshot(into: &writer)
    plants.snapshot(into: &writer)
    return writer.bytes
  }

  /// The processor that ``snapshot()`` wrote, and the names of plants whose state could not be taken up.
  static func restored(
    from bytes: [UInt8]
  ) throws(SnapshotError) -> (processor: RecordProcessor, rebuilt: [String]) {
    var reader = SnapshotReader(bytes)
    try reader.expect(version: version, of: "the worker's state")
    var processor = RecordProcessor(sources: try ConfigurationRecord.read(from: &reader))
    processor.ledger = try Ledger(restoring: &reader)
    let rebuilt = try processor.plants.restore(from: &reader)
    return (processor, rebuilt)
  }
}
