import PlantModel
import SavingsAccounts
import StreamCore
import SystemCore
import WattlineTime

/// Request about savings that came through the journal, for the plant's logbook.
///
/// The stages keep no logbook, because a replay of the journal must not decide again. The worker writes the entry
/// before the record counts as processed, so that none is lost. The request's identity keeps a repetition from a second
/// entry.
struct LoggedRequest {
  private let instruction: Instruction
  private let plant: Plant
  private let request: SavingsRequest?
  private let received: Timestamp

  /// Creates a request.
  ///
  /// - Parameters:
  ///   - instruction: The instruction.
  ///   - plant: The plant.
  ///   - request: What it asks; `nil` if it is not understood.
  ///   - received: Receive time of its record.
  init(_ instruction: Instruction, of plant: Plant, request: SavingsRequest?, received: Timestamp) {
    (self.instruction, self.plant, self.request, self.received) = (instruction, plant, request, received)
  }

  /// Identity of the request: its time and members.
  private var source: String {
    let members = instruction.members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "\(received.nanoseconds) " + members.joined(separator: "\n")
  }

  /// Writes the entry that is asked for.
  ///
  /// - Parameters:
  ///   - logbook: The logbooks.
  ///   - note: Receives the reason if it is refused.
  /// - Returns: The instruction with its outcome; `nil` if the logbook cannot be written.
  func follow(in logbook: SavingsLogbook, note: (LogEntry) -> Void) -> Instruction? {
    var answered = instruction
    guard let request else {
      note(
        .warning(
          "plant \(plant.name): a request about savings is not understood; it needs 'action', one of "
            + "\(SavingsRequest.actions.keys.sorted().joined(separator: ", ")), and 'id', or for work 'text'"))
      answered.outcome = .refused(.notUnderstood)
      return answered
    }
    do throws(RegistryDefect) {
      answered.outcome = try logbook.follow(request, of: plant, at: received, source: source)
    } catch {
      note(.error("plant \(plant.name): a request about savings is not kept: \(error)"))
      return nil
    }
    if case .refused(let refusal) = answered.outcome {
      let reason = refusal == .late ? "is closed" : "is not in the logbook"
      let what = request.id.isEmpty ? "its meter '\(request.meter)'" : "'\(request.id)'"
      note(.warning("plant \(plant.name): a request about savings is refused: \(what) \(reason)"))
    }
    return answered
  }
}
