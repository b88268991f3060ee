public import PlantModel

/// A fault of the process that operators should know of, or its end.
public struct ProcessFault: Sendable, Equatable {
  /// The fault.
  public enum Kind: String, Sendable, CaseIterable {
    /// The process uses nearly all memory that it may have.
    case memory
    /// The disk of the journal is nearly full.
    case disk
    /// The backlog before the stages or the database grows steadily.
    case backlog
    /// The database is away.
    case database
    /// The clock of this machine differs from others.
    case clock
    /// Workers stand still.
    case stages
    /// The HTTP interface is slow.
    case interface
    /// Requests over HTTP fail for the server's reasons.
    case errors
    /// Many logins are refused.
    case logins
    /// A job of the interface is late.
    case jobs
    /// The broker refuses publishers.
    case refused
    /// A source that does not come over MQTT fetches nothing.
    case sources
  }

  /// The fault.
  public var kind: Kind
  /// `false` once the fault is over; ``text`` then says what holds instead.
  public var isStanding: Bool
  /// Weight of a standing fault.
  public var severity: Severity
  /// The fault, with figures, in one or two sentences.
  public var text: String
  /// The quantity that is judged: a share, bytes or seconds.
  public var value: Double

  /// Creates the description of a fault.
  ///
  /// - Parameters:
  ///   - kind: What is wrong.
  ///   - isStanding: `false` once it is over.
  ///   - severity: Weight of a standing fault.
  ///   - text: What is wrong, with figures.
  ///   - value: The quantity that is judged.
  public init(
    _ kind: Kind, isStanding: Bool, severity: Severity = .warning, text: String, value: Double = .nan
  ) {
    (self.kind, self.isStanding, self.severity) = (kind, isStanding, severity)
    (self.text, self.value) = (text, value)
  }
}
