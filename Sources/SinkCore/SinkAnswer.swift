import PlantModel
public import WattlineTime

/// A destination's answer to posted lines.
public struct SinkAnswer: Sendable, Equatable {
  /// Next step of the sink.
  public var action: SinkAction
  /// Status code of the answer, for dead letters and messages; 0 if there was no answer.
  public var status: Int
  /// Message of the destination, or the reason why there was no answer.
  public var message: String
  /// Time of the destination less that of this machine, if the answer states one.
  public var clockDifference: TimeSpan?

  /// Creates an answer.
  ///
  /// - Parameters:
  ///   - action: what the sink does now.
  ///   - status: status code of the answer; 0 if there was none.
  ///   - message: message of the destination, or the reason why there was no answer.
  public init(_ action: SinkAction, status: Int = 0, message: String = "") {
    self.action = action
    self.status = status
    self.message = message
  }

  /// Status and message in one line, for the log.
  var summary: String {
    let line = DeadLetter.oneLine(message)
    return status == 0 ? line : "\(status) \(line)"
  }
}

/// Action of a sink after an answer.
public enum SinkAction: Sendable, Equatable {
  /// All lines are written.
  case accepted
  /// Some lines are refused for good; halve until the bad ones are isolated. `count` is their number, if the
  /// destination states it.
  case refused(WriteRefusalReason, count: Int?)
  /// These lines are refused for good, and all others are written.
  case refusedLines([RefusedLine])
  /// The request is too large: halve it.
  case tooLarge
  /// Keep everything, alert the operator and retry slowly.
  case hold(HoldReason)
  /// Busy or unavailable: keep the lines and back off, at least for the time that the destination asked for.
  case retry(after: TimeSpan?)
  /// A server fault: retry a limited number of times, then treat the lines as refused.
  case serverFault
  /// The endpoint has removed an obstacle: post the same lines again at once. Not to be answered twice in a row.
  case again
}

/// A refused line of a request, as the destination names it.
public struct RefusedLine: Sendable, Equatable {
  /// Position in the posted lines, from 0.
  public var position: Int
  /// Category of the refusal.
  public var reason: WriteRefusalReason
  /// Message of the destination about this line.
  public var message: String

  /// Creates a refused line.
  ///
  /// - Parameters:
  ///   - position: position in the posted lines, from 0.
  ///   - reason: category of the refusal.
  ///   - message: message of the destination.
  public init(position: Int, reason: WriteRefusalReason, message: String) {
    self.position = position
    self.reason = reason
    self.message = message
  }
}

/// Reason why a line was refused for good. The raw value is used in counters and dead-letter files.
public enum WriteRefusalReason: String, Sendable, CaseIterable {
  /// The database cannot parse the line.
  case malformed
  /// The field was written with another type before.
  case typeConflict = "type_conflict"
  /// The timestamp lies outside the retention period.
  case retention
  /// The single line exceeds the database's size limit.
  case tooLarge = "too_large"
  /// The database fails on this line and on no other.
  case serverFault = "server_fault"
  /// Refused with another message, which the dead-letter file contains.
  case rejected
}

/// Reason why valid data is held until an operator acts.
public enum HoldReason: String, Sendable, CaseIterable {
  /// A database limit on series, tag values, fields or tables is reached.
  case limit
  /// 401: the credentials are wrong.
  case credentials
  /// 403: the credentials do not allow writing.
  case permission
  /// 404: no such database, bucket or path.
  case missing
  /// An answer that no database gives, such as one from a proxy or another server.
  case unexpected
  /// The dead-letter file cannot be written.
  case deadLetter = "dead_letter"
  /// The spool cannot be written or read.
  case spool
}
