import PlantModel
import StreamCore
public import WattlineTime

/// A target and its explaining series, slot by slot without gaps; missing values are NaN.
///
/// Values after an origin are read only through ``target(_:before:)`` and ``exogenous(_:slot:before:horizon:)``, which
/// return NaN for times not yet known.
public struct ForecastInput: Sendable {
  /// A series that may explain the target.
  public struct Exogenous: Sendable {
    /// Name of the series, used when it is reported missing.
    public var name: String
    /// Whether values are known a horizon ahead, as weather forecasts are.
    public var isKnownAhead: Bool
    /// One value a slot [its own unit].
    public var values: [Double]
    /// Slot of the first value; `nil` for the target's first slot.
    var first: Int?

    /// Creates a series.
    ///
    /// - Parameters:
    ///   - name: Name of the series.
    ///   - isKnownAhead: Whether values are known a horizon ahead.
    ///   - values: One value a slot.
    public init(name: String, isKnownAhead: Bool, values: [Double]) {
      self.name = name
      self.isKnownAhead = isKnownAhead
      self.values = values
    }
  }

  /// Grid of the slots.
  public let grid: SlotGrid
  /// Slot of the first element.
  public private(set) var first: Int
  /// Mean of each slot [unit of the target].
  public private(set) var target: [Double]
  /// Series that may explain the target.
  public var exogenous: [Exogenous]
  /// Clear sky over a solar generator; `nil` for other targets.
  public var sun: ClearSky?
  /// 1 on holidays, 0 on other days; empty if holidays are unknown.
  public private(set) var holidays: [Double]
  /// Calendar of the slots and of a horizon beyond them.
  public var calendar: SlotCalendar

  /// Creates an input from a target.
  ///
  /// - Parameters:
  ///   - grid: Grid of the slots.
  ///   - first: Slot of the first element.
  ///   - target: Mean of each slot.
  ///   - exogenous: Explaining series; missing values count as NaN.
  ///   - holidays: 1 on holidays, 0 on other days; empty if unknown.
  ///   - zone: Time zone of the calendar.
  ///   - beyond: Number of slots by which the calendar extends beyond the last.
  public init(
    grid: SlotGrid, first: Int, target: [Double], exogenous: [Exogenous] = [], holidays: [Double] = [],
    zone: LocalCalendar = .utc, beyond: Int = 0
  ) {
    self.grid = grid
    self.first = first
    self.target = target.map { $0.isFinite ? $0 : .nan }
    self.exogenous = exogenous.map { series in
      var series = series
      series.values = series.values.map { $0.isFinite ? $0 : .nan }
      return series
    }
    self.holidays = holidays
    start = first + (self.target.firstIndex { !$0.isNaN } ?? 0)
    firstNegative = self.target.firstIndex { $0 < 0 }.map { first + $0 }
    calendar = SlotCalendar(grid: grid, first: first)
    calendar.extend(to: first + target.count + max(0, beyond), zone: zone)
  }

  /// Discards the holidays.
  mutating func forgetHolidays() { holidays = [] }

  /// First slot with a value.
  public private(set) var start: Int
  /// First slot with a value below zero.
  private var firstNegative: Int?

  /// Slot after the last.
  public var end: Int { first + target.count }

  /// Number of slots that a row of the recording covers, counted from ``first``.
  var slotsOfRow = 1
  /// First slot without any data.
  private var unknown = Int.max

  /// Limits the known data to the start of slot `origin`.
  ///
  /// In a pipeline, the window of a slot within a row closes just after the mark at its end, when the next reading
  /// arrives. Such a slot is not yet known.
  mutating func stand(at origin: Int) { unknown = (origin - first) % slotsOfRow == 0 ? origin : origin - 1 }

  /// Returns the target of a slot if the slot ends before `origin` starts, otherwise NaN.
  public func target(_ slot: Int, before origin: Int) -> Double {
    slot < min(origin, unknown) && slot >= first && slot < end ? target[slot - first] : .nan
  }

  /// Returns the slot at the same time of day that many days earlier.
  ///
  /// The time of day is local, as people and tariffs follow it. For solar power it is in steps of 24 hours, since the
  /// sun has no daylight saving time.
  func sameTime(as slot: Int, daysBefore days: Int) -> Int {
    sun == nil ? calendar.sameTime(as: slot, daysBefore: days) : slot - days * grid.perDay
  }

  /// Returns whether the target is unknown for the whole day before `origin`.
  public func isSilent(before origin: Int) -> Bool {
    ((origin - grid.perDay)..<origin).allSatisfy { target($0, before: origin).isNaN }
  }

  /// Returns whether no value before `origin` is below zero, so that none is to be expected.
  public func isNeverNegative(before origin: Int) -> Bool { firstNegative.map { $0 >= origin } ?? true }

  /// Returns the value of an explaining series up to `origin`, or a horizon further if it is known ahead, otherwise
  /// NaN.
  ///
  /// - Parameters:
  ///   - index: Position of the series in ``exogenous``.
  ///   - slot: The slot.
  ///   - origin: First slot to be forecast.
  ///   - horizon: Number of slots to be forecast.
  public func exogenous(_ index: Int, slot: Int, before origin: Int, horizon: Int) -> Double {
    let series = exogenous[index]
    let limit = series.isKnownAhead ? origin + horizon : min(origin, unknown)
    let place = slot - (series.first ?? first)
    return slot < limit && place >= 0 && place < series.values.count ? series.values[place] : .nan
  }

  /// Returns 1 if a slot is on a holiday, otherwise 0; NaN if unknown.
  public func holiday(_ slot: Int) -> Double {
    if holidays.isEmpty, !calendar.holidays.isEmpty { return calendar.isHoliday(slot) ? 1 : 0 }
    return slot >= first && slot - first < holidays.count ? holidays[slot - first] : .nan
  }

  /// Whether holidays are known.
  public var knowsHolidays: Bool { !holidays.isEmpty || !calendar.holidays.isEmpty }

  /// Sets the target of a slot, and discards slots more than `keeping` before the latest.
  ///
  /// - Parameters:
  ///   - slot: The slot.
  ///   - value: Its mean [unit of the target].
  ///   - keeping: Number of slots kept.
  public mutating func set(_ slot: Int, value: Double, keeping: Int) {
    if target.isEmpty || slot - end >= keeping {
      first = slot
      start = slot
      target = []
    }
    if value < 0 { firstNegative = min(firstNegative ?? slot, slot) }
    guard slot >= first else { return }
    while end <= slot { target.append(.nan) }
    target[slot - first] = value
    // The array is cut only when it is a quarter too long, so that it is not moved every time.
    if target.count > keeping + keeping / 4 {
      let excess = target.count - keeping
      target.removeFirst(excess)
      first += excess
      start = max(start, first)
    }
  }

  /// Writes the target. Calendar and grid are not written, since they follow from the plant.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int64(first))
    writer.write(Int64(start))
    writer.write(Int64(firstNegative ?? .min))
    writer.write(target)
  }

  /// Reads the target.
  ///
  /// - Throws: ``SnapshotError`` if the data end early or are invalid.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    first = Int(try reader.read(Int64.self))
    start = Int(try reader.read(Int64.self))
    let negative = Int(try reader.read(Int64.self))
    target = try reader.readDoubles()
    guard first.magnitude < 1 << 40, start.magnitude < 1 << 40 else { throw .invalid("a slot outside all time") }
    firstNegative = negative == .min ? nil : negative
  }
}
