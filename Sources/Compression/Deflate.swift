#if Deflate
  import CZlib

  /// Deflate decompression of gzip and zlib frames.
  public enum Deflate {
    /// Window size logarithm plus the flag for detecting either frame by its first bytes.
    private static let anyFrame: Int32 = 15 + 32

    /// Decompresses one frame; bytes after it are ignored.
    public static func unpack(_ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer)
      -> UnpackResult
    {
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
  /// Substitute for a build without the trait `Deflate`.
  public enum Deflate {
    /// Returns ``UnpackResult/unavailable``.
    public static func unpack(
      _ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) -> UnpackResult {
      .unavailable
    }
  }
#endif
