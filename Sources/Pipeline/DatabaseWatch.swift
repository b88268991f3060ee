import CommandChannel
import InfluxSink
import PlantModel

/// Says in every plant's alerts, and retained on `wattline/status/database`, how the sink stands with the database.
struct DatabaseWatch {
  static let topic = "wattline/status/database"

  private let sink: InfluxSink
  private let announcer: Publisher
  private let isSuspected: Bool
  private let writtenBefore: UInt64
  private var alarm: DatabaseAlarm
  private var lines = LineEncoder()
  private var told: String?

  init(_ sink: InfluxSink, _ announcer: Publisher) {
    (self.sink, self.announcer) = (sink, announcer)
    let counts = sink.counts
    writtenBefore = counts.pointsWritten
    isSuspected = counts.accounts.spooled.points > 0
    alarm = DatabaseAlarm(isSuspected: isSuspected, at: WallClock.now())
  }

  /// Looks, about once a second, and for the last time when the process is stopped.
  mutating func look(_ plants: [Plant], isLast: Bool, at moment: Timestamp) {
    let counts = sink.counts
    // Before the first answer nobody knows.
    if counts.state == .ok, isSuspected, counts.pointsWritten == writtenBefore { return }
    alarm.step(counts.state, of: plants, at: moment, into: &lines)
    if isLast { alarm.clear("Wattline was stopped while it lasted.", of: plants, at: moment, into: &lines) }
    if lines.lineCount > 0 { sink.offer(lines.take(upTo: 0)) }
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
