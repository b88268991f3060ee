import Alerts
import Journal
import PlantModel
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

extension RunningPipeline {
  /// Counters of all sources together.
  var counters: SourceCounters { inputs.reduce(SourceCounters()) { $0 + $1.counters } }

  /// Returns the current counters and state of the pipeline.
  public func status() -> PipelineStatus {
    var status = PipelineStatus()
    let source = counters
    status.messages = UInt64(clamping: source.messages)
    status.messageBytes = UInt64(clamping: source.bytes)
    status.duplicates = UInt64(clamping: source.duplicates)
    status.oversized = UInt64(clamping: source.oversized)
    status.reconnects = UInt64(clamping: source.reconnects)
    status.isSubscribed = inputs.allSatisfy(\.isReady)
    status.appended = UInt64(clamping: ingest.appended.value)
    let sink = sink.counts
    status.pointsWritten = sink.pointsWritten
    status.requests = sink.requests
    status.retries = sink.retries
    status.batchesQueued = sink.queueDepth
    status.deadLetters = sink.deadLetters.values.reduce(0, +)
    status.accounts = sink.accounts
    status.redelivered = UInt64(clamping: redelivered)
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
    let processed = links.map(\.processedTime.value).min() ?? 0
    if processed > 0 {
      status.lagSeconds = max(0, (SystemClock.now() - Timestamp(nanoseconds: Int64(processed))).inSeconds)
    }
    for link in links {
      status.ledger.add(link.ledger.value)
      status.unseenPlaces += link.unseenPlaces.value
      for (code, count) in link.qualityCounts.value.enumerated() {
        if code < status.qualityCounts.count {
          status.qualityCounts[code] += count
        } else {
          status.qualityCounts.append(count)
        }
      }
    }
    status.plants = links.flatMap(\.views.value)
    if links.count > 1 { status.plants.sort { $0.name < $1.name } }
    return status
  }
}
