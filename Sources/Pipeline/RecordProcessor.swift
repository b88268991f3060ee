import InfluxSink
import Journal
import PayloadDecoding
import PlantConfig
import PlantModel
import StreamCore

/// Records of the journal in, rendered points out: decoder, plants and encoder of one worker, for its share of the plants.
///
/// It reads no clock, no file and no random source, so the same records from the same state give the same lines. That
/// makes a restart exact and a replay possible. However many shares there are, all together give the same lines, and
/// their ledgers the same sums.
package struct RecordProcessor {
  private(set) var plants: PlantSet
  package private(set) var ledger = Ledger()
  /// Lines that wait to be handed over.
  package var encoder = LineEncoder()
  let share: PlantShare
  private(set) var sources: PlantSources
  /// All plants of ``sources``, of whatever share.
  private var configured: [Plant]
  /// Positions within the share by name; `nil` for plants of other shares.
  private var places: [String: Int?]
  private var decoder: MessageDecoder
  private var batches: [ReadingBatch]
  /// Plants of which the record at hand has readings.
  private var spoken: [Int] = []
  /// What of the decoder's count is in the ledger.
  private var beyondLimits: [UInt64]
  private var refused = RefusedMessages()
  /// Edge nodes that are to be asked for a rebirth because of the record at hand.
  private(set) var rebirths: [SparkplugRebirth] = []
  /// Most bytes that a compressed payload may unpack to.
  private let maximumUnpacked: Int

  /// Plants without any history.
  package init(
    sources: PlantSources, share: PlantShare = .whole, maximumUnpacked: Int = MessageDecoder.maximumPayloadLength
  ) {
    self.init(sources: sources, configured: sources.plants, share: share, maximumUnpacked: maximumUnpacked)
  }

  /// The same, where `configured`, what `sources` describe, is at hand.
  init(
    sources: PlantSources, configured: [Plant], share: PlantShare,
    maximumUnpacked: Int = MessageDecoder.maximumPayloadLength
  ) {
    self.maximumUnpacked = maximumUnpacked
    self.sources = sources
    self.configured = configured
    self.share = share
    plants = PlantSet(plants: configured.filter { share.has($0.name) })
    decoder = MessageDecoder(plants: configured, share: share, maximumUnpacked: maximumUnpacked)
    batches = plants.plants.map { _ in ReadingBatch() }
    beyondLimits = decoder.beyondLimits
    places = RecordProcessor.places(configured, plants)
  }

  private static func places(_ configured: [Plant], _ own: PlantSet) -> [String: Int?] {
    let positions = own.positions
    return Dictionary(configured.map { ($0.name, positions[$0.name]) }, uniquingKeysWith: { first, _ in first })
  }

  /// What is shown every frame after all stages.
  package typealias Observer = (borrowing Frame, PlantRegister) -> Void
  /// Gets the encoder when it is full, also in the middle of a record: one in which many windows close has many lines.
  package typealias Drain = (inout LineEncoder) -> Void

  /// Places of rules that no message has had.
  var unseenPlaces: [String] { decoder.unseenPlaces }

  /// Processes one record. Returns what a person should be told of it, which is nearly always nothing.
  package mutating func process(
    kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer, observe: Observer = { _, _ in },
    drain: Drain = { _ in }
  ) -> [String] {
    if !rebirths.isEmpty { rebirths.removeAll(keepingCapacity: true) }
    switch kind {
    case .messages: return take(messages: body, received: received, drain, observe)
    case .tick: tick(received, drain, observe)
    case .configuration: return reconfigure(body, received, observe)
    case .passedOver: return passOver(body)
    case .database: return note(database: body, received, observe)
    default: break
    }
    return []
  }

  private mutating func take(
    messages body: UnsafeRawBufferPointer, received: Timestamp, _ drain: Drain, _ observe: Observer
  ) -> [String] {
    let beyondBefore = decoder.beyondLimitsInAll
    let unusableBefore = decoder.timesUnusable
    let (missingBefore, refusedBefore) = (decoder.missingValues, decoder.refusedValuesInAll)
    var cursor = MessageFrameCursor(body)
    var instructions: [(plant: Int, instruction: Instruction)] = []
    var notes: [String] = []
    while let message = cursor.next() {
      if let address = InstructionMessage.address(of: message.topic), let place = places[address.plant] {
        if let plant = place { take(message, address.subject, plant, &instructions) }
        continue
      }
      switch decoder.decode(message, received: received, registers: &plants.registers, into: &batches) {
      case .elsewhere: continue
      case .readings(let plant, let count):
        if batches[plant].count == count { spoken.append(plant) }
        ledger.decoded += 1
        ledger.readings += UInt64(count)
      case .understood: ledger.decoded += 1
      case .refused(let reason):
        ledger.refuse(reason.rawValue)
        if let words = refused.words(of: message, reason) { notes.append(words) }
      }
      ledger.messages += 1
    }
    ledger.timesUnusable &+= decoder.timesUnusable &- unusableBefore
    ledger.missingValues &+= decoder.missingValues &- missingBefore
    if decoder.refusedValuesInAll != refusedBefore { ledger.add(decoder.takeRefusedValues()) }
    if decoder.hasNews { notes += decoder.takeNews() }
    // Records belong to nobody; one worker counts them.
    if cursor.isMalformed, share.number == 0 { ledger.malformedRecords += 1 }
    let (missing, others) = decoder.takeLeftOutMetrics()
    ledger.missingValues &+= missing
    ledger.refusedValues.merge(others, uniquingKeysWith: &+)
    rebirths = decoder.takeRebirths()
    for plant in decoder.plantsWithAvailability where !spoken.contains(plant) { spoken.append(plant) }
    // In their order, however their messages came.
    spoken.sort()
    for plant in spoken {
      let changes = decoder.takeAvailability(plant: plant, in: plants.registers[plant])
      plants.step(plant: plant, batches[plant], changes, received: received) { frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
      batches[plant].removeAll()
      if encoder.isFull { drain(&encoder) }
    }
    spoken.removeAll(keepingCapacity: true)
    for (plant, instruction) in instructions { instruct(plant, instruction, received, observe) }
    return decoder.beyondLimitsInAll == beyondBefore ? notes : notes + limitNotes()
  }

  /// Reads an instruction; it is followed after the readings of its record.
  private mutating func take(
    _ message: MessageView, _ subject: String, _ plant: Int,
    _ instructions: inout [(plant: Int, instruction: Instruction)]
  ) {
    ledger.messages += 1
    switch InstructionMessage.read(message, subject: subject) {
    case .success(let instruction): instructions.append((plant, instruction))
    case .failure(let reason): ledger.refuse(reason.rawValue)
    }
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

  private mutating func tick(_ moment: Timestamp, _ drain: Drain, _ observe: Observer) {
    for plant in 0..<plants.count {
      plants.tick(plant: plant, moment) { frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
      if encoder.isFull { drain(&encoder) }
    }
  }

  private mutating func passOver(_ body: UnsafeRawBufferPointer) -> [String] {
    // Those messages belong to nobody; one worker counts them.
    guard share.number == 0 else { return [] }
    do throws(SnapshotError) { ledger.add(try PassedOver(record: body)) } catch {
      return ["a count of messages in the journal cannot be read (\(error))"]
    }
    return []
  }

  private mutating func note(
    database body: UnsafeRawBufferPointer, _ moment: Timestamp, _ observe: Observer
  ) -> [String] {
    let trouble: DatabaseTrouble
    do throws(SnapshotError) { trouble = try DatabaseTrouble(record: body) } catch {
      return share.number == 0 ? ["a record about the database in the journal cannot be read (\(error))"] : []
    }
    for plant in 0..<plants.count {
      plants.note(trouble, plant: plant, moment) { frame, register in
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
    }
    return []
  }

  private mutating func reconfigure(
    _ body: UnsafeRawBufferPointer, _ moment: Timestamp, _ observe: Observer
  ) -> [String] {
    var reader = SnapshotReader(Array(body))
    let next: PlantSources
    do throws(SnapshotError) { next = try ConfigurationRecord.read(from: &reader) } catch {
      let words = "a change of configuration in the journal cannot be read (\(error)); the one before it stays"
      return share.number == 0 ? [words] : []
    }
    guard next != sources else { return [] }
    sources = next
    let configured = next.plants
    guard configured != self.configured else { return [] }
    self.configured = configured
    let (changed, restarted) = plants.reconfigured(to: configured.filter { share.has($0.name) })
    for (position, plant) in plants.plants.enumerated() {
      if restarted.contains(plant.name) || !configured.contains(where: { $0.name == plant.name }) {
        plants.retire(plant: position, moment) { frame, register in
          encoder.append(frame.points, of: register)
          observe(frame, register)
        }
      }
      encoder.forget(plant: plant.name)
    }
    let positionsBefore = plants.positions
    plants = changed
    let before = decoder
    decoder = MessageDecoder(plants: configured, share: share, maximumUnpacked: maximumUnpacked)
    for (name, position) in plants.positions {
      if let old = positionsBefore[name] { decoder.adopt(plant: position, from: before, plant: old) }
    }
    batches = plants.plants.map { _ in ReadingBatch() }
    beyondLimits = decoder.beyondLimits
    refused = RefusedMessages()
    places = RecordProcessor.places(configured, plants)
    return restarted.map { "plant \($0): its assets changed, so its windows and models start anew" }
  }
}

extension RecordProcessor {
  /// Goes on with the accounts of a saved state.
  mutating func resume(_ ledger: Ledger) { self.ledger = ledger }

  /// Goes on with the saved state of a plant; see ``PlantSet/restore(from:)``.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) -> String? {
    try plants.restore(from: &reader)
  }

  /// Writes what the decoder knows of a plant's senders, with the plant's name. False where that is nothing.
  func snapshotSenders(plant: Int, into writer: inout SnapshotWriter) -> Bool {
    guard decoder.hasState(ofPlant: plant) else { return false }
    writer.write(plants.plants[plant].name)
    decoder.snapshot(plant: plant, into: &writer)
    return true
  }

  /// Takes up what ``snapshotSenders(plant:into:)`` wrote, if the plant is one of these.
  mutating func restoreSenders(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard let plant = plants.positions[try reader.readString()] else { return }
    try decoder.restore(plant: plant, from: &reader)
  }
}
