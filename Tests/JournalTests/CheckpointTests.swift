import Foundation
import Testing

@testable import Journal

@Suite("Checkpoints")
struct CheckpointTests {
  let folder = TemporaryFolder()

  @Test("there is none at first, then the latest")
  func latest() throws {
    let store = try CheckpointStore(directory: folder.path)
    #expect(store.load() == CheckpointStore.Found())
    #expect(try store.save(Checkpoint(offset: 50, state: [1, 2])) == 0)
    #expect(try store.save(Checkpoint(offset: 90, state: [])) == 50)
    #expect(store.load().checkpoint == Checkpoint(offset: 90, state: []))
  }

  @Test("a checkpoint damaged at any byte, or cut, falls back to the one before it and says so")
  func damaged() throws {
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
}
