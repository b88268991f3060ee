import Journal
import Testing

@Suite("Zstandard")
struct ZstandardTests {
  @Test(
    "bytes come back from their frame, and a damaged, cut or too large frame gives nothing", arguments: [0, 1, 5_000])
  func roundTrip(size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let frame = try #require(bytes.withUnsafeBytes { Zstandard.compressed($0) })
    #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: size) } == bytes)
    #expect(frame.dropLast().withUnsafeBytes { Zstandard.decompressed($0, mostBytes: size) } == nil)
    if size > 0 { #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: size - 1) } == nil) }
    #expect([UInt8]("no frame".utf8).withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 100) } == nil)
  }
}
