import Synchronization

/// A number that any thread may increase and read. Relaxed memory order: it orders no other access.
public final class Counter: Sendable {
  private let number: Atomic<Int>

  /// Creates a counter that starts at `value`.
  public init(_ value: Int = 0) { number = Atomic(value) }

  /// Current number.
  public var value: Int { number.load(ordering: .relaxed) }

  /// Increases the number. Intended to be called once per batch, not once per reading.
  public func add(_ amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }

  /// Replaces the number, for measured quantities such as the length of a queue.
  public func set(_ value: Int) { number.store(value, ordering: .relaxed) }
}

/// Counters of a stage's input, output and drops, for the measurement `pipeline`. Written by the stage, read by the
/// reporter.
public final class StageCounters: Sendable {
  /// Reason for drops that the stage did not declare.
  public static let otherReason = "other"

  /// Name of the stage.
  public let stage: String
  /// Declared drop reasons, followed by ``otherReason``.
  public let reasons: [String]
  /// Items received.
  public let input = Counter()
  /// Items passed on.
  public let output = Counter()
  /// Bytes processed.
  public let bytes = Counter()
  /// Items currently waiting.
  public let queue = Counter()
  private let dropped: [Counter]

  /// Creates counters at zero. A reason that is not in `reasons` is counted under ``otherReason``.
  public init(stage: String, reasons: [String] = []) {
    self.stage = stage
    self.reasons = reasons.filter { $0 != StageCounters.otherReason } + [StageCounters.otherReason]
    dropped = self.reasons.map { _ in Counter() }
  }

  /// Counts dropped items.
  public func drop(_ reason: String, amount: Int = 1) {
    dropped[reasons.firstIndex(of: reason) ?? reasons.count - 1].add(amount)
  }

  /// Returns the current counts. Each one is exact, but they are not read at the same instant.
  public func snapshot() -> StageCounts {
    StageCounts(
      stage: stage, input: input.value, output: output.value, bytes: bytes.value, queue: queue.value,
      dropped: zip(reasons, dropped).map { (reason: $0, count: $1.value) }.filter { $0.count > 0 })
  }
}

/// Counts of a stage at one reading.
public struct StageCounts: Sendable {
  /// Name of the stage.
  public var stage: String
  /// Items received.
  public var input: Int
  /// Items passed on.
  public var output: Int
  /// Bytes processed.
  public var bytes: Int
  /// Items currently waiting.
  public var queue: Int
  /// Items dropped by reason; reasons without drops are omitted.
  public var dropped: [(reason: String, count: Int)]
}
