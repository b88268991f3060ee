/// Prices by date: rows `time,import[,export]`, each valid from its time to that of the next row.
///
/// A row holds for the list's own step at the most: in a list of hours an hour, so that a missing row is a hole and not
/// filled with an old price. The step is that of three spacings in a row that are alike, else the median of those around
/// the row, so that it may change within the list.
/// In a list without a step, which has a row a change of price, each holds until the next one, but for a day at the most.
/// The last row holds for one more step; one that stands alone for an hour.
///
/// Worked value: rows at 0, 1, 2 and 5 h hold from 0 to 3 h and from 5 to 6 h.
public struct PriceSchedule: Hashable, Sendable {
  /// A price from a moment on.
  public struct Slot: Hashable, Sendable {
    /// From when.
    public var start: Timestamp
    /// Import price [currency/kWh].
    public var importPrice: Double
    /// Payment for export [currency/kWh], where the file tells it.
    public var exportPrice: Double?

    /// A price from a moment on.
    public init(start: Timestamp, importPrice: Double, exportPrice: Double? = nil) {
      self.start = start
      self.importPrice = importPrice
      self.exportPrice = exportPrice
    }
  }

  /// A stretch of time.
  public struct Span: Hashable, Sendable {
    /// Its beginning.
    public var start: Timestamp
    /// Its end, which is no part of it.
    public var end: Timestamp
  }

  /// The rows in the order of time.
  public let slots: [Slot]
  /// Until when each row holds.
  private let ends: [Timestamp]
  /// Whether any row tells a payment for export.
  public let tellsExport: Bool

  /// Prices in any order of time; of two at one time the later stays.
  public init(_ slots: [Slot] = []) {
    var byTime: [Timestamp: Slot] = [:]
    for slot in slots { byTime[slot.start] = slot }
    let sorted = byTime.values.sorted { $0.start < $1.start }
    self.slots = sorted
    ends = PriceSchedule.ends(of: sorted.map(\.start))
    tellsExport = sorted.contains { $0.exportPrice != nil }
  }

  /// Whether it has no prices.
  public var isEmpty: Bool { slots.isEmpty }

  /// Until when the last row holds; `distantPast` without rows.
  public var end: Timestamp { ends.last ?? .distantPast }

  /// The usual spacing of the rows; `nil` where fewer than two tell it.
  public var step: TimeSpan? {
    slots.count < 2 ? nil : PriceSchedule.median(zip(slots, slots.dropFirst()).map { $1.start - $0.start })
  }

  /// The stretches in which a row holds, in the order of time; what lies between two of them is a hole.
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

  /// Import price at a moment [currency/kWh]; `nil` where no row holds.
  public func importPrice(at moment: Timestamp) -> Double? { slot(at: moment)?.importPrice }

  /// Payment for export at a moment [currency/kWh]; `nil` where no row holds or tells it.
  public func exportPrice(at moment: Timestamp) -> Double? { slot(at: moment)?.exportPrice }

  private func slot(at moment: Timestamp) -> Slot? {
    var low = 0
    var high = slots.count
    while low < high {
      let middle = (low + high) / 2
      if slots[middle].start <= moment { low = middle + 1 } else { high = middle }
    }
    return low > 0 && moment < ends[low - 1] ? slots[low - 1] : nil
  }
}

// MARK: - How long a row holds

extension PriceSchedule {
  /// Rows on either side whose spacing says what is usual around a row.
  private static let reach = 8
  /// Longest time for which a row of a list without a step holds, and one of a list too short to show its step.
  private static let longest = TimeSpan.day
  /// A list of so few spacings does not show a step of more than a day.
  private static let fewSpacings = 3

  private static func ends(of starts: [Timestamp]) -> [Timestamp] {
    guard let last = starts.last else { return [] }
    let gaps = zip(starts, starts.dropFirst()).map { $1 - $0 }
    guard let usual = median(gaps) else { return [last + .hour] }
    let runs = runs(of: gaps)
    var ends = gaps.indices.map { row in
      // The usual case needs no look around; a clock change makes a day an hour longer.
      if gaps[row] <= usual, usual <= longest { return starts[row + 1] }
      // Several alike in a row are a step, even where the list goes over to another.
      if runs[row] >= fewSpacings { return starts[row + 1] }
      let around = Array(gaps[max(0, row - reach)...min(gaps.count - 1, row + reach)])
      return starts[row] + min(gaps[row], hold(around, gap: gaps[row]))
    }
    let tail = Array(gaps.suffix(reach))
    ends.append(last + min(gaps[gaps.count - 1], hold(tail, gap: gaps[gaps.count - 1])))
    return ends
  }

  /// How many spacings in a row, that of each row among them, are alike.
  private static func runs(of gaps: [TimeSpan]) -> [Int] {
    var runs: [Int] = []
    while runs.count < gaps.count {
      let first = runs.count
      let end = (first..<gaps.count).first { !isAlike(gaps[$0], gaps[first]) } ?? gaps.count
      runs += Array(repeating: end - first, count: end - first)
    }
    return runs
  }

  /// For how long a row holds whose next row is so far away, by the spacings around it.
  private static func hold(_ around: [TimeSpan], gap: TimeSpan) -> TimeSpan {
    guard let usual = median(around) else { return .hour }
    let alike = around.count { isAlike($0, usual) }
    // Markets have hours or less; a list of longer steps is one only if nearly all of them are the same.
    let share = Double(alike) / Double(around.count)
    guard share >= (usual <= .hour ? 0.5 : 0.75) else { return min(gap, longest) }
    let step = isAlike(gap, usual) ? max(gap, usual) : usual
    return around.count < fewSpacings ? min(step, longest) : step
  }

  /// Whether two spacings are one but for a clock change or the length of a month.
  private static func isAlike(_ gap: TimeSpan, _ usual: TimeSpan) -> Bool {
    (gap - usual).nanoseconds.magnitude <= usual.nanoseconds.magnitude / 10
  }

  private static func median(_ gaps: [TimeSpan]) -> TimeSpan? {
    gaps.isEmpty ? nil : gaps.sorted()[(gaps.count - 1) / 2]
  }
}
