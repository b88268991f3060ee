import CZstd

/// Zstandard frames (RFC 8878), used for sealed segments, dead letters and payloads.
public enum Zstandard {
  /// Compresses `bytes` into one frame with its content size; `nil` if memory is exhausted.
  ///
  /// - Parameter level: 1 (fast) to 19 (small); 3 is libzstd's default.
  public static func compressed(_ bytes: UnsafeRawBufferPointer, level: Int32 = 3) -> [UInt8]? {
    let bound = ZSTD_compressBound(bytes.count)
    guard ZSTD_isError(bound) == 0 else { return nil }
    var isWhole = false
    let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      let written = ZSTD_compress(target.baseAddress, target.count, bytes.baseAddress, bytes.count, level)
      isWhole = ZSTD_isError(written) == 0
      count = isWhole ? written : 0
    }
    return isWhole ? frame : nil
  }

  /// Decompresses one frame; `nil` if it is damaged or its content exceeds `mostBytes`.
  public static func decompressed(_ frame: UnsafeRawBufferPointer, mostBytes: Int) -> [UInt8]? {
    let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    // The two highest values mean "unknown", as in frames made from a pipe, and "no frame".
    if size == .max { return streamed(frame, mostBytes: mostBytes) }
    guard let size = Int(exactly: size), size <= mostBytes else { return nil }
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      isWhole = decompress(
        frame, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[..<size]))
      count = isWhole ? size : 0
    }
    return isWhole ? bytes : nil
  }

  private static func streamed(_ frame: UnsafeRawBufferPointer, mostBytes: Int) -> [UInt8]? {
    guard let stream = ZSTD_createDStream() else { return nil }
    defer { ZSTD_freeDStream(stream) }
    var input = ZSTD_inBuffer(src: frame.baseAddress, size: frame.count, pos: 0)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    while true {
      let (left, count) = chunk.withUnsafeMutableBytes { target in
        var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        return (ZSTD_decompressStream(stream, &output, &input), output.pos)
      }
      guard ZSTD_isError(left) == 0, bytes.count + count <= mostBytes else { return nil }
      bytes += chunk[..<count]
      if left == 0 { return bytes }
      if count == 0 && input.pos == input.size { return nil }
    }
  }

  /// Returns the length of the frame at the start of `bytes`, or `nil` if it is incomplete. A file may hold consecutive
  /// frames and grows by appending them.
  public static func frameLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let length = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
    return ZSTD_isError(length) == 0 ? length : nil
  }

  /// Decompresses one frame whose content has the size of `target`. Returns `false` if it is damaged or of another
  /// size.
  public static func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
    ZSTD_decompress(target.baseAddress, target.count, frame.baseAddress, frame.count) == target.count
  }

  /// Decompresses complete frames into a buffer that may be larger or too small.
  public static func unpack(
    _ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) -> UnpackResult {
    let count = ZSTD_decompress(room.baseAddress, room.count, source.baseAddress, source.count)
    guard ZSTD_isError(count) == 0 else {
      return ZSTD_getErrorCode(count) == ZSTD_error_dstSize_tooSmall ? .needsRoom : .damaged
    }
    return .bytes(count)
  }
}
