import PlantModel

/// Lines being delivered, and the accounts of those already delivered or refused.
struct WriteTask {
  /// The lines, and the parts still to be sent.
  var parts = RequestSplitter()
  /// Points accepted by the database.
  var written = PointTally()
  /// Points in dead-letter files, by reason.
  var deadLetters: [WriteRefusalReason: PointTally] = [:]
  /// Server faults during this job: whether there was one, whether any part was accepted since the first, and whether a
  /// suspected line waits at the end.
  var faults = (seen: false, acceptedSince: false, hasSuspect: false)

  /// Creates a job for lines, divided into parts of at most the given size.
  ///
  /// - Parameters:
  ///   - lines: line protocol.
  ///   - mostLines: maximum number of lines of a part.
  ///   - mostBytes: maximum size of a part [bytes]; a single longer line is a part too.
  init(_ lines: [UInt8], mostLines: Int, mostBytes: Int) {
    parts.add(lines, mostLines: mostLines, mostBytes: mostBytes)
  }

  /// The lines still to be sent, in the order of submission.
  var rest: [UInt8] {
    let ranges = parts.pending.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
    return ranges.reduce(into: []) { $0 += parts.bytes[$1] }
  }
}
