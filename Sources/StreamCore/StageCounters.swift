import Synchronization

/// A number that any thread may raise and any may read. Relaxed: it orders nothing else.
public final class Counter: Sendable {
  private let number: Atomic<Int>

  /// A counter that starts at `value`.
  public init(_ value: Int = 0) { number = Atomic(value) }

  /// The number now.
  public var value: Int { number.load(ordering: .relaxed) }

  /// Raises the number; meant to be called once a batch rather than once a reading.
  public func add(_ amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }

  /// Replaces the number, for what is measured rather than counted, such as the length of a queue.
  public func set(_ value: Int) { number.store(value, ordering: .relaxed) }
}

/// What a stage took in, gave out and dropped, for the series `pipeline`. Written by the stage, read by the reporter.
public final class StageCounters: Sendable {
  /// Dropped for a reason that the stage did not announce.
  public static let otherReason = "other"

  /// Name of the stage.
  public let stage: String
  /// The reasons for dropping that were announced, then ``otherReason``.
  public let reasons: [String]
  /// Items taken in.
  public let input = Counter()
  /// Items given out.
  public let output = Counter()
  /// Bytes moved.
  public let bytes = Counter()
  /// Items that wait now.
  public let queue = Counter()
  private let dropped: [Counter]

  /// Counters at zero. A reason that is not in `reasons` is counted under ``otherReason``.
  public init(stage: String, reasons: [String] = []) {
    self.stage = stage
    self.reasons = reasons.filter { $0 != StageCounters.otherReason } + [StageCounters.otherReason]
    dropped = self.reasons.map { _ in Counter() }
  }

  /// Counts items that were dropped.
  public func drop(_ reason: String, _ amount: Int = 1) {
    dropped[reasons.firstIndex(of: reason) ?? reasons.count - 1].add(amount)
  }

  /// The counts now; each is exact, the set of them is not of one instant.
  public func snapshot() -> StageCounts {
    StageCounts(
      stage: stage, input: input.value, output: output.value, bytes: bytes.value, queue: queue.value,
      dropped: zip(reasons, dropped).map { (reason: $0, count: $1.value) }.filter { $0.count > 0 })
  }
}

/// Counts of a stage, as the reporter read them.
public struct StageCounts: Sendable {
  /// Name of the stage.
  public var stage: String
  /// Items taken in.
  public var input: Int
  /// Items given out.
  public var output: Int
  /// Bytes moved.
  public var bytes: Int
  /// Items that wait.
  public var queue: Int
  /// Items dropped, reasons without any left out.
  public var dropped: [(reason: String, count: Int)]
}
