import CZstd

/// A stream that is compressed into one zstd frame with a checksum, in bounded memory. Used by one thread at a time.
public final class ZstandardEncoder {
  private let context: OpaquePointer
  private let room: UnsafeMutableRawBufferPointer

  /// Creates an encoder; `nil` if memory is exhausted.
  ///
  /// - Parameter level: 1 (fast) to 19 (small).
  public init?(level: Int32 = 3) {
    guard let context = ZSTD_createCCtx() else { return nil }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    self.context = context
    room = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 16)
  }

  deinit {
    ZSTD_freeCCtx(context)
    room.deallocate()
  }

  /// Compresses bytes and passes finished pieces of the frame to `take`.
  ///
  /// - Parameters:
  ///   - bytes: the next bytes.
  ///   - isLast: whether the frame ends with them.
  ///   - take: receives the pieces.
  /// - Returns: `false` if memory is exhausted.
  public func encode<Failure: Error>(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool = false, take: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while true {
      var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
      let left = ZSTD_compressStream2(context, &output, &input, isLast ? ZSTD_e_end : ZSTD_e_continue)
      guard ZSTD_isError(left) == 0 else { return false }
      if output.pos > 0 { try take(UnsafeRawBufferPointer(rebasing: room[..<output.pos])) }
      if isLast ? left == 0 : input.pos == input.size { return true }
    }
  }
}

/// The content of a stream of zstd frames, in bounded memory. Used by one thread at a time.
public final class ZstandardDecoder {
  /// State of the stream after a call of ``decode(_:into:)``.
  public struct Progress {
    /// Number of compressed bytes that were used.
    public var used: Int
    /// Number of bytes written to the target.
    public var written: Int
    /// Whether a frame ended, and its checksum is right.
    public var isAtFrameEnd: Bool
  }

  /// Largest window that is accepted, as a power of two [bytes]: 16 MiB.
  private static let windowLog: Int32 = 24
  private let context: OpaquePointer

  /// Creates a decoder; `nil` if memory is exhausted.
  public init?() {
    guard let context = ZSTD_createDCtx() else { return nil }
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Decompresses from `source` until it is used up or `target` is full; `nil` if the stream is damaged.
  public func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Progress? {
    var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
    var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
    let left = ZSTD_decompressStream(context, &output, &input)
    guard ZSTD_isError(left) == 0 else { return nil }
    return Progress(used: input.pos, written: output.pos, isAtFrameEnd: left == 0)
  }
}
