public import Journal
import PlantModel
public import WattlineTime

/// The far end of a pipeline: takes batches of rendered points, in order, and keeps each until it is safe.
///
/// A batch is accepted when each of its lines is at the destination, in a dead-letter file, or in synced storage. The
/// pipeline trims its log below the offset of the last accepted batch. It may submit a batch again after a crash, so
/// a point written twice must replace itself.
///
/// ``SpooledSink`` is the sink for destinations that are reached by requests. It needs a ``SinkEndpoint`` only.
public protocol Sink: AnyObject, Sendable {
  /// Submits a batch and waits for room. Returns `false` if the sink is stopped; the batch is then not taken.
  @discardableResult
  func submit(_ batch: WriteBatch) -> Bool

  /// Submits a batch only if there is room now. Meant for lines that may be omitted instead of waited for.
  @discardableResult
  func offer(_ batch: WriteBatch) -> Bool

  /// Current counters and state; may be read from any thread.
  var counts: SinkCounts { get }

  /// Log offset of the last accepted batch, if there is one.
  var acceptedUpTo: UInt64? { get }

  /// Refuses further batches, delivers waiting ones within `span`, keeps the rest on disk and ends.
  ///
  /// - Returns: the offset of the last batch accepted since the start. Later batches must be submitted again.
  @discardableResult
  func stop(within span: TimeSpan) -> UInt64?
}

/// Reason why a sink cannot be created.
public enum SinkError: Error, CustomStringConvertible {
  /// A library or a thread cannot be started.
  case cannotStart(String)
  /// The spool cannot be opened.
  case spool(JournalError)

  /// Description of the problem.
  public var description: String {
    switch self {
    case .cannotStart(let what): "the database sink cannot start: \(what)"
    case .spool(let error): "the database sink's spool cannot be opened: \(error)"
    }
  }

  /// The problem as a sink's state states it.
  var obstacle: String {
    switch self {
    case .cannotStart(let what): "\(what) cannot start"
    case .spool(let error): "\(error)"
    }
  }
}
