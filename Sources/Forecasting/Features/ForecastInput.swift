import PlantModel
import StreamCore

/// A target and what goes with it, slot by slot without holes: what is missing is NaN.
///
/// Nobody reads the arrays of a time that is not known yet: ``target(_:before:)`` and ``exogenous(_:_:before:horizon:)``
/// answer NaN for it.
public struct ForecastInput: Sendable {
  /// A series that may explain the target.
  public struct Exogenous: Sendable {
    /// Its name.
    public var name: String
    /// Whether its values are known a horizon ahead, as forecasts of the weather are.
    public var isKnownAhead: Bool
    /// One value a slot [its own unit].
    public var values: [Double]
    /// The slot of the first value; `nil` for that of the target.
    var first: Int?

    /// A series.
    public init(name: String, isKnownAhead: Bool, values: [Double]) {
      self.name = name
      self.isKnownAhead = isKnownAhead
      self.values = values
    }
  }

  /// The slots.
  public let grid: SlotGrid
  /// The slot of the first element.
  public private(set) var first: Int
  /// The mean of each slot [unit of the target].
  public private(set) var target: [Double]
  /// Series that may explain the target.
  public var exogenous: [Exogenous]
  /// The clear sky over a generator of solar power; `nil` for other targets.
  public var sun: ClearSky?
  /// 1 on holidays, 0 on other days; empty where nothing is known of holidays.
  public private(set) var holidays: [Double]
  /// The calendar of the slots, and of a horizon beyond them.
  public var calendar: SlotCalendar

  /// The slots of a target from `first` on. Arrays that are shorter than `target` are filled up with NaN; `beyond` is
  /// how many slots after the last the calendar reaches.
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

  /// Takes back that anything is known of holidays.
  mutating func forgetHolidays() { holidays = [] }

  /// The first slot with a value.
  public private(set) var start: Int
  /// The first slot with a value below zero.
  private var firstNegative: Int?

  /// The slot after the last.
  public var end: Int { first + target.count }

  /// How many slots a row of the recording stands for, counted from ``first``.
  var slotsOfRow = 1
  /// The first slot of which nothing has come yet.
  private var unknown = Int.max

  /// Puts itself into the moment when slot `origin` starts. In a pipeline, the window of a slot that ends within a row
  /// closes just after the mark at its end, when no reading has come that could close it.
  mutating func stand(at origin: Int) { unknown = (origin - first) % slotsOfRow == 0 ? origin : origin - 1 }

  /// The target of a slot, if the slot is over before `origin` starts.
  public func target(_ slot: Int, before origin: Int) -> Double {
    slot < min(origin, unknown) && slot >= first && slot < end ? target[slot - first] : .nan
  }

  /// The slot at the same time of day so many days earlier: by the local clock, which people and tariffs follow; in
  /// steps of 24 hours for solar power, since the sun knows no summer time.
  func sameTime(as slot: Int, daysBefore days: Int) -> Int {
    sun == nil ? calendar.sameTime(as: slot, daysBefore: days) : slot - days * grid.perDay
  }

  /// Whether nothing is known of the target of the day before `origin`.
  public func isSilent(before origin: Int) -> Bool {
    ((origin - grid.perDay)..<origin).allSatisfy { target($0, before: origin).isNaN }
  }

  /// Whether no value has been below zero before `origin`, so that none is to be expected.
  public func isNeverNegative(before origin: Int) -> Bool { firstNegative.map { $0 >= origin } ?? true }

  /// A series that may explain the target: up to `origin`, or a horizon further where it is known ahead.
  public func exogenous(_ index: Int, _ slot: Int, before origin: Int, horizon: Int) -> Double {
    let series = exogenous[index]
    let limit = series.isKnownAhead ? origin + horizon : min(origin, unknown)
    let place = slot - (series.first ?? first)
    return slot < limit && place >= 0 && place < series.values.count ? series.values[place] : .nan
  }

  /// Whether a slot is on a holiday, NaN where that is not known.
  public func holiday(_ slot: Int) -> Double {
    if holidays.isEmpty, !calendar.holidays.isEmpty { return calendar.isHoliday(slot) ? 1 : 0 }
    return slot >= first && slot - first < holidays.count ? holidays[slot - first] : .nan
  }

  /// Whether anything is known of holidays.
  public var knowsHolidays: Bool { !holidays.isEmpty || !calendar.holidays.isEmpty }

  /// Sets the target of a slot, and forgets what is more than `keeping` slots before the latest.
  public mutating func set(_ slot: Int, _ value: Double, keeping: Int) {
    if target.isEmpty || slot - end >= keeping {
      first = slot
      start = slot
      target = []
    }
    if value < 0 { firstNegative = min(firstNegative ?? slot, slot) }
    guard slot >= first else { return }
    while end <= slot { target.append(.nan) }
    target[slot - first] = value
    // A quarter more is kept before it is cut, so that the array is not moved every time.
    if target.count > keeping + keeping / 4 {
      let excess = target.count - keeping
      target.removeFirst(excess)
      first += excess
      start = max(start, first)
    }
  }

  /// Writes the target; calendar and grid come from the plant.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(Int64(first))
    writer.write(Int64(start))
    writer.write(Int64(firstNegative ?? .min))
    writer.write(target)
  }

  /// Reads the target.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    first = Int(try reader.read(Int64.self))
    start = Int(try reader.read(Int64.self))
    let negative = Int(try reader.read(Int64.self))
    target = try reader.readDoubles()
    guard first.magnitude < 1 << 40, start.magnitude < 1 << 40 else { throw .invalid("a slot outside all time") }
    firstNegative = negative == .min ? nil : negative
  }
}
