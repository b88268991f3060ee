import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import SystemCore
import Testing
import WattlineTime

@testable import Journal

@Suite("When a journal reaches the disk")
struct SyncTests {
  let folder = TemporaryFolder()
  let syncs = Counter()

  @Test func `always: each append returns after a sync that came after its write`() throws {
    let (syncs, path) = (syncs, "\(folder.path)/\(Segment.name(base: 0))")
    let size = Counter()
    let journal = try folder.journal(sync: .always) { _ in
      syncs.add()
      size.set((try? Data(contentsOf: URL(filePath: path)).count) ?? 0)
      return 0
    }
    for number in 1...5 {
      let end = try journal.append(Entry(0, body: [UInt8](repeating: 1, count: 10)))
      #expect(syncs.value == number && size.value == Int(end))
    }
  }

  @Test func `always: a sync that fails is thrown, each time`() throws {
    let journal = try folder.journal(sync: .always) { _ in
      errno = EIO
      return -1
    }
    for _ in 0..<2 {
      #expect {
        try journal.append(Entry(0, body: []))
      } throws: { if case JournalError.system(let error) = $0 { error.code == EIO } else { false } }
    }
  }

  @Test func `an interval: the sync follows by itself, and its failure is thrown by an append after it`() throws {
    let syncs = syncs
    let journal = try folder.journal(sync: .interval(.milliseconds(1))) { _ in
      syncs.add()
      errno = EIO
      return -1
    }
    try journal.append(Entry(0, body: []))
    let deadline = Date(timeIntervalSinceNow: 20)
    #expect(Waiting.until(seconds: 20, pause: 1) { syncs.value > 0 })
    #expect(throws: JournalError.self) {
      while Date() < deadline { try journal.append(Entry(1, body: [])) }
    }
  }

  @Test func `an interval: many appends share a sync, and closing brings the last ones`() throws {
    let syncs = syncs
    let journal = try folder.journal(segmentBytes: 1 << 20, sync: .interval(.hour)) { _ in
      syncs.add()
      return 0
    }
    for number in Int64(0)..<100 { try journal.append(Entry(number, body: [])) }
    #expect(syncs.value == 0)
    try journal.close()
    #expect(syncs.value > 0 && syncs.value <= 2)
  }

  @Test func `never: it is left to the kernel, until it is asked for`() throws {
    let syncs = syncs
    let journal = try folder.journal(segmentBytes: 200) { _ in
      syncs.add()
      return 0
    }
    for number in Int64(0)..<100 { try journal.append(Entry(number, body: [1, 2, 3])) }
    #expect(syncs.value == 0)
    try journal.bringToDisk()
    #expect(syncs.value == 1)
    try journal.close()
    #expect(syncs.value == 1)
  }
}
