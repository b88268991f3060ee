import PlantModel
import SinkCore
import StreamCore
import SystemCore
import WattlineTime

/// Marks of refused messages in the points about the process: the first message of each topic and reason.
final class RefusalMarks: Sendable {
  private let instance: String
  private let sink: any Sink
  private let last = Locked(Timestamp.distantPast)

  /// Creates marks.
  ///
  /// - Parameters:
  ///   - instance: Client ID of the process at the broker.
  ///   - sink: Destination of the points.
  init(instance: String, sink: any Sink) { (self.instance, self.sink) = (instance, sink) }

  /// Marks what a log line says of a refused message; other lines are left out.
  func observe(_ entry: LogEntry) {
    guard let topic = entry.fields[.topic], let reason = entry.fields[.reason] else { return }
    // Points of one time would replace each other.
    let time = last.with { last in
      last = max(SystemClock.now().floored(to: .milliseconds(1)), last + .milliseconds(1))
      return last
    }
    var marks = Reporter(instance: instance)
    sink.offer(marks.report(refused: topic, reason: reason, text: entry.message, at: time))
  }
}
