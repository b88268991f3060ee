#if Deflate
  import CZlib

  /// Deflate in the frames of gzip and zlib.
  enum Deflate {
    /// Adds to the window's logarithm: both frames are told apart by their first bytes.
    private static let anyFrame: Int32 = 15 + 32

    /// Unpacks one frame; what follows it is not looked at.
    static func unpack(_ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> UnpackResult {
      var stream = z_stream()
      guard
        inflateInit2_(&stream, anyFrame, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
      else { return .unavailable }
      defer { inflateEnd(&stream) }
      stream.next_in = UnsafeMutablePointer(
        mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.avail_in = UInt32(truncatingIfNeeded: source.count)
      stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(truncatingIfNeeded: room.count)
      switch inflate(&stream, Z_FINISH) {
      case Z_STREAM_END: return .bytes(Int(stream.total_out))
      case Z_OK, Z_BUF_ERROR: return stream.avail_out == 0 ? .needsRoom : .damaged
      default: return .damaged
      }
    }
  }
#else
  /// Stands for deflate in a build without the trait `Deflate`.
  enum Deflate {
    static func unpack(_ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> UnpackResult {
      .unavailable
    }
  }
#endif
