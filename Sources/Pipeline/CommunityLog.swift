public import CommunityControl
import Foundation
public import Journal
import StreamCore

/// The log of a community, read beside a process that may be writing it.
public enum CommunityLog {
  /// Returns the name of a community's files. A name may have any characters, that of a file may not.
  public static func fileName(of name: String) -> String {
    name.utf8.map { byte -> String in
      let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
      return isPlain ? String(Unicode.Scalar(byte)) : "%" + String(byte, radix: 16)
    }.joined()
  }

  /// Returns the state at the end of the log.
  ///
  /// - Parameters:
  ///   - name: Name of the community.
  ///   - path: Folder of the journal, `journal.path`.
  /// - Returns: `nil` if there is no log.
  /// - Throws: `JournalError` if it cannot be read.
  public static func state(of name: String, journal path: String) throws(JournalError) -> CommunityMachine? {
    let directory = CommunityOperation.directory(of: name, in: path + "/communities")
    guard FileManager.default.fileExists(atPath: directory) else { return nil }
    var machine = CommunityMachine(name: name)
    var start: UInt64 = 0
    if let checkpoint = try CheckpointStore(directory: directory).load().checkpoint {
      var reader = SnapshotReader(checkpoint.state)
      if let restored = try? CommunityMachine(restoring: &reader) { (machine, start) = (restored, checkpoint.offset) }
    }
    let reader = try JournalArchive(directory: directory).reader(from: start)
    while let record = try reader.next() {
      // A record that cannot be read changes nothing, as in the process that runs.
      _ = try? machine.apply(record.kind, body: record.withBody { Array($0) })
    }
    return machine.quarter == nil ? nil : machine
  }
}
