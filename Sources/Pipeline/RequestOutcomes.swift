import PlantModel
import SystemCore
import WattlineTime

/// Outcomes of the requests that passed through the stages, for the threads that wait for them.
///
/// A request is an instruction with the member `request`, whose value identifies it.
final class RequestOutcomes: Sendable {
  /// Number of outcomes that are kept.
  static let capacity = 1_024

  /// Outcomes of one record.
  struct News: Sendable {
    fileprivate var outcomes: [(request: String, outcome: Instruction.Outcome)] = []

    /// Whether there are none.
    var isEmpty: Bool { outcomes.isEmpty }

    /// Adds the outcomes of instructions that are requests.
    mutating func observe(_ instructions: [Instruction]) {
      for instruction in instructions {
        guard let request = instruction.members[RequestOutcomes.member] else { continue }
        outcomes.append((request, instruction.outcome))
      }
    }
  }

  /// Member of an instruction that identifies a request.
  static let member = "request"

  private let monitor = Monitor()
  private let known = Locked<[(request: String, outcome: Instruction.Outcome)]>([])

  /// Publishes the outcomes of a record, and wakes those who wait.
  func publish(_ news: inout News) {
    monitor.locked {
      known.with { known in
        known.append(contentsOf: news.outcomes)
        if known.count > Self.capacity { known.removeFirst(known.count - Self.capacity) }
      }
      monitor.broadcast()
    }
    news.outcomes.removeAll(keepingCapacity: true)
  }

  /// Waits for the outcome of a request.
  ///
  /// - Parameters:
  ///   - request: Identifier of the request.
  ///   - span: Longest wait.
  /// - Returns: The outcome; `nil` if the wait is over.
  func wait(for request: String, within span: TimeSpan) -> Instruction.Outcome? {
    let deadline = Monitor.Deadline(in: span)
    return monitor.locked {
      while true {
        if let found = known.with({ $0.last { $0.request == request } }) { return found.outcome }
        guard monitor.wait(until: deadline) else { return nil }
      }
    }
  }
}
