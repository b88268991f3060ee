/// Result of decompressing into a buffer of a given size.
public enum UnpackResult: Sendable {
  /// Number of bytes decompressed.
  case bytes(Int)
  /// The buffer is too small.
  case needsRoom
  /// The frame is damaged, or is none.
  case damaged
  /// This build does not support the form.
  case unavailable
}
