import Compression
import Testing

@Suite("Compressed streams")
struct CompressedStreamTests {
  private static let text = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7 ^ $0 / 1000) }

  /// The stream of the text, given in pieces.
  private static func packed(_ stream: some CompressedStream, piece: Int) -> [UInt8]? {
    var output: [UInt8] = []
    for start in stride(from: 0, to: text.count, by: piece) {
      let bytes = text[start..<min(text.count, start + piece)]
      guard bytes.withUnsafeBytes({ stream.append($0, isLast: false, to: &output) }) else { return nil }
    }
    return stream.append(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true, to: &output) ? output : nil
  }

  @Test(arguments: [1_000, 65_537, 300_000])
  func `a Zstandard stream in pieces is one frame of the whole, with a checksum`(piece: Int) throws {
    let stream = try #require(ZstandardStream())
    var frame = try #require(Self.packed(stream, piece: piece))
    #expect(frame.count < Self.text.count / 4)
    #expect(frame.withUnsafeBytes { Zstandard.frameLength($0) } == frame.count)
    #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: Self.text.count) } == Self.text)
    frame[frame.count - 1] ^= 1
    #expect(frame.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: Self.text.count) } == nil)
  }

  #if Deflate
    @Test(arguments: [1_000, 65_537, 300_000])
    func `a gzip stream in pieces is one member of the whole`(piece: Int) throws {
      let stream = try #require(GzipStream())
      let member = try #require(Self.packed(stream, piece: piece))
      #expect(member.starts(with: [0x1F, 0x8B]) && member.count < Self.text.count / 4)
      var room = [UInt8](repeating: 0, count: Self.text.count)
      let result = member.withUnsafeBytes { source in
        room.withUnsafeMutableBytes { Deflate.unpack(source, into: $0) }
      }
      guard case .bytes(Self.text.count) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(room == Self.text)
    }
  #endif

  @Test func `an empty stream is a frame of nothing`() throws {
    var output: [UInt8] = []
    let stream = try #require(ZstandardStream())
    #expect(stream.append(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true, to: &output))
    #expect(output.withUnsafeBytes { Zstandard.decompressed($0, mostBytes: 10) } == [])
  }
}
