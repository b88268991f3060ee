import CZstd

#if Deflate
  import CZlib
#endif

/// Compressor of a stream of bytes of any length, in constant memory.
public protocol CompressedStream: AnyObject {
  /// Appends the compressed form of what is known of it so far.
  ///
  /// - Parameters:
  ///   - bytes: Next bytes of the stream.
  ///   - isLast: Whether the stream ends after them. Nothing may follow then.
  ///   - output: Destination.
  /// - Returns: `false` if the library fails; the stream is of no use then.
  func append(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) -> Bool
}

/// One Zstandard frame (RFC 8878) of a stream.
public final class ZstandardStream: CompressedStream {
  private let context: OpaquePointer
  private var room = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())

  /// Creates a stream with a checksum; `nil` if memory is exhausted.
  ///
  /// - Parameter level: 1 (fast) to 19 (small); 3 is libzstd's default.
  public init?(level: Int32 = 3) {
    guard let context = ZSTD_createCCtx() else { return nil }
    self.context = context
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  }

  deinit { ZSTD_freeCCtx(context) }

  /// See ``CompressedStream/append(_:isLast:to:)``.
  public func append(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) -> Bool {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while true {
      let (left, count) = room.withUnsafeMutableBytes { target in
        var target = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        return (ZSTD_compressStream2(context, &target, &input, isLast ? ZSTD_e_end : ZSTD_e_continue), target.pos)
      }
      guard ZSTD_isError(left) == 0 else { return false }
      output.append(contentsOf: room[..<count])
      if isLast ? left == 0 : input.pos == input.size { return true }
    }
  }
}

#if Deflate
  /// One gzip member (RFC 1952) of a stream.
  public final class GzipStream: CompressedStream {
    /// Window size logarithm plus the flag for a gzip frame.
    private static let gzipFrame: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8

    /// zlib's state refers to its own address, which therefore has to stay.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var room = [UInt8](repeating: 0, count: 1 << 16)

    /// Creates a stream; `nil` if memory is exhausted.
    ///
    /// - Parameter level: 1 (fast) to 9 (small); 6 is zlib's default.
    public init?(level: Int32 = 6) {
      stream.initialize(to: z_stream())
      let code = deflateInit2_(
        stream, level, Z_DEFLATED, Self.gzipFrame, Self.memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
      guard code == Z_OK else { return nil }
    }

    deinit {
      deflateEnd(stream)
      stream.deallocate()
    }

    /// See ``CompressedStream/append(_:isLast:to:)``. One call takes at most 4 GiB.
    public func append(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) -> Bool {
      stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = UInt32(clamping: bytes.count)
      guard Int(stream.pointee.avail_in) == bytes.count else { return false }
      while true {
        let size = room.count
        let code = room.withUnsafeMutableBytes { target in
          stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
          stream.pointee.avail_out = UInt32(size)
          return deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
        }
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { return false }
        output.append(contentsOf: room[..<(size - Int(stream.pointee.avail_out))])
        if isLast ? code == Z_STREAM_END : stream.pointee.avail_out > 0 { return true }
      }
    }
  }
#else
  /// Substitute for a build without the trait `Deflate`.
  public final class GzipStream: CompressedStream {
    /// Returns `nil`.
    public init?(level: Int32 = 6) { return nil }

    /// Returns `false`.
    public func append(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to output: inout [UInt8]) -> Bool { false }
  }
#endif
