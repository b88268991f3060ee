import InfluxSink
import PlantModel
import StreamCore

extension RunningPipeline {
  /// What the pipeline says of itself now.
  public func status() -> PipelineStatus {
    var status = PipelineStatus()
    let source = session.counters
    status.messages = UInt64(clamping: source.messages)
    status.messageBytes = UInt64(clamping: source.bytes)
    status.duplicates = UInt64(clamping: source.duplicates)
    status.oversized = UInt64(clamping: source.oversized)
    status.reconnects = UInt64(clamping: source.reconnects)
    status.isSubscribed = session.isSubscribed
    status.appended = UInt64(clamping: ingest.appended.value)
    let sink = sink.counts
    status.pointsWritten = sink.pointsWritten
    status.requests = sink.requests
    status.retries = sink.retries
    status.batchesQueued = sink.queueDepth
    status.deadLetters = sink.deadLetters.values.reduce(0, +)
    status.accounts = sink.accounts
    status.redelivered = UInt64(clamping: link.redelivered.value)
    status.spoolBytes = sink.spoolBytes
    switch sink.state {
    case .ok: break
    case .away(let words): status.databaseTrouble = words
    case .held(let reason, let words): status.databaseTrouble = "\(reason): \(words)"
    }
    status.alerts = alertDelivery.counters.snapshot()
    status.journalEnd = journal.endOffset
    let done = max(self.sink.acceptedUpTo ?? 0, journal.startOffset)
    status.journalBytesWaiting = status.journalEnd > done ? status.journalEnd - done : 0
    let processed = link.processedTime.value
    if processed > 0 {
      status.lagSeconds = max(0, (WallClock.now() - Timestamp(nanoseconds: Int64(processed))).inSeconds)
    }
    status.ledger = link.ledger.value
    status.qualityCounts = link.qualityCounts.value
    status.plants = link.views.value
    return status
  }
}
