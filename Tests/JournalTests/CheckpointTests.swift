import Foundation
import LocalServers
import Testing

@testable import Journal

@Suite("Checkpoints")
struct CheckpointTests {
  let folder = TemporaryFolder()

  @Test func `there is none at first, then the latest`() throws {
    let store = try CheckpointStore(directory: folder.path)
    #expect(store.load() == CheckpointStore.Found())
    #expect(try store.save(Checkpoint(offset: 50, state: [1, 2])) == 0)
    #expect(try store.save(Checkpoint(offset: 90, state: [])) == 50)
    #expect(store.load().checkpoint == Checkpoint(offset: 90, state: []))
  }

  @Test func `a checkpoint damaged at any byte, or cut, falls back to the one before it and says so`() throws {
    let store = try CheckpointStore(directory: folder.path)
    try store.save(Checkpoint(offset: 50, state: [1, 2]))
    try store.save(Checkpoint(offset: 90, state: [3, 4, 5]))
    let path = "\(folder.path)/checkpoint"
    let intact = try Data(contentsOf: URL(fileURLWithPath: path))
    for byte in 0..<intact.count {
      for cut in [false, true] {
        var damaged = cut ? intact.prefix(byte) : intact
        if !cut { damaged[byte] ^= 0x10 }
        try damaged.write(to: URL(fileURLWithPath: path))
        let found = store.load()
        #expect(found.checkpoint == Checkpoint(offset: 50, state: [1, 2]))
        #expect(found.damage.count == 1)
      }
    }
    // Saving over a damaged one keeps the whole one behind it.
    #expect(try store.save(Checkpoint(offset: 120, state: [])) == 50)
    try Data([1]).write(to: URL(fileURLWithPath: path))
    #expect(store.load().checkpoint?.offset == 50)
    try Data().write(to: URL(fileURLWithPath: "\(path).previous"))
    #expect(store.load().checkpoint == nil)
    #expect(store.load().damage.count == 2)
  }

  @Test("a checkpoint that cannot take its place leaves both earlier ones, and the next one is kept as if nothing was")
  func aCheckpointThatCannotTakeItsPlaceLeavesBothEarlierOnesAndTheNextOneIs() throws {
    let store = try CheckpointStore(directory: folder.path)
    let path = "\(folder.path)/checkpoint"
    try store.save(Checkpoint(offset: 50, state: [1]))
    // Without an earlier checkpoint, and with one, behind the latest.
    for (latest, previous) in [(50, nil), (90, 50)] as [(UInt64, UInt64?)] {
      let lost = try store.draft(offset: 120)
      try lost.append([3])
      try FileManager.default.removeItem(atPath: "\(path).new")
      #expect(throws: JournalError.self) { try store.keep(lost) }
      #expect(store.load() == CheckpointStore.Found(checkpoint: Checkpoint(offset: latest, state: [1])))
      let behind = try? CheckpointParts("\(path).previous")
      #expect(behind?.offset == previous)
      #expect(!FileManager.default.fileExists(atPath: "\(path).older"))
      #expect(try store.save(Checkpoint(offset: latest + 40, state: [1])) == latest)
    }
    #expect(store.load().checkpoint?.offset == 130)
    #expect(try CheckpointParts("\(path).previous").offset == 90)
  }

  @Test func `a latest checkpoint that cannot be moved stays, and a later one is kept`() throws {
    let store = try CheckpointStore(directory: folder.path)
    let path = "\(folder.path)/checkpoint"
    try store.save(Checkpoint(offset: 50, state: [1]))
    try store.save(Checkpoint(offset: 90, state: [1]))
    try FileManager.default.moveItem(atPath: path, toPath: "\(path).away")
    #expect(throws: JournalError.self) { try store.save(Checkpoint(offset: 120, state: [1])) }
    #expect(store.load().checkpoint?.offset == 50)
    // The latest is missing now, so the previous one stays behind the new one.
    #expect(try store.save(Checkpoint(offset: 130, state: [1])) == 50)
    #expect(store.load().checkpoint?.offset == 130)
    #expect(try CheckpointParts("\(path).previous").offset == 50)
  }

  @Test func `a checkpoint in parts is written by several threads, given up or kept, and read part by part`() throws {
    let store = try CheckpointStore(directory: folder.path)
    let draft = try store.draft(offset: 70)
    DispatchQueue.concurrentPerform(iterations: 8) { number in
      #expect(throws: Never.self) { try draft.append([UInt8](repeating: UInt8(number), count: 10_000 * number)) }
    }
    let other = try store.draft(offset: 80)
    try other.append([1])
    // Given up, but its writer does not know it yet.
    try draft.append([2])
    #expect(store.open().parts == nil)
    #expect(try store.keep(other) == 0)
    let parts = try #require(store.open().parts)
    #expect(parts.offset == 80 && parts.count == 1)
    #expect(try parts.read(0) == [1])

    let third = try store.draft(offset: 90)
    let sizes = (0..<8).map { 10_000 * $0 }
    DispatchQueue.concurrentPerform(iterations: 8) { number in
      #expect(throws: Never.self) { try third.append([UInt8](repeating: UInt8(number), count: sizes[number])) }
    }
    #expect(try store.keep(third) == 80)
    let many = try #require(store.open().parts)
    #expect(many.count == 8)
    let read = try (0..<8).map { try many.read($0) }.sorted { $0.count < $1.count }
    #expect(read.map(\.count) == sizes)
    #expect(read.enumerated().allSatisfy { number, part in part.allSatisfy { $0 == UInt8(number) } })
    // An open file can be read whatever becomes of its name.
    try store.save(Checkpoint(offset: 100, state: []))
    try store.save(Checkpoint(offset: 110, state: []))
    #expect(try (0..<8).map { try many.read($0).count }.sorted() == sizes)
  }
}
