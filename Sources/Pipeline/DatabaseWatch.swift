import CommandChannel
import InfluxSink
import PlantModel

/// Says to every plant's alerts, through the journal, and retained on `wattline/status/database` how the sink stands with
/// the database.
struct DatabaseWatch {
  static let topic = "wattline/status/database"

  private let sink: InfluxSink
  private let announcer: Publisher
  private let ingest: Ingest
  private let isSuspected: Bool
  private let writtenBefore: UInt64
  private var told: String?
  private var recorded: DatabaseTrouble?
  private var recordedAt = Timestamp.distantPast

  init(_ sink: InfluxSink, _ announcer: Publisher, _ ingest: Ingest) {
    (self.sink, self.announcer, self.ingest) = (sink, announcer, ingest)
    let counts = sink.counts
    writtenBefore = counts.pointsWritten
    isSuspected = counts.accounts.spooled.points > 0
  }

  /// Looks, about once a second.
  mutating func look(at moment: Timestamp) {
    let counts = sink.counts
    // Before the first answer nobody knows.
    if counts.state == .ok, isSuspected, counts.pointsWritten == writtenBefore { return }
    // The words may differ from one answer to the next; the reason is what asks for another remedy. It is said again each
    // minute to plants that have come or begun anew.
    if let trouble = DatabaseTrouble(counts.state),
      trouble.reason != recorded?.reason || (!trouble.reason.isEmpty && moment - recordedAt >= .minute),
      ingest.database(trouble, at: moment)
    {
      (recorded, recordedAt) = (trouble, moment)
    }
    let word = DatabaseWatch.word(for: counts.state)
    guard word != told else { return }
    told = word
    // The topic is valid, which is all that can be refused.
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
