package import InfluxSink
package import Journal
import PayloadDecoding
package import PlantConfig
package import PlantModel
import SavingsAccounts
package import Settings
package import StreamCore
package import SystemCore
package import WattlineTime

/// Decoder, plants and encoder of one worker: turns journal records into rendered points for its share of the plants.
///
/// Deterministic: it reads no clock, no file and no random source, so the same records from the same state give the
/// same lines. Restarts are therefore exact, and replays are possible. The number of shares changes neither the lines
/// of all shares together nor the sums of their ledgers.
package struct RecordProcessor {
  private(set) var plants: PlantShard
  package private(set) var ledger = Ledger()
  /// Rendered lines that are not yet handed to the sink.
  package var encoder = LineEncoder()
  let share: Shard
  private(set) var sources: PlantSources
  /// All plants of ``sources``, including those of other shares.
  private var configured: [Plant]
  /// Positions within the share by plant name; `nil` for plants of other shares.
  private var places: [String: Int?]
  private var decoder: MessageDecoder
  /// Reads what came over HTTP and WebSocket; created with its first message.
  private var posted: PostedDecoder?
  private var batches: [ReadingBatch]
  /// Positions of the plants that the current record changes.
  private var spoken: [Int] = []
  /// Part of the decoder's counts per plant that the ledger already includes.
  private var beyondLimits: [UInt64]
  private var refused = RefusedMessages()
  /// Requests about savings in the current record. They concern a logbook outside of the stages.
  private(set) var savingsRequests: [LoggedRequest] = []
  /// Rebirth requests to edge nodes that the current record calls for.
  private(set) var rebirths: [SparkplugRebirth] = []
  /// Maximum size of an unpacked compressed payload [bytes].
  private let maximumUnpacked: Int

  /// Creates a processor without history.
  ///
  /// - Parameters:
  ///   - sources: Configuration of all plants.
  ///   - share: Plants that this processor handles.
  ///   - maximumUnpacked: Maximum size of an unpacked compressed payload [bytes].
  package init(
    sources: PlantSources, share: Shard = .whole, maximumUnpacked: Int = MessageDecoder.maximumPayloadLength
  ) {
    self.init(sources: sources, configured: sources.plants, share: share, maximumUnpacked: maximumUnpacked)
  }

  /// Creates a processor without history from plants that are already parsed.
  ///
  /// - Parameters:
  ///   - sources: Configuration of all plants.
  ///   - configured: The plants that `sources` describe.
  ///   - share: Plants that this processor handles.
  ///   - maximumUnpacked: Maximum size of an unpacked compressed payload [bytes].
  init(
    sources: PlantSources, configured: [Plant], share: Shard,
    maximumUnpacked: Int = MessageDecoder.maximumPayloadLength
  ) {
    self.maximumUnpacked = maximumUnpacked
    self.sources = sources
    self.configured = configured
    self.share = share
    plants = PlantShard(plants: configured.filter { share.has($0.name) })
    decoder = MessageDecoder(plants: configured, share: share, maximumUnpacked: maximumUnpacked)
    batches = plants.plants.map { _ in ReadingBatch() }
    beyondLimits = decoder.beyondLimits
    places = RecordProcessor.places(configured, own: plants)
  }

  private static func places(_ configured: [Plant], own: PlantShard) -> [String: Int?] {
    let positions = own.positions
    return Dictionary(configured.map { ($0.name, positions[$0.name]) }, uniquingKeysWith: { first, _ in first })
  }

  /// Closure that receives every frame after all stages.
  package typealias Observer = (borrowing Frame, PlantRegister) -> Void
  /// Closure that receives the full encoder, possibly in the middle of a record: a record that closes many windows
  /// renders many lines.
  package typealias Drain = (inout LineEncoder) -> Void

  /// Places of topic rules that no message has contained.
  var unseenPlaces: [String] { decoder.unseenPlaces }

  /// Processes one record.
  ///
  /// - Parameters:
  ///   - kind: Kind of the record.
  ///   - received: Receive time of the record.
  ///   - body: Body of the record.
  ///   - observe: Receives every frame after all stages.
  ///   - drain: Receives the encoder whenever it is full.
  /// - Returns: Log lines for people; nearly always empty.
  package mutating func process(
    kind: RecordKind, received: Timestamp, body: UnsafeRawBufferPointer, observe: Observer = { _, _ in },
    drain: Drain = { _ in }
  ) -> [LogEntry] {
    if !rebirths.isEmpty { rebirths.removeAll(keepingCapacity: true) }
    if !savingsRequests.isEmpty { savingsRequests.removeAll(keepingCapacity: true) }
    switch kind {
    case .messages: return process(messages: body, received: received, drain: drain, observe: observe)
    case .tick: tick(received, drain: drain, observe: observe)
    case .configuration: return reconfigure(body, at: received, observe: observe)
    case .passedOver: return passOver(body)
    case .database: return applyDatabaseState(body, at: received, observe: observe)
    case .process: return applyFault(body, at: received, observe: observe)
    case .savings: return applySavings(body, at: received, observe: observe)
    default: break
    }
    return []
  }

  private mutating func process(
    messages body: UnsafeRawBufferPointer, received: Timestamp, drain: Drain, observe: Observer
  ) -> [LogEntry] {
    let beyondBefore = decoder.beyondLimitsInAll
    let unusableBefore = decoder.timesUnusable
    let (missingBefore, refusedBefore) = (decoder.missingValues, decoder.refusedValuesInAll)
    var cursor = MessageFrameCursor(body)
    var instructions: [(plant: Int, instruction: Instruction)] = []
    var notes: [LogEntry] = []
    while let message = cursor.next() {
      if let address = InstructionMessage.address(of: message.topic), let place = places[address.plant] {
        if let plant = place {
          processInstruction(message, subject: address.subject, plant: plant, instructions: &instructions)
        }
        continue
      }
      switch decode(message, received: received) {
      case .elsewhere: continue
      case .readings(let plant, let count):
        if batches[plant].count == count { spoken.append(plant) }
        ledger.decoded += 1
        ledger.readings += UInt64(count)
      case .understood: ledger.decoded += 1
      case .refused(let reason):
        ledger.refuse(reason.rawValue)
        if let words = refused.warning(of: message, reason: reason) { notes.append(words) }
      }
      ledger.messages += 1
    }
    ledger.timesUnusable &+= decoder.timesUnusable &- unusableBefore
    ledger.missingValues &+= decoder.missingValues &- missingBefore
    if decoder.refusedValuesInAll != refusedBefore { ledger.add(decoder.drainRefusedValues()) }
    if posted != nil { settlePosted() }
    if decoder.hasNews { notes += decoder.drainNotices().map { .warning($0) } }
    // Every worker reads every record, so only worker 0 counts malformed ones.
    if cursor.isMalformed, share.number == 0 { ledger.malformedRecords += 1 }
    let (missing, others) = decoder.drainLeftOutMetrics()
    ledger.missingValues &+= missing
    ledger.refusedValues.merge(others, uniquingKeysWith: &+)
    rebirths = decoder.drainRebirths()
    stepSpoken(received: received, drain: drain, observe: observe)
    for (plant, instruction) in instructions {
      instruct(plant, instruction: instruction, received: received, observe: observe)
    }
    return decoder.beyondLimitsInAll == beyondBefore ? notes : notes + limitNotes()
  }

  private mutating func decode(_ message: MessageView, received: Timestamp) -> DecodeOutcome {
    guard PostedTopic.isPosted(message.topic) else {
      return decoder.decode(message, received: received, registers: &plants.registers, into: &batches)
    }
    if posted == nil { posted = PostedDecoder(plants: configured, share: share, maximumUnpacked: maximumUnpacked) }
    return posted?.decode(message, received: received, registers: &plants.registers, into: &batches) ?? .elsewhere
  }

  /// Adds the accounts of posted readings to the ledger.
  private mutating func settlePosted() {
    guard let counts = posted?.drain() else { return }
    ledger.timesUnusable &+= counts.timesUnusable
    ledger.missingValues &+= counts.missingValues
    ledger.beyondLimits &+= counts.beyondLimits
    ledger.add(counts.refusedValues)
  }

  /// Steps the plants for which the record has readings or changes of availability.
  ///
  /// - Parameters:
  ///   - received: Receive time of the record.
  ///   - drain: Receives the encoder whenever it is full.
  ///   - observe: Receives every frame after all stages.
  private mutating func stepSpoken(received: Timestamp, drain: Drain, observe: Observer) {
    for plant in decoder.plantsWithAvailability where !spoken.contains(plant) { spoken.append(plant) }
    // Ascending positions make the order independent of the arrival order of messages.
    spoken.sort()
    for plant in spoken {
      let changes = decoder.drainAvailability(plant: plant, in: plants.registers[plant])
      plants.step(plant: plant, readings: batches[plant], availability: changes, received: received) {
        frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
      batches[plant].removeAll()
      if encoder.isFull { drain(&encoder) }
    }
    spoken.removeAll(keepingCapacity: true)
  }

  /// Parses an instruction. It is carried out after the readings of its record.
  ///
  /// - Parameters:
  ///   - message: The message.
  ///   - subject: Subject in the message's topic.
  ///   - plant: Position of the plant.
  ///   - instructions: Receives the parsed instruction.
  private mutating func processInstruction(
    _ message: MessageView, subject: String, plant: Int,
    instructions: inout [(plant: Int, instruction: Instruction)]
  ) {
    ledger.messages += 1
    switch InstructionMessage.read(message, subject: subject) {
    case .success(let instruction): instructions.append((plant, instruction))
    case .failure(let reason): ledger.refuse(reason.rawValue)
    }
  }

  /// Passes an instruction to a plant's stages and counts it as decoded or refused.
  ///
  /// - Parameters:
  ///   - plant: Position of the plant.
  ///   - instruction: The instruction.
  ///   - received: Receive time of its record.
  ///   - observe: Receives the frame.
  private mutating func instruct(
    _ plant: Int, instruction: Instruction, received: Timestamp, observe: Observer
  ) {
    if instruction.subject == SavingsRequest.subject, !plants.plants[plant].savings.isEmpty {
      guard let request = SavingsRequest(instruction.members) else {
        savingsRequests.append(LoggedRequest(instruction, of: plants.plants[plant], request: nil, received: received))
        return ledger.refuse(Instruction.Refusal.notUnderstood.rawValue)
      }
      ledger.decoded += 1
      savingsRequests.append(LoggedRequest(instruction, of: plants.plants[plant], request: request, received: received))
      return
    }
    plants.instruct(plant: plant, instructions: [instruction], received: received) { frame, register in
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

  /// Returns a log line for each plant that refuses new assets or sensors; once a plant and configuration.
  private mutating func limitNotes() -> [LogEntry] {
    var notes: [LogEntry] = []
    for plant in decoder.beyondLimits.indices where decoder.beyondLimits[plant] > beyondLimits[plant] {
      ledger.beyondLimits += decoder.beyondLimits[plant] - beyondLimits[plant]
      if beyondLimits[plant] == 0 {
        let (limits, name) = (plants.plants[plant].limits, plants.plants[plant].name)
        let words =
          "plant \(name): it has as many assets or sensors as it may have (limits: {assets: \(limits.assets), sensors: "
          + "\(limits.sensors)}); readings of further ones are refused and counted"
        notes.append(.warning(words, fields: [.plant: name]))
      }
      beyondLimits[plant] = decoder.beyondLimits[plant]
    }
    return notes
  }

  private mutating func tick(_ timestamp: Timestamp, drain: Drain, observe: Observer) {
    for plant in 0..<plants.count {
      plants.tick(plant: plant, at: timestamp) { frame, register in
        encoder.append(frame.readings, of: register)
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
      if encoder.isFull { drain(&encoder) }
    }
  }

  private mutating func passOver(_ body: UnsafeRawBufferPointer) -> [LogEntry] {
    // Every worker reads every record, so only worker 0 adds these counts.
    guard share.number == 0 else { return [] }
    do throws(SnapshotError) { ledger.add(try SkippedMessages(record: body)) } catch {
      return [.error("a count of messages in the journal cannot be read (\(error))")]
    }
    return []
  }

  private mutating func applyDatabaseState(
    _ body: UnsafeRawBufferPointer, at timestamp: Timestamp, observe: Observer
  ) -> [LogEntry] {
    let trouble: DatabaseTrouble
    do throws(SnapshotError) { trouble = try DatabaseTrouble(record: body) } catch {
      return share.number == 0 ? [.error("a record about the database in the journal cannot be read (\(error))")] : []
    }
    take(trouble.news, at: timestamp, observe: observe)
    return []
  }

  private mutating func applyFault(
    _ body: UnsafeRawBufferPointer, at timestamp: Timestamp, observe: Observer
  ) -> [LogEntry] {
    do throws(SnapshotError) {
      take(.fault(try ProcessFault(record: body)), at: timestamp, observe: observe)
      return []
    } catch {
      return share.number == 0 ? [.error("a record about the process in the journal cannot be read (\(error))")] : []
    }
  }

  private mutating func applySavings(
    _ body: UnsafeRawBufferPointer, at timestamp: Timestamp, observe: Observer
  ) -> [LogEntry] {
    do throws(SnapshotError) {
      let news = try SavingsNews(record: body)
      guard let plant = plants.positions[news.plant] else { return [] }
      plants.take(.savings(news), plant: plant, at: timestamp) { frame, register in
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
      return []
    } catch {
      return share.number == 0 ? [.error("a record about savings in the journal cannot be read (\(error))")] : []
    }
  }

  /// Passes news of the process to every plant.
  private mutating func take(_ news: ProcessNews, at timestamp: Timestamp, observe: Observer) {
    for plant in 0..<plants.count {
      plants.take(news, plant: plant, at: timestamp) { frame, register in
        encoder.append(frame.points, of: register)
        observe(frame, register)
      }
    }
  }

  private mutating func reconfigure(
    _ body: UnsafeRawBufferPointer, at timestamp: Timestamp, observe: Observer
  ) -> [LogEntry] {
    var reader = SnapshotReader(Array(body))
    let next: PlantSources
    do throws(SnapshotError) { next = try ConfigurationRecord.read(from: &reader) } catch {
      let words = "a change of configuration in the journal cannot be read (\(error)); the one before it stays"
      return share.number == 0 ? [.error(words)] : []
    }
    guard next != sources else { return [] }
    sources = next
    let configured = next.plants
    guard configured != self.configured else { return [] }
    self.configured = configured
    let (changed, restarted) = plants.reconfigured(to: configured.filter { share.has($0.name) })
    for (position, plant) in plants.plants.enumerated() {
      if restarted.contains(plant.name) || !configured.contains(where: { $0.name == plant.name }) {
        plants.take(.retirement, plant: position, at: timestamp) { frame, register in
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
    posted = nil
    refused = RefusedMessages()
    places = RecordProcessor.places(configured, own: plants)
    return restarted.map {
      .warning("plant \($0): its assets changed, so its windows and models start anew", fields: [.plant: $0])
    }
  }
}

extension RecordProcessor {
  /// Puts the standing alerts of a plant into its view.
  mutating func observeStanding(plant name: String) {
    if let position = plants.positions[name] { plants.observeStanding(plant: position) }
  }

  /// Continues from the ledger of a saved state.
  mutating func resume(_ ledger: Ledger) { self.ledger = ledger }

  /// Restores the saved state of a plant; see ``PlantShard/restore(from:)``.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) -> String? {
    try plants.restore(from: &reader)
  }

  /// Writes the decoder's state about a plant's senders, preceded by the plant's name.
  ///
  /// - Returns: `false` if there is none; nothing is written then.
  func snapshotSenders(plant: Int, into writer: inout SnapshotWriter) -> Bool {
    guard decoder.hasState(ofPlant: plant) else { return false }
    writer.write(plants.plants[plant].name)
    decoder.snapshot(plant: plant, into: &writer)
    return true
  }

  /// Restores the state that ``snapshotSenders(plant:into:)`` wrote, if the plant belongs to this share.
  mutating func restoreSenders(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard let plant = plants.positions[try reader.readString()] else { return }
    try decoder.restore(plant: plant, from: &reader)
  }
}
