import PlantModel

/// Lines on their way to the database, and what became of those that are done with.
struct Job {
  /// The lines, and what is still to be sent of them.
  var parts = Parts()
  /// Accepted by the database.
  var written = PointTally()
  /// In dead-letter files.
  var deadLetters: [RefusalReason: PointTally] = [:]
  /// Faults of the server on the way: whether any part was accepted since the first, and whether a line waits at the
  /// end because it may be the cause.
  var faults = (seen: false, acceptedSince: false, hasSuspect: false)

  /// A job for lines, in parts of at most the given size.
  init(_ lines: [UInt8], mostLines: Int, mostBytes: Int) {
    parts.add(lines, mostLines: mostLines, mostBytes: mostBytes)
  }

  /// What is still to be sent, in the order of submission.
  var rest: [UInt8] {
    let ranges = parts.pending.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
    return ranges.reduce(into: []) { $0 += parts.bytes[$1] }
  }
}
