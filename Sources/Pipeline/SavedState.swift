import Journal
import PayloadDecoding
import PlantConfig
import PlantModel
import Settings
import StreamCore

/// The state of all workers at one journal offset, as parts of a checkpoint.
///
/// The first part is the configuration. Each worker adds the configuration again, its ledger, and for each plant its
/// series, stages and the state of its senders. The parts do not depend on the number of workers, so any number can
/// resume from them.
struct SavedState: Sendable {
  /// Kind of a part; its first byte.
  private enum Kind: UInt8 {
    case configuration = 0
    case ledger = 1
    case plant = 2
    /// Present only for plants whose messages depend on earlier ones, such as those of Sparkplug.
    case senders = 3
  }

  private static let version: UInt16 = 3

  /// Configuration by which messages were read.
  let sources: PlantSources
  /// Sum of the ledgers of all workers.
  private(set) var ledger = Ledger()
  private let count: Int
  private let part: @Sendable (Int) throws -> [UInt8]

  /// Opens a state of `count` parts, and reads its configuration and ledgers.
  ///
  /// - Throws: ``SnapshotError``, or an error of `part`.
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

  /// Opens the state in a checkpoint file.
  init(_ parts: CheckpointParts) throws {
    try self.init(count: parts.count) { try parts.read($0) }
  }

  /// Restores the processor of a share at the state's offset. Share 0 continues the sum of all ledgers.
  ///
  /// - Parameters:
  ///   - configured: The plants that ``sources`` describe.
  ///   - share: Plants of the processor.
  ///   - maximumUnpacked: Maximum size of an unpacked compressed payload [bytes].
  /// - Returns: The processor, and the names of plants whose state could not be restored.
  func processor(
    configured: [Plant], share: Shard, maximumUnpacked: Int = MessageDecoder.maximumPayloadLength
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

  /// Passes the parts of one worker's state to `take` one by one, so that only one is in memory. Pending lines are not
  /// included.
  static func write<Failure: Error>(
    _ processor: borrowing RecordProcessor, take: ([UInt8]) throws(Failure) -> Void
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
