public import StreamCore

extension Stage {
  /// Returns this stage with the state of another one, as a restart would give it through a snapshot.
  ///
  /// - Throws: `SnapshotError` if the snapshot cannot be read, or not to its end.
  public func resumed(from other: Self) throws -> Self {
    var writer = SnapshotWriter()
    other.snapshot(into: &writer)
    var reader = SnapshotReader(writer.bytes)
    var stage = self
    try stage.restore(from: &reader)
    guard reader.isAtEnd else { throw SnapshotError.invalid("bytes after the end") }
    return stage
  }
}
