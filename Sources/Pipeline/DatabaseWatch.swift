import CommandChannel
import PlantModel
import SinkCore
import WattlineTime

/// Monitor of the sink. It reports the database's state to the alerts of every plant, through the journal, and retained
/// on `wattline/status/database`.
struct DatabaseWatch {
  static let topic = "wattline/status/database"

  private let sink: any Sink
  private let announcer: Publisher
  private let ingest: Ingest
  private let isSuspected: Bool
  private let writtenBefore: UInt64
  private var told: String?
  private var recorded: DatabaseTrouble?
  private var recordedAt = Timestamp.distantPast

  init(_ sink: any Sink, announcer: Publisher, ingest: Ingest) {
    (self.sink, self.announcer, self.ingest) = (sink, announcer, ingest)
    let counts = sink.counts
    writtenBefore = counts.pointsWritten
    isSuspected = counts.accounts.spooled.points > 0
  }

  /// Checks the state; called about once a second.
  mutating func look(at timestamp: Timestamp) {
    let counts = sink.counts
    // Until the first answer, the state is unknown: points left over from the previous run may still be refused.
    if counts.state == .ok, isSuspected, counts.pointsWritten == writtenBefore { return }
    // Only the reason is compared, since the text may differ from one answer to the next. A problem is recorded again
    // every minute, for plants that were added or restarted meanwhile.
    if let trouble = DatabaseTrouble(counts.state),
      trouble.reason != recorded?.reason || (!trouble.reason.isEmpty && timestamp - recordedAt >= .minute),
      ingest.database(trouble, at: timestamp)
    {
      (recorded, recordedAt) = (trouble, timestamp)
    }
    let word = DatabaseWatch.word(for: counts.state)
    guard word != told else { return }
    told = word
    // The topic is valid, and nothing else can be refused.
    try? announcer.announce(PublishedMessage(topic: DatabaseWatch.topic, payload: word, retain: true))
  }

  private static func word(for state: SinkState) -> String {
    switch state {
    case .ok: "ok"
    case .away: "away"
    case .held(let reason, _): "held: \(reason.rawValue)"
    }
  }
}
