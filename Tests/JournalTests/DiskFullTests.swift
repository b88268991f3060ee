import Foundation
import Glibc
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Testing
import WattlineTime

@testable import Journal

/// A small file system of its own, where the user may mount one.
final class SmallDisk {
  let path = TemporaryFolder().path

  init?(bytes: Int) {
    mkdir(path, 0o700)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
      rmdir(path)
      return nil
    }
  }

  deinit {
    umount2(path, Int32(MNT_DETACH))
    rmdir(path)
  }

  static let isAllowed = SmallDisk(bytes: 1 << 20) != nil
}

@Suite(
  "A disk without room", .enabled(if: SmallDisk.isAllowed, "a tmpfs can be mounted here by the administrator only"))
struct DiskFullTests {
  @Test(
    "an append that finds no room leaves nothing behind, all before it can be read, and trimming lets it go on",
    arguments: [true, false])
  func anAppendThatFindsNoRoomLeavesNothingBehindAllBeforeItCanBeReadAnd(isCompressible: Bool) throws {
    let disk = try #require(SmallDisk(bytes: 16 << 20))
    var random = SplitMix(state: 3)
    let bodies = (0..<7).map { number in
      (0..<9_999).map { _ in isCompressible ? UInt8(number) : UInt8.random(in: 0...255, using: &random) }
    }
    let journal = try Journal(
      directory: "\(disk.path)/journal", segmentBytes: 1 << 20, sync: .interval(.milliseconds(5)),
      // A file being compressed takes room for a moment, and then there is some again.
      compresses: isCompressible)
    var ends: [UInt64] = []
    for _ in 0..<2 {
      var isFull = false
      // Compression gives room again, so the disk is full only where that cannot follow; six times the disk is enough.
      while !isFull, ends.count < 10_000 {
        do {
          ends.append(try journal.append(Entry(Int64(ends.count), body: bodies[ends.count % 7])))
        } catch {
          #expect(error as? JournalError == .full)
          isFull = true
        }
      }
      #expect(isFull || isCompressible)
      #expect(journal.endOffset == ends.last)
      let reader = journal.reader(from: journal.startOffset)
      let read = try reader.rest()
      #expect(reader.damage.places == 0 && read.last?.received == Int64(ends.count - 1))
      #expect(read.allSatisfy { $0.body == bodies[Int($0.received) % 7] })
      if isFull, !isCompressible { #expect(!journal.hasRoom) }
      try journal.trim(below: ends[ends.count - ends.count / 4])
      #expect(journal.hasRoom)
    }
    try journal.append(Entry(-1, body: []))
    try journal.close()
    let reopened = try Journal(directory: "\(disk.path)/journal", compresses: false)
    #expect(reopened.recovery.isClean)
    #expect(try reopened.entries().last == Entry(-1, body: []))
  }

  @Test
  func `room that is to be left free stays free, so that a checkpoint can be written and the journal trimmed`() throws {
    let disk = try #require(SmallDisk(bytes: 16 << 20))
    let journal = try Journal(directory: "\(disk.path)/journal", sync: .never, compresses: false)
    journal.leaveFree(bytes: 4 << 20)
    let body = [UInt8](repeating: 1, count: 99_999)
    #expect(throws: JournalError.full) { while true { try journal.append(Entry(0, body: body)) } }
    #expect(!journal.hasRoom)
    let store = try CheckpointStore(directory: disk.path)
    for _ in 0..<2 {
      try store.save(Checkpoint(offset: journal.endOffset, state: [UInt8](repeating: 2, count: 1_200_000)))
    }
    #expect(store.bytesNeeded > 2_400_000)
    try journal.trim(below: journal.endOffset)
    #expect(journal.hasRoom)
    try journal.append(Entry(1, body: body))
  }

  @Test func `history gives its room to new records when the disk has none left`() throws {
    let disk = try #require(SmallDisk(bytes: 8 << 20))
    let journal = try Journal(
      directory: "\(disk.path)/journal", segmentBytes: 1 << 20, sync: .never, keepBytes: .max, compresses: false)
    let body = [UInt8](repeating: 1, count: 9_999)
    for number in 0..<4_000 { try journal.trim(below: try journal.append(Entry(Int64(number), body: body))) }
    let kept = try journal.entries().map(\.received)
    #expect(kept.count > 500 && kept == Array(Int64(4_000 - kept.count)..<4_000))
  }
}
