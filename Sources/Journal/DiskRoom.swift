/// The room that a journal needs on its disk, from the records that found none.
struct DiskRoom {
  /// Whether the last record found the disk full.
  var isDiskFull = false
  /// Disk space that records must leave free [bytes].
  private(set) var headroom = 0
  /// Size of the largest record that found no room and has not been appended since [bytes].
  private var bytesWanted = 0

  /// Sets the disk space that records must leave free, limited to 1 TiB [bytes].
  mutating func leaveFree(_ bytes: Int) { headroom = max(0, min(bytes, 1 << 40)) }

  /// Records that a record is to be appended.
  ///
  /// - Returns: the size that was wanted before, for ``settle(_:wanted:)``.
  mutating func want(_ size: Int) -> Int {
    defer { bytesWanted = max(bytesWanted, size) }
    return bytesWanted
  }

  /// Records that a record was appended.
  ///
  /// - Parameters:
  ///   - size: size of the record [bytes].
  ///   - wanted: size that was wanted before [bytes].
  mutating func settle(_ size: Int, wanted: Int) {
    isDiskFull = false
    bytesWanted = wanted > size ? wanted : 0
  }

  /// Returns whether there is room for at least 1 MiB, or a sixteenth of the limit if that is less, and for the largest
  /// record that found none.
  ///
  /// - Parameters:
  ///   - used: size of all segments [bytes].
  ///   - reclaimable: size of the segments that may be removed [bytes].
  ///   - limit: largest size of all segments [bytes].
  ///   - free: returns the free disk space [bytes]; called only if the disk was full.
  /// - Returns: whether there is.
  func hasRoom(used: Int, reclaimable: Int, limit: Int, free: () -> Int64) -> Bool {
    let reserve = min(1 << 20, limit / 16)
    if isDiskFull, free() + Int64(reclaimable) < Int64(4 * reserve + headroom + bytesWanted) { return false }
    return limit - used + reclaimable >= max(reserve, bytesWanted)
  }
}
