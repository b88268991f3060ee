public import WattlineTime

/// Prices by date: rows `time,import[,export]`, each valid from its time to that of the next row.
///
/// A row holds for at most the step of the list, so that a missing row leaves a gap instead of extending an old price.
/// The step is that of three or more similar spacings in a row. Otherwise it is the median of the spacings around the
/// row, so it may change within the list. In a list of price changes, which has no step, each row holds until the next,
/// but for at most a day. The last row holds for one more step; a single row holds for an hour.
///
/// Worked value: rows at 0, 1, 2 and 5 h hold from 0 to 3 h and from 5 to 6 h.
public struct PriceSchedule: Hashable, Sendable {
  /// Price from a time on.
  public struct Slot: Hashable, Sendable {
    /// Time from which the price applies.
    public var start: Timestamp
    /// Import price [currency/kWh].
    public var importPrice: Double
    /// Payment for export [currency/kWh]; `nil` if the file does not give it.
    public var exportPrice: Double?

    /// Creates a price.
    ///
    /// - Parameters:
    ///   - start: Time from which it applies.
    ///   - importPrice: Import price [currency/kWh].
    ///   - exportPrice: Payment for export [currency/kWh], if known.
    public init(start: Timestamp, importPrice: Double, exportPrice: Double? = nil) {
      self.start = start
      self.importPrice = importPrice
      self.exportPrice = exportPrice
    }
  }

  /// Time span.
  public struct Span: Hashable, Sendable {
    /// Start, inclusive.
    public var start: Timestamp
    /// End, exclusive.
    public var end: Timestamp
  }

  /// Rows in chronological order.
  public let slots: [Slot]
  /// End of the validity of each row.
  private let ends: [Timestamp]
  /// Whether any row gives a payment for export.
  public let tellsExport: Bool

  /// Creates a schedule from rows in any order; of two rows of the same time the later one is kept.
  public init(_ slots: [Slot] = []) {
    var byTime: [Timestamp: Slot] = [:]
    for slot in slots { byTime[slot.start] = slot }
    let sorted = byTime.values.sorted { $0.start < $1.start }
    self.slots = sorted
    ends = PriceSchedule.ends(of: sorted.map(\.start))
    tellsExport = sorted.contains { $0.exportPrice != nil }
  }

  /// Whether the schedule has no prices.
  public var isEmpty: Bool { slots.isEmpty }

  /// End of the last row's validity; `distantPast` without rows.
  public var end: Timestamp { ends.last ?? .distantPast }

  /// Usual spacing of the rows; `nil` with fewer than two rows.
  public var step: TimeSpan? {
    slots.count < 2 ? nil : PriceSchedule.median(zip(slots, slots.dropFirst()).map { $1.start - $0.start })
  }

  /// Time spans covered by rows, in chronological order; between two of them is a gap.
  public var spans: [Span] {
    var spans: [Span] = []
    for (slot, end) in zip(slots, ends) {
      if let last = spans.last, last.end == slot.start {
        spans[spans.count - 1].end = end
      } else {
        spans.append(Span(start: slot.start, end: end))
      }
    }
    return spans
  }

  /// Returns the import price at a time [currency/kWh]; `nil` if no row applies.
  public func importPrice(at timestamp: Timestamp) -> Double? { slot(at: timestamp)?.importPrice }

  /// Returns the payment for export at a time [currency/kWh]; `nil` if no row applies or the row gives none.
  public func exportPrice(at timestamp: Timestamp) -> Double? { slot(at: timestamp)?.exportPrice }

  private func slot(at timestamp: Timestamp) -> Slot? {
    var low = 0
    var high = slots.count
    while low < high {
      let middle = (low + high) / 2
      if slots[middle].start <= timestamp { low = middle + 1 } else { high = middle }
    }
    return low > 0 && timestamp < ends[low - 1] ? slots[low - 1] : nil
  }
}

// MARK: - How long a row holds

extension PriceSchedule {
  /// Number of spacings on either side that determine the usual spacing around a row.
  private static let reach = 8
  /// Longest validity of a row in a list without a step, or in one too short to show its step.
  private static let longest = TimeSpan.day
  /// Number of spacings that a step of more than a day requires.
  private static let fewSpacings = 3

  private static func ends(of starts: [Timestamp]) -> [Timestamp] {
    guard let last = starts.last else { return [] }
    let gaps = zip(starts, starts.dropFirst()).map { $1 - $0 }
    guard let usual = median(gaps) else { return [last + .hour] }
    let runs = runs(of: gaps)
    var ends = gaps.indices.map { row in
      // Fast path for the usual spacing. A clock change makes a day an hour longer.
      if gaps[row] <= usual, usual <= longest { return starts[row + 1] }
      // Several similar spacings in a row are a step, even if the list changes to another step afterwards.
      if runs[row] >= fewSpacings { return starts[row + 1] }
      let around = Array(gaps[max(0, row - reach)...min(gaps.count - 1, row + reach)])
      return starts[row] + min(gaps[row], hold(around, gap: gaps[row]))
    }
    let tail = Array(gaps.suffix(reach))
    ends.append(last + min(gaps[gaps.count - 1], hold(tail, gap: gaps[gaps.count - 1])))
    return ends
  }

  /// Returns, for each spacing, the length of the run of similar spacings that contains it.
  private static func runs(of gaps: [TimeSpan]) -> [Int] {
    var runs: [Int] = []
    while runs.count < gaps.count {
      let first = runs.count
      let end = (first..<gaps.count).first { !isAlike(gaps[$0], usual: gaps[first]) } ?? gaps.count
      runs += Array(repeating: end - first, count: end - first)
    }
    return runs
  }

  /// Returns the validity of a row.
  ///
  /// - Parameters:
  ///   - around: Spacings around the row.
  ///   - gap: Time to the next row.
  private static func hold(_ around: [TimeSpan], gap: TimeSpan) -> TimeSpan {
    guard let usual = median(around) else { return .hour }
    let alike = around.count { isAlike($0, usual: usual) }
    // Markets have steps of an hour or less. A longer step is accepted only if nearly all spacings agree.
    let share = Double(alike) / Double(around.count)
    guard share >= (usual <= .hour ? 0.5 : 0.75) else { return min(gap, longest) }
    let step = isAlike(gap, usual: usual) ? max(gap, usual) : usual
    return around.count < fewSpacings ? min(step, longest) : step
  }

  /// Returns whether two spacings differ by at most a tenth, as by a clock change or the length of a month.
  private static func isAlike(_ gap: TimeSpan, usual: TimeSpan) -> Bool {
    (gap - usual).nanoseconds.magnitude <= usual.nanoseconds.magnitude / 10
  }

  private static func median(_ gaps: [TimeSpan]) -> TimeSpan? {
    gaps.isEmpty ? nil : gaps.sorted()[(gaps.count - 1) / 2]
  }
}
