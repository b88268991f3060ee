import CZstd

/// Zstandard frames (RFC 8878): what sealed segments and dead letters are kept in.
public enum Zstandard {
  /// `bytes` as one frame with its content size, or `nil` where memory is short.
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

  /// The content of one frame, or `nil` when it is damaged, does not say its size, or says more than `mostBytes`.
  public static func decompressed(_ frame: UnsafeRawBufferPointer, mostBytes: Int) -> [UInt8]? {
    let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    // The two highest values say "unknown" and "no frame".
    guard let size = Int(exactly: size), size <= mostBytes else { return nil }
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      isWhole = decompress(frame, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[..<size]))
      count = isWhole ? size : 0
    }
    return isWhole ? bytes : nil
  }

  /// Decompresses one frame, whose content has the size of `target`. `false` when it is damaged or of another size.
  static func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
    ZSTD_decompress(target.baseAddress, target.count, frame.baseAddress, frame.count) == target.count
  }
}
