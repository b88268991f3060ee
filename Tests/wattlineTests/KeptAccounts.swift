import Journal

@testable import Pipeline
@testable import SinkCore

/// The accounts that a program which ended in good order left on disk.
struct KeptAccounts {
  let messages: Ledger
  let points: SinkAccounts

  init(journal folder: String) throws {
    let store = try CheckpointStore(directory: folder)
    messages = try store.open().parts.map { try SavedState($0).ledger } ?? Ledger()
    let spool = try Spool(SpoolSettings(directory: folder + "/spool", maximumBytes: 1 << 30))
    points = spool.accountsAtStart
    try spool.close()
  }

  /// Accounts that do not balance, after so many messages with a reading each of which some may have come twice.
  func findings(readings: ClosedRange<Int>) -> [String] {
    var findings: [String] = []
    if messages.messages != messages.decoded + messages.refusedInAll + messages.duplicates {
      findings.append("messages: \(messages)")
    }
    if !readings.contains(Int(clamping: messages.readings)) || messages.refusedInAll > 0 {
      findings.append("readings: \(messages), and \(readings) were sent")
    }
    if points.submitted != points.accounted || points.written.points != points.accounted.points
      || points.written.readings < messages.readings
    {
      findings.append("points: \(points), and \(messages.readings) readings were decoded")
    }
    return findings
  }
}
