import Foundation
import LocalServers
import PlantModel
import StreamCore
import Testing
import WattlineTime

@testable import Journal

@Suite("A journal that is only read")
struct JournalArchiveTests {
  let folder = TemporaryFolder()

  func append(_ numbers: Range<Int>, to journal: Journal) throws {
    for number in numbers { try journal.append(Entry(Int64(number), body: [UInt8](repeating: 9, count: 150))) }
  }

  @Test func `it is read while its owner appends, seals and trims, and nothing in the folder changes`() throws {
    let journal = try folder.journal()
    try append(0..<40, to: journal)
    let archive = try JournalArchive(directory: folder.path)
    let reader = archive.reader()
    #expect(archive.endOffset == journal.endOffset && archive.bytes == journal.bytes)
    for number in 0..<20 { #expect(try reader.next()?.received.nanoseconds == Int64(number)) }
    try journal.sealAll()
    try append(40..<50, to: journal)
    let names = folder.names
    // Up to the end that was known first; a plain file that is gone is found again sealed.
    #expect(try reader.rest().prefix(20).map(\.received) == Array(20..<40))
    try archive.refresh()
    _ = try reader.rest()
    #expect(try archive.reader().rest().map(\.received) == Array(0..<50))
    #expect(folder.names == names && reader.damage.places == 0)
    try journal.trim(below: journal.segment(at: 3_000)?.base ?? 0)
    try archive.refresh()
    #expect(archive.startOffset == journal.startOffset && archive.startOffset > 0)
  }

  @Test func `a record that is only half written is not seen until it is whole, and is no damage`() throws {
    let journal = try folder.journal()
    try append(0..<3, to: journal)
    let path = folder.segments[0]
    let whole = try Data(contentsOf: URL(filePath: path))
    try whole.dropLast(20).write(to: URL(filePath: path))
    let archive = try JournalArchive(directory: folder.path)
    let reader = archive.reader()
    #expect(try reader.rest().count == 2)
    try whole.write(to: URL(filePath: path))
    #expect(reader.waitForMore(timeout: .seconds(10)))
    #expect(try reader.rest().count == 1 && reader.damage.places == 0)
    #expect(!reader.waitForMore(timeout: .milliseconds(2)))
  }

  @Test func `a folder that is not there is an error, an empty one an empty journal`() throws {
    #expect(throws: JournalError.self) { try JournalArchive(directory: folder.path) }
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    #expect(try JournalArchive(directory: folder.path).reader().next() == nil)
  }
}
