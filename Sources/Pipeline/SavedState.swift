import Journal
import PayloadDecoding
import PlantConfig
import PlantModel
import StreamCore

/// The state of all workers at one offset, as the parts of a checkpoint: first the configuration, then for each worker
/// the configuration again and its ledger, and for each plant its series and stages, and what is known of those who
/// send for it. Nothing in it depends on how many
/// workers there were, so any number may go on from it.
struct SavedState: Sendable {
  /// What a part is about; its first byte.
  private enum Kind: UInt8 {
    case configuration = 0
    case ledger = 1
    case plant = 2
    /// Only of plants whose messages cannot be read without what came before, such as those of Sparkplug.
    case senders = 3
  }

  private static let version: UInt16 = 3

  /// The configuration by which messages were read.
  let sources: PlantSources
  /// The sum of all workers'.
  private(set) var ledger = Ledger()
  private let count: Int
  private let part: @Sendable (Int) throws -> [UInt8]

  /// A state of `count` parts; reads configuration and ledger.
  init(count: Int, part: @escaping @Sendable (Int) throws -> [UInt8]) throws {
    self.count = count
    self.part = part
    guard count > 0 else { throw SnapshotError.truncated(at: 0) }
    var first = SnapshotReader(try part(0))
    guard try first.read(UInt8.self) == Kind.configuration.rawValue else {
      throw SnapshotError.invalid("no configuration at its start")
    }
    try first.expect(version: SavedState.version, of: "the state")
    sources = try ConfigurationRecord.read(from: &first)
    for number in 1..<max(1, count) {
      var reader = SnapshotReader(try part(number))
      guard try reader.read(UInt8.self) == Kind.ledger.rawValue else { continue }
      ledger.add(try Ledger(restoring: &reader))
    }
  }

  /// The state that a checkpoint's file holds.
  init(_ parts: CheckpointParts) throws {
    try self.init(count: parts.count) { try parts.read($0) }
  }

  /// The processor of a share at the state's offset, and the names of plants whose state could not be taken up. The first
  /// share goes on with the ledger of all. `configured` is what ``sources`` describe.
  func processor(
    configured: [Plant], share: PlantShare, maximumUnpacked: Int = MessageDecoder.maximumPayloadLength
  ) -> (processor: RecordProcessor, rebuilt: [String]) {
    var processor = RecordProcessor(
      sources: sources, configured: configured, share: share, maximumUnpacked: maximumUnpacked)
    var rebuilt: [String] = []
    for number in 1..<max(1, count) {
      do {
        var reader = SnapshotReader(try part(number))
        switch Kind(rawValue: try reader.read(UInt8.self)) {
        case .plant: if let name = try processor.restore(from: &reader) { rebuilt.append(name) }
        case .senders: try processor.restoreSenders(from: &reader)
        case .configuration, .ledger, nil: break
        }
      } catch {
        rebuilt.append("of part \(number) (\(error))")
      }
    }
    if share.number == 0 { processor.resume(ledger) }
    return (processor, rebuilt)
  }

  /// Gives the parts of one worker's state to `take`, one after the other, so that they are never in memory together.
  /// Lines that wait are not part of it.
  static func write<Failure: Error>(
    _ processor: borrowing RecordProcessor, _ take: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    var writer = SnapshotWriter()
    writer.write(Kind.configuration.rawValue)
    writer.write(version)
    ConfigurationRecord.write(processor.sources, to: &writer)
    try take(writer.bytes)
    writer.reset()
    writer.write(Kind.ledger.rawValue)
    processor.ledger.snapshot(into: &writer)
    try take(writer.bytes)
    for position in 0..<processor.plants.count {
      writer.reset()
      writer.write(Kind.plant.rawValue)
      processor.plants.snapshot(plant: position, into: &writer)
      try take(writer.bytes)
      writer.reset()
      writer.write(Kind.senders.rawValue)
      if processor.snapshotSenders(plant: position, into: &writer) { try take(writer.bytes) }
    }
  }
}
