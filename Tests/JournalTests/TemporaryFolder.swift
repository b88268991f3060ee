import Foundation
import LocalServers
import PlantModel
import Settings
import WattlineTime

@testable import Journal

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let path: String

  init(in folder: String? = nil) {
    // In memory where there is such a disk: the tests make thousands of files durable.
    let memory = "/dev/shm"
    let parent = folder ?? (access(memory, W_OK) == 0 ? memory : FileManager.default.temporaryDirectory.path)
    path = "\(parent)/wattline-\(UUID().uuidString)"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Names of all files.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

  /// Paths of the plain segments, oldest first.
  var segments: [String] { names.filter { $0.hasSuffix(".journal") }.map { "\(path)/\($0)" } }

  /// Paths of the sealed segments, oldest first.
  var sealed: [String] { names.filter { $0.hasSuffix(".journal.zst") }.map { "\(path)/\($0)" } }

  /// The folder as it is now, as a process finds it that starts after a sudden end.
  func copy() throws -> TemporaryFolder {
    let copy = TemporaryFolder()
    try FileManager.default.copyItem(atPath: path, toPath: copy.path)
    return copy
  }

  /// A journal in it that seals when it is told to, in blocks of a few records.
  func journal(
    segmentBytes: Int64 = 2_000, maximumBytes: Int64 = 1 << 30, keepBytes: Int64 = 0, maximumAge: TimeSpan? = nil,
    sync: Journal.Sync = .never, synchronize: @escaping OpenFile.Synchronize = { _ in 0 }
  ) throws -> Journal {
    try Journal(
      directory: path, maximumBytes: maximumBytes, segmentBytes: segmentBytes, sync: sync, notBefore: 0,
      keepBytes: keepBytes, maximumAge: maximumAge, compresses: false, blockBytes: 600, synchronize: synchronize)
  }

  /// Changes the bytes of a file.
  static func edit(_ path: String, change: (inout Data) -> Void) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    change(&data)
    try data.write(to: URL(fileURLWithPath: path))
  }
}

/// A record by value, to compare.
struct Entry: Equatable {
  var kind: RecordKind
  var received: Int64
  var body: [UInt8]

  init(_ kind: RecordKind, received: Int64, body: [UInt8]) {
    self.kind = kind
    self.received = received
    self.body = body
  }

  init(_ received: Int64, body: [UInt8]) { self.init(.messages, received: received, body: body) }

  init(_ record: JournalRecord) {
    self.init(record.kind, received: record.received.nanoseconds, body: record.withBody { Array($0) })
  }
}

extension Journal {
  /// Appends an entry.
  @discardableResult
  func append(_ entry: Entry) throws -> UInt64 {
    try append(kind: entry.kind, received: Timestamp(nanoseconds: entry.received), body: entry.body)
  }

  /// Seals every complete segment.
  func sealAll() throws { while try store.sealOldest() {} }

  /// All that can be read from an offset.
  func entries(from offset: UInt64 = 0) throws -> [Entry] { try reader(from: offset).rest() }
}

extension JournalReader {
  /// All that can be read now.
  func rest() throws -> [Entry] {
    var entries: [Entry] = []
    while let record = try next() { entries.append(Entry(record)) }
    return entries
  }
}
