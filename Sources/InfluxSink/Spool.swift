import Journal
import PlantModel
import StreamCore

/// Where and how much a sink keeps on disk while the database is away.
public struct SpoolSettings: Sendable {
  /// Folder, the spool's own; made if missing.
  public var directory: String
  /// Most bytes of the folder.
  public var maximumBytes: Int64
  /// What happens when they are reached.
  public var whenFull: JournalSettings.WhenFull

  /// A spool.
  public init(directory: String, maximumBytes: Int64, whenFull: JournalSettings.WhenFull = .pause) {
    self.directory = directory
    self.maximumBytes = maximumBytes
    self.whenFull = whenFull
  }
}

/// Lines that wait on disk for the database, oldest first. Lives on the sink's thread.
///
/// It is a journal of its own whose records hold lines as a zstd frame, behind the count of all points that were
/// appended before: so what is lost to damage is known to the point. A checkpoint beside it has the place up to which
/// all is delivered, and the accounts at that place; after a crash, delivery goes on there, which may write points a
/// second time.
package final class Spool {
  /// What was read to be delivered.
  package struct Chunk {
    package var lines: [UInt8] = []
    /// Where the reading goes on when these lines are delivered.
    var end: UInt64
    /// All points that were appended before that place.
    var total: PointTally
    /// Points that should have been before these lines and could not be read.
    var lost = PointTally()
    /// Readings in the lines.
    package var readings: UInt64 { PointTally(counting: lines[...]).readings }
  }

  private static let kind = RecordKind(rawValue: 16)
  private static let headerSize = 32
  private static let segmentBytes: Int64 = 16 << 20

  let whenFull: JournalSettings.WhenFull
  /// What opening found wrong, for the log.
  let findings: [String]
  private let journal: Journal
  private let store: CheckpointStore
  private var reader: JournalReader
  /// All below is delivered.
  private var position: UInt64
  /// All points appended below ``position``, below the reader's place, and at all.
  private var delivered: PointTally
  private var read: PointTally
  private var appended: PointTally
  private var endOfRead: UInt64

  /// Opens the folder, and gives the accounts that were kept with it.
  package init(_ settings: SpoolSettings) throws(JournalError) {
    whenFull = settings.whenFull
    store = try CheckpointStore(directory: settings.directory)
    let found = store.load()
    var findings = found.damage
    let state = Spool.state(of: found.checkpoint, &findings)
    journal = try Journal(
      directory: settings.directory, maximumBytes: settings.maximumBytes, segmentBytes: Spool.segmentBytes,
      // Synced by hand before anything is called accepted; in the background so that there is little left to do then.
      sync: .interval(.second), notBefore: state.position)
    // Its own checkpoints have to be written before room is given up.
    journal.leaveFree(bytes: 1 << 20)
    if !journal.recovery.isClean {
      findings.append("the spool was mended after a sudden end: \(journal.recovery.words)")
    }
    position = state.position
    let contents = try Spool.contents(of: journal, from: state.position)
    // Where nothing tells, what the first record says was before it is done with.
    delivered = state.delivered ?? contents?.before ?? PointTally()
    appended = contents?.after ?? delivered
    read = delivered
    endOfRead = position
    reader = journal.reader(from: position)
    self.findings = findings
    accountsAtStart = state.accounts.restarted(spooled: appended - delivered)
  }

  /// The accounts with which the sink goes on.
  let accountsAtStart: SinkAccounts

  /// Points that wait.
  var waiting: PointTally { appended - delivered }
  /// Whether all that was appended is delivered.
  var isEmpty: Bool { appended == delivered }
  /// Bytes on disk.
  var bytes: Int { journal.bytes }
  /// What could not be read so far.
  var damage: JournalDamage { reader.damage }

  /// Appends lines; after `.full` nothing was written. Not on the disk before ``sync()``.
  package func append(_ lines: [UInt8], _ tally: PointTally) throws(JournalError) {
    guard let frame = lines.withUnsafeBytes({ Zstandard.compressed($0, level: 1) }) else { throw .full }
    var writer = SnapshotWriter()
    appended.write(to: &writer)
    tally.write(to: &writer)
    try journal.append(kind: Spool.kind, received: Timestamp(nanoseconds: 0), body: writer.bytes + frame)
    appended += tally
  }

  /// Returns once all that was appended is on the disk.
  package func sync() throws(JournalError) { try journal.bringToDisk() }

  /// The next lines to deliver: records until they are together as large as a request; none at the end.
  package func next(points: Int, bytes: Int) throws(JournalError) -> Chunk {
    var chunk = Chunk(end: endOfRead, total: read)
    while (chunk.total - read).points < UInt64(points), chunk.lines.count < bytes, let record = try reader.next() {
      chunk.end = record.endOffset
      record.withBody { take($0, into: &chunk) }
    }
    if chunk.lines.isEmpty {
      // The end, though not all that was appended came.
      chunk.lost += appended - chunk.total
      chunk.total = appended
      chunk.end = journal.endOffset
    }
    read = chunk.total
    endOfRead = chunk.end
    return chunk
  }

  /// Says that all lines of the chunk are where they belong.
  package func delivered(_ chunk: Chunk) {
    position = chunk.end
    delivered = chunk.total
  }

  /// Skips the oldest eighth, all that was read included; returns how many points that were. Zero where nothing is left.
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

  /// Writes down what is delivered, with the accounts of that moment, and gives up the room.
  func keep(_ accounts: SinkAccounts) throws(JournalError) {
    var writer = SnapshotWriter()
    delivered.write(to: &writer)
    accounts.write(to: &writer)
    try store.save(Checkpoint(offset: position, state: writer.bytes))
    try journal.trim(below: position)
  }

  /// Brings everything to the disk and lets go of the folder.
  func close() throws(JournalError) { try journal.close() }

  private func take(_ body: UnsafeRawBufferPointer, into chunk: inout Chunk) {
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

  /// What the first record says was before it, and the last one's end.
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

  private static func state(
    of checkpoint: Checkpoint?, _ findings: inout [String]
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
