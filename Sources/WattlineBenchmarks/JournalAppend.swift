import Journal
import LocalServers
import Settings

/// Path of a burst of messages into the journal, without waiting for the disk.
enum JournalAppend {
  static let hotPath = HotPath("journal", summary: "append in bursts of 1,000") { load in
    let folder = ScratchFolder()
    let journal = try Journal(directory: folder.path, maximumBytes: 1 << 30, sync: .never)
    return { passes in
      for pass in passes {
        try load.frames[pass].withUnsafeBytes {
          _ = try journal.append(kind: .messages, received: load.received(pass), body: $0)
        }
      }
      // Keeps the folder while the journal is in use.
      return withExtendedLifetime(folder) { passes.count * load.sensors }
    }
  }
}
