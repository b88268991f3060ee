import PlantModel

/// The rows of a recording with numbers, and what was found in them.
public struct Recording: Sendable {
  /// What became of the rows.
  public struct Tally: Sendable, Equatable {
    /// Rows that were read.
    public var rows = 0
    /// Rows that were left out because they cannot be read.
    public var unreadable = 0
    /// The first twenty of those.
    public var problems: [RecordingProblem] = []
    /// Rows that stood before one with an earlier time.
    public var unsorted = 0
    /// Rows whose time another had.
    public var duplicates = 0
    /// Times that should be there by the usual distance, and are not.
    public var missing = 0
    /// Local times that the clock leaves out in spring, taken as those after the change.
    public var skippedHours = 0
    /// Days of a wide file whose cells do not fit the day's length by the clock.
    public var unevenDays = 0

    /// Rows that were read and left out, and nothing else amiss.
    public init(rows: Int = 0, unreadable: Int = 0, problems: [RecordingProblem] = []) {
      (self.rows, self.unreadable, self.problems) = (rows, unreadable, problems)
    }
  }

  /// The columns, in the order in which they were asked for.
  public internal(set) var columns: [RecordingColumn]
  /// The start of what each row stands for; empty where the file has no times.
  public internal(set) var times: [Timestamp]
  /// Column after column, one number a row [the column's own unit]; NaN where there is none.
  public internal(set) var values: [[Double]]
  /// The line of each row, from 1.
  public internal(set) var lines: [Int]
  /// What was found.
  public internal(set) var tally: Tally
  /// What each row stands for [ns], where the file tells; empty where it does not.
  var lengths: [Int64] = []

  /// Whether several rows may come of one line, as of a file with a day in each.
  public var isUnfolded: Bool { columns.contains(where: \.isUnfolded) }

  /// How many rows there are.
  public var count: Int { lines.count }

  /// The usual distance of rows in the order of time: the one that occurs most; `nil` with less than two times.
  public var step: TimeSpan? { Recording.step(of: times.sorted()) }

  static func step(of sorted: [Timestamp]) -> TimeSpan? {
    var counts: [Int64: Int] = [:]
    for (later, earlier) in zip(sorted.dropFirst(), sorted) where later > earlier {
      counts[(later - earlier).nanoseconds, default: 0] += 1
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }.map { TimeSpan(nanoseconds: $0.key) }
  }

  /// The rows in the order of time, each time once: where a time is there again, the later line counts, and what it
  /// leaves empty is taken from the earlier. The tally tells what was done, and how many times are missing.
  public func ordered() -> Recording {
    guard times.count == count, count > 0 else { return self }
    var result = self
    let isSorted = zip(times.dropFirst(), times).allSatisfy { $0 > $1 }
    if !isSorted {
      result.tally.unsorted = zip(times.dropFirst(), times).count { $0 < $1 }
      // A file with its newest row first is in order, the other way round.
      if result.tally.unsorted > count / 2 {
        result.tally.unsorted = zip(times.dropFirst(), times).count { $0 > $1 }
      }
      result.take(orderedRows(&result.tally))
    }
    if let step = Recording.step(of: result.times), result.isEven(step) {
      for (later, earlier) in zip(result.times.dropFirst(), result.times) where later - earlier > step {
        result.tally.missing += max(0, Int(((later - earlier).inSeconds / step.inSeconds).rounded()) - 1)
      }
    }
    return result
  }

  /// Whether most distances are the step, so that others are gaps.
  private func isEven(_ step: TimeSpan) -> Bool {
    2 * zip(times.dropFirst(), times).count { $0 - $1 == step } >= count - 1
  }

  /// The rows to keep in the order of time, those of one time together.
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

  private mutating func take(_ groups: [[Int]]) {
    let old = self
    times = groups.map { old.times[$0[0]] }
    lines = groups.map { old.lines[$0[$0.count - 1]] }
    if !old.lengths.isEmpty { lengths = groups.map { old.lengths[$0[$0.count - 1]] } }
    values = old.values.map { column in
      groups.map { group in group.reversed().lazy.map { column[$0] }.first { !$0.isNaN } ?? .nan }
    }
  }
}
