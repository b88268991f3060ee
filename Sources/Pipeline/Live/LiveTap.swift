import PlantModel
import StreamCore

/// A worker's side of the live feed: collects what the frames of one record tell.
struct LiveTap {
  private let feed: LiveFeed?
  private var batches: [LiveBatch] = []

  /// Creates a tap; without a feed it does nothing.
  init(_ feed: LiveFeed?) { self.feed = feed }

  /// Collects what a frame tells, if somebody watches.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    guard let feed, feed.isWatched else { return }
    if frame.readings.isEmpty, frame.alerts.isEmpty, frame.commands.isEmpty, frame.dispatch.isEmpty { return }
    var batch = LiveBatch(register: register)
    batch.readings.reserveCapacity(frame.readings.count)
    for row in 0..<frame.readings.count {
      batch.readings.append(
        LiveReading(
          series: frame.readings.series[row], time: frame.readings.time[row], value: frame.readings.value[row],
          quality: frame.readings.quality[row]))
    }
    (batch.alerts, batch.commands, batch.dispatch) = (frame.alerts, frame.commands, frame.dispatch)
    batches.append(batch)
  }

  /// Hands the collected batches to the feed.
  mutating func handOver() {
    if batches.isEmpty { return }
    feed?.add(batches)
    batches.removeAll(keepingCapacity: true)
  }
}
