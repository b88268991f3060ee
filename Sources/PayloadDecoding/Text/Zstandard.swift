import CZstd

/// Zstandard decompression.
enum Zstandard {
  /// Decompresses complete frames.
  static func unpack(_ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> UnpackResult {
    let count = ZSTD_decompress(room.baseAddress, room.count, source.baseAddress, source.count)
    guard ZSTD_isError(count) == 0 else {
      return ZSTD_getErrorCode(count) == ZSTD_error_dstSize_tooSmall ? .needsRoom : .damaged
    }
    return .bytes(count)
  }
}
