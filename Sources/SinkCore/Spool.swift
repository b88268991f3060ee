import Compression
package import Journal
import PlantModel
public import Settings
import StreamCore
import WattlineTime

/// Location and limits of a sink's disk storage while the database is unavailable.
public struct SpoolSettings: Sendable {
  /// Dedicated folder; created if missing.
  public var directory: String
  /// Maximum size of the folder [bytes].
  public var maximumBytes: Int64
  /// Behaviour when the maximum is reached.
  public var whenFull: JournalSettings.WhenFull

  /// Creates the settings of a spool.
  ///
  /// - Parameters:
  ///   - directory: dedicated folder; created if missing.
  ///   - maximumBytes: maximum size of the folder [bytes].
  ///   - whenFull: behaviour when the maximum is reached.
  public init(directory: String, maximumBytes: Int64, whenFull: JournalSettings.WhenFull = .pause) {
    self.directory = directory
    self.maximumBytes = maximumBytes
    self.whenFull = whenFull
  }
}

/// Lines waiting on disk for the database, oldest first. Confined to the sink's thread.
///
/// The spool is a dedicated journal. Each record holds lines as a zstd frame, preceded by the count of all points
/// appended before. Points lost to damage can therefore be counted exactly. A checkpoint beside it holds the delivered
/// position and the accounts at that position. After a crash, delivery continues there and may write some points twice.
package final class Spool {
  /// Lines read for delivery.
  package struct Chunk {
    package var lines: [UInt8] = []
    /// Position at which reading continues after these lines are delivered.
    var end: UInt64
    /// All points appended before that position.
    var total: PointTally
    /// Points before these lines that could not be read.
    var lost = PointTally()
    /// Number of readings in the lines.
    package var readings: UInt64 { PointTally(counting: lines[...]).readings }
  }

  private static let kind = RecordKind(rawValue: 16)
  private static let headerSize = 32
  private static let segmentBytes: Int64 = 16 << 20

  let whenFull: JournalSettings.WhenFull
  /// Problems found at opening, for the log.
  let findings: [String]
  private let journal: Journal
  private let store: CheckpointStore
  private var reader: JournalReader
  /// Journal offset below which everything is delivered.
  private var position: UInt64
  /// All points appended below ``position``.
  private var delivered: PointTally
  /// All points appended below the reader's position.
  private var read: PointTally
  /// All points ever appended.
  private var appended: PointTally
  private var endOfRead: UInt64

  /// Opens the folder and reads the accounts stored with it.
  package init(_ settings: SpoolSettings) throws(JournalError) {
    whenFull = settings.whenFull
    store = try CheckpointStore(directory: settings.directory)
    let found = store.load()
    var findings = found.damage
    let state = Spool.state(of: found.checkpoint, findings: &findings)
    journal = try Journal(
      directory: settings.directory, maximumBytes: settings.maximumBytes, segmentBytes: Spool.segmentBytes,
      // Synced explicitly before batches are accepted. The background sync leaves little to do then.
      sync: .interval(.second), notBefore: state.position)
    // Reserve for the spool's checkpoints, which must be written before records can be trimmed.
    journal.leaveFree(bytes: 1 << 20)
    if !journal.recovery.isClean {
      findings.append("the spool was mended after a sudden end: \(journal.recovery.words)")
    }
    position = state.position
    let contents = try Spool.contents(of: journal, from: state.position)
    // Without a readable checkpoint, the first record's count of earlier points is the delivered total.
    delivered = state.delivered ?? contents?.before ?? PointTally()
    appended = contents?.after ?? delivered
    read = delivered
    endOfRead = position
    reader = journal.reader(from: position)
    self.findings = findings
    accountsAtStart = state.accounts.restarted(spooled: appended - delivered)
  }

  /// The accounts at the start of the sink.
  let accountsAtStart: SinkAccounts

  /// Waiting points.
  var waiting: PointTally { appended - delivered }
  /// Whether everything appended is delivered.
  var isEmpty: Bool { appended == delivered }
  /// Size on disk [bytes].
  var bytes: Int { journal.bytes }
  /// Records that could not be read so far.
  var damage: JournalDamage { reader.damage }

  /// Appends lines. They are not on the disk before ``sync()``.
  ///
  /// - Throws: `.full` if there is no room; nothing was written then.
  package func append(_ lines: [UInt8], tally: PointTally) throws(JournalError) {
    guard let frame = lines.withUnsafeBytes({ Zstandard.compressed($0, level: 1) }) else { throw .full }
    var writer = SnapshotWriter()
    appended.write(to: &writer)
    tally.write(to: &writer)
    try journal.append(kind: Spool.kind, received: Timestamp(nanoseconds: 0), body: writer.bytes + frame)
    appended += tally
  }

  /// Waits until everything appended is on the disk.
  package func sync() throws(JournalError) { try journal.bringToDisk() }

  /// Returns the next lines to deliver: records up to about the size of one request, none at the end.
  package func next(points: Int, bytes: Int) throws(JournalError) -> Chunk {
    var chunk = Chunk(end: endOfRead, total: read)
    while (chunk.total - read).points < UInt64(points), chunk.lines.count < bytes, let record = try reader.next() {
      chunk.end = record.endOffset
      record.withBody { append($0, into: &chunk) }
    }
    if chunk.lines.isEmpty {
      // The end is reached although not all appended points were read; the rest is lost.
      chunk.lost += appended - chunk.total
      chunk.total = appended
      chunk.end = journal.endOffset
    }
    read = chunk.total
    endOfRead = chunk.end
    return chunk
  }

  /// Marks a chunk as delivered.
  package func delivered(_ chunk: Chunk) {
    position = chunk.end
    delivered = chunk.total
  }

  /// Skips the oldest eighth of the journal, including everything read. Returns the number of skipped points, zero if
  /// none are left.
  func skipOldest() throws(JournalError) -> PointTally {
    let goal = journal.startOffset + UInt64(max(0, journal.maximumBytes / 8))
    while position < goal, let record = try reader.next() {
      position = record.endOffset
      if let header = record.withBody({ Spool.header($0) }) { read = header.before + header.own }
    }
    if position < goal {
      position = journal.endOffset
      read = appended
    }
    endOfRead = position
    defer { delivered = read }
    return read - delivered
  }

  /// Saves the delivered position with the given accounts, and trims the journal below it.
  func keep(_ accounts: SinkAccounts) throws(JournalError) {
    var writer = SnapshotWriter()
    delivered.write(to: &writer)
    accounts.write(to: &writer)
    try store.save(Checkpoint(offset: position, state: writer.bytes))
    try journal.trim(below: position)
  }

  /// Syncs everything to the disk and closes the folder.
  func close() throws(JournalError) { try journal.close() }

  private func append(_ body: UnsafeRawBufferPointer, into chunk: inout Chunk) {
    let frame = UnsafeRawBufferPointer(rebasing: body[min(Spool.headerSize, body.count)...])
    guard let header = Spool.header(body),
      let lines = Zstandard.decompressed(frame, mostBytes: JournalFormat.maximumBodyBytes)
    else { return }
    chunk.lost += header.before - chunk.total
    chunk.total = header.before + header.own
    chunk.lines += lines
    if let last = lines.last, last != UInt8(ascii: "\n") { chunk.lines.append(UInt8(ascii: "\n")) }
  }

  private static func header(_ body: UnsafeRawBufferPointer) -> (before: PointTally, own: PointTally)? {
    guard body.count > headerSize else { return nil }
    func number(_ position: Int) -> UInt64 {
      UInt64(littleEndian: body.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
    return (
      PointTally(points: number(0), readings: number(8)), PointTally(points: number(16), readings: number(24))
    )
  }

  /// Returns the counts before the first record and after the last one.
  private static func contents(
    of journal: Journal, from position: UInt64
  ) throws(JournalError) -> (before: PointTally, after: PointTally)? {
    let reader = journal.reader(from: position)
    var contents: (before: PointTally, after: PointTally)?
    while let record = try reader.next() {
      guard let header = record.withBody({ Spool.header($0) }) else { continue }
      contents = (contents?.before ?? header.before, header.before + header.own)
    }
    return contents
  }

  /// Returns why the stored accounts of a spool cannot be read, and what that means; `nil` if they can. Changes
  /// nothing.
  ///
  /// - Parameter directory: Folder of a spool, which exists.
  package static func mistake(inFolder directory: String) throws(JournalError) -> String? {
    var findings: [String] = []
    _ = state(of: try CheckpointStore(directory: directory).load().checkpoint, findings: &findings)
    return findings.first
  }

  private static func state(
    of checkpoint: Checkpoint?, findings: inout [String]
  ) -> (position: UInt64, delivered: PointTally?, accounts: SinkAccounts) {
    guard let checkpoint else { return (0, nil, SinkAccounts()) }
    var reader = SnapshotReader(checkpoint.state)
    do throws(SnapshotError) {
      let delivered = try PointTally(from: &reader)
      return (checkpoint.offset, delivered, try SinkAccounts(from: &reader))
    } catch {
      findings.append("the spool's accounts cannot be read (\(error)) and begin anew")
      return (checkpoint.offset, nil, SinkAccounts())
    }
  }
}
