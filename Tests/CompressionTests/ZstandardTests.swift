import Compression
import Testing

@Suite("Zstandard")
struct ZstandardTests {
  @Test(arguments: [0, 1, 5_000])
  func `bytes come back from their frame, and a damaged, cut or too large frame gives nothing`(size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let frame = try #require(bytes.withUnsafeBytes { Zstandard.compressed($0) })
    #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: size) } == bytes)
    #expect(frame.dropLast().withUnsafeBytes { Zstandard.decompressed($0, mostBytes: size) } == nil)
    if size > 0 { #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: size - 1) } == nil) }
    #expect([UInt8]("no frame".utf8).withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 100) } == nil)
  }

  @Test func `frames follow each other, and one from a pipe, which does not say its size, is read too`() throws {
    // printf 'm v=1 1\nm v=2 2\n' | zstd
    let text = Array("m v=1 1\nm v=2 2\n".utf8)
    let head: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x81, 0x00, 0x00]
    let frame = head + text + [0xD9, 0x83, 0xB4, 0x69]
    let twice = frame + frame
    #expect(twice.withUnsafeBytes { Zstandard.frameLength($0) } == frame.count)
    #expect(frame.dropLast().withUnsafeBytes { Zstandard.frameLength($0) } == nil)
    #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 100) } == text)
    #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 15) } == nil)
    #expect((frame.dropLast() + [0]).withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 100) } == nil)
  }
}
