import PlantModel
public import WattlineTime

/// Rows of a recording with numbers, and the findings about them.
public struct Recording: Sendable {
  /// Findings about the rows.
  public struct Tally: Sendable, Equatable {
    /// Number of rows read.
    public var rows = 0
    /// Number of rows skipped because they cannot be read.
    public var unreadable = 0
    /// The first twenty skipped rows.
    public var problems: [RecordingProblem] = []
    /// Number of rows that follow one with a later time.
    public var unsorted = 0
    /// Number of rows whose time another row already has.
    public var duplicates = 0
    /// Number of times missing at the usual distance.
    public var missing = 0
    /// Number of local times that the clock skips in spring, taken as times after the change.
    public var skippedHours = 0
    /// Number of days of a wide file whose cells do not fit the day's length.
    public var unevenDays = 0

    /// Creates findings with rows read and skipped only.
    ///
    /// - Parameters:
    ///   - rows: Number of rows read.
    ///   - unreadable: Number of rows skipped.
    ///   - problems: The first skipped rows.
    public init(rows: Int = 0, unreadable: Int = 0, problems: [RecordingProblem] = []) {
      (self.rows, self.unreadable, self.problems) = (rows, unreadable, problems)
    }
  }

  /// Columns, in the order in which they were requested.
  public internal(set) var columns: [RecordingColumn]
  /// Start of each row's interval; empty if the file has no times.
  public internal(set) var times: [Timestamp]
  /// Values by column, one a row [unit of the column]; NaN for missing values.
  public internal(set) var values: [[Double]]
  /// Line number of each row, from 1.
  public internal(set) var lines: [Int]
  /// Findings about the rows.
  public internal(set) var tally: Tally
  /// Length of each row's interval [ns], if the file gives it; otherwise empty.
  var lengths: [Int64] = []

  /// Whether several rows may come from one line, as in a file with a day in each line.
  public var isUnfolded: Bool { columns.contains(where: \.isUnfolded) }

  /// Number of rows.
  public var count: Int { lines.count }

  /// Most frequent distance between consecutive rows in chronological order; `nil` with fewer than two times.
  public var step: TimeSpan? { Recording.step(of: times.sorted()) }

  static func step(of sorted: [Timestamp]) -> TimeSpan? {
    var counts: [Int64: Int] = [:]
    for (later, earlier) in zip(sorted.dropFirst(), sorted) where later > earlier {
      counts[(later - earlier).nanoseconds, default: 0] += 1
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }.map { TimeSpan(nanoseconds: $0.key) }
  }

  /// Returns the rows in chronological order, each time once, with updated findings.
  ///
  /// Of rows with the same time, the later line counts; its missing values are taken from the earlier lines.
  public func ordered() -> Recording {
    guard times.count == count, count > 0 else { return self }
    var result = self
    let isSorted = zip(times.dropFirst(), times).allSatisfy { $0 > $1 }
    if !isSorted {
      result.tally.unsorted = zip(times.dropFirst(), times).count { $0 < $1 }
      // A file with its newest row first is in order, reversed.
      if result.tally.unsorted > count / 2 {
        result.tally.unsorted = zip(times.dropFirst(), times).count { $0 > $1 }
      }
      result.merge(orderedRows(&result.tally))
    }
    if let step = Recording.step(of: result.times), result.isEven(step) {
      for (later, earlier) in zip(result.times.dropFirst(), result.times) where later - earlier > step {
        result.tally.missing += max(0, Int(((later - earlier).inSeconds / step.inSeconds).rounded()) - 1)
      }
    }
    return result
  }

  /// Returns whether most distances are the step, so that longer ones are gaps.
  private func isEven(_ step: TimeSpan) -> Bool {
    2 * zip(times.dropFirst(), times).count { $0 - $1 == step } >= count - 1
  }

  /// Returns the rows to keep in chronological order, grouped by time.
  private func orderedRows(_ tally: inout Tally) -> [[Int]] {
    let order = times.indices.sorted { (times[$0], lines[$0]) < (times[$1], lines[$1]) }
    var groups: [[Int]] = []
    groups.reserveCapacity(order.count)
    for row in order {
      if let last = groups.last?.first, times[last] == times[row] {
        groups[groups.count - 1].append(row)
        tally.duplicates += 1
      } else {
        groups.append([row])
      }
    }
    return groups
  }

  private mutating func merge(_ groups: [[Int]]) {
    let old = self
    times = groups.map { old.times[$0[0]] }
    lines = groups.map { old.lines[$0[$0.count - 1]] }
    if !old.lengths.isEmpty { lengths = groups.map { old.lengths[$0[$0.count - 1]] } }
    values = old.values.map { column in
      groups.map { group in group.reversed().lazy.map { column[$0] }.first { !$0.isNaN } ?? .nan }
    }
  }
}
