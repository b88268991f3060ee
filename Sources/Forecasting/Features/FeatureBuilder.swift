import PlantModel
import PlantPhysics
import WattlineTime

/// A builder of feature rows from the data known at an origin, alike for training and forecasting.
public struct FeatureBuilder: Sendable {
  private struct DaySummary {
    var origin = Int.min
    var mean = Double.nan
    var minimum = Double.nan
    var maximum = Double.nan
    var last = Double.nan
    var lastFour = Double.nan
    var week = Double.nan
  }

  /// Columns of every row.
  public let columns: [FeatureColumn]
  /// Number of slots forecast from one origin.
  public let horizon: Int
  /// Number of slots from one origin to the next.
  public let step: Int
  private let input: ForecastInput
  private var day = DaySummary()

  /// Creates a builder that uses every explaining series.
  ///
  /// - Parameters:
  ///   - input: The target and its explaining series.
  ///   - horizon: Number of slots forecast from one origin.
  ///   - step: Number of slots from one origin to the next.
  public init(_ input: ForecastInput, horizon: Int, step: Int) {
    self.init(input, horizon: horizon, step: step, uses: input.exogenous.map { $0.isKnownAhead ? .ahead : .past })
  }

  /// Creates a builder with a given use of the explaining series.
  ///
  /// - Parameters:
  ///   - input: The target and its explaining series.
  ///   - horizon: Number of slots forecast from one origin.
  ///   - step: Number of slots from one origin to the next.
  ///   - uses: Use of each explaining series.
  init(_ input: ForecastInput, horizon: Int, step: Int, uses: [ExogenousUse]) {
    self.input = input
    self.horizon = max(1, horizon)
    self.step = max(1, step)
    columns = FeatureColumn.all(for: input, hasLeads: self.step < self.horizon, uses: uses)
  }

  /// Returns the rows of the slots from an origin on.
  public mutating func forecastRows(origin: Int) -> FeatureRows {
    var rows = FeatureRows(columns: columns, perDay: input.grid.perDay)
    for slot in origin..<(origin + horizon) { append(slot, origin: origin, to: &rows) }
    return rows
  }

  /// Returns rows for training, each built as at an earlier origin.
  ///
  /// If several origins cover a slot, one is chosen by a hash of the slot's number.
  ///
  /// - Parameters:
  ///   - range: The slots.
  ///   - origin: Only slots that ended before this one began are used.
  ///   - share: One slot in this many is used, chosen by hash.
  public mutating func trainingRows(_ range: Range<Int>, before origin: Int, oneIn share: Int = 1) -> FeatureRows {
    var rows = FeatureRows(columns: columns, perDay: input.grid.perDay)
    for slot in range where slot < origin && FeatureBuilder.hash(slot) % UInt64(max(1, share)) == 0 {
      let target = input.target(slot, before: origin)
      if target.isNaN { continue }
      append(slot, origin: earlierOrigin(of: slot), to: &rows)
      rows.targets.append(target)
    }
    return rows
  }

  /// Returns an origin on the grid of steps that has the slot within its horizon.
  private func earlierOrigin(of slot: Int) -> Int {
    let latest = slot - ((slot % step) + step) % step
    let choices = max(1, (horizon - (slot - latest) + step - 1) / step)
    return latest - Int((FeatureBuilder.hash(slot) >> 20) % UInt64(choices)) * step
  }

  private static func hash(_ slot: Int) -> UInt64 {
    var generator = SplitMix64(seed: UInt64(bitPattern: Int64(slot)))
    return generator.next()
  }

  private mutating func append(_ slot: Int, origin: Int, to rows: inout FeatureRows) {
    if day.origin != origin { summarise(origin) }
    rows.slots.append(slot)
    rows.origins.append(origin)
    for index in columns.indices { rows.values[index].append(value(columns[index], slot: slot, origin: origin)) }
  }

  private mutating func summarise(_ origin: Int) {
    let perDay = input.grid.perDay
    day = DaySummary(origin: origin)
    day.mean = mean((origin - perDay)..<origin, origin: origin)
    day.week = mean((origin - 7 * perDay)..<origin, origin: origin)
    day.lastFour = mean((origin - 4)..<origin, origin: origin)
    day.last = input.target(origin - 1, before: origin)
    for slot in (origin - perDay)..<origin {
      let value = input.target(slot, before: origin)
      if !(day.minimum <= value) && !value.isNaN { day.minimum = value }
      if !(day.maximum >= value) && !value.isNaN { day.maximum = value }
    }
  }

  private func mean(_ slots: Range<Int>, origin: Int) -> Double {
    mean(slots) { input.target($0, before: origin) }
  }

  private func mean(_ slots: some Sequence<Int>, value: (Int) -> Double) -> Double {
    var sum = 0.0
    var count = 0.0
    for slot in slots {
      let value = value(slot)
      if value.isNaN { continue }
      sum += value
      count += 1
    }
    return count > 0 ? sum / count : .nan
  }

  /// Returns the number of days from a slot back to the latest same time of day that was over at the origin.
  private func latestDay(_ slot: Int, origin: Int) -> Int {
    // A day of 23 hours needs one day more than multiples of 24 hours suggest, one of 25 hours perhaps one less.
    var days = max(1, (slot - origin) / input.grid.perDay)
    while input.sameTime(as: slot, daysBefore: days) >= origin { days += 1 }
    return days
  }

  private func sameSlot(_ slot: Int, origin: Int, days: Int) -> Int {
    let latest = latestDay(slot, origin: origin)
    return input.sameTime(as: slot, daysBefore: days % 7 == 0 ? days + (latest - 1) / 7 * 7 : days + latest - 1)
  }

  private func value(_ column: FeatureColumn, slot: Int, origin: Int) -> Double {
    let perDay = input.grid.perDay
    switch column {
    case .hour: return input.calendar.entry(slot).hour
    case .weekday: return input.calendar.entry(slot).weekday
    case .dayOfYear: return input.calendar.entry(slot).dayOfYear
    case .holiday(let shift): return input.holiday(input.calendar.sameTime(as: slot, daysBefore: -shift))
    case .clearSky:
      let middle = input.grid.start(of: slot) + TimeSpan(nanoseconds: input.grid.span.nanoseconds / 2)
      return (input.sun?.irradiance(at: middle) ?? .nan) / 1000
    case .lead: return Double(slot + 1 - origin) * input.grid.span.inHours
    case .sameSlot(let days): return input.target(sameSlot(slot, origin: origin, days: days), before: origin)
    case .weekMean: return weekMean(slot, origin: origin)
    case .weekDeviation:
      let mean = weekMean(slot, origin: origin)
      let latest = latestDay(slot, origin: origin)
      let variance = self.mean(0..<7) { days in
        let value = input.target(input.sameTime(as: slot, daysBefore: latest + days), before: origin)
        return (value - mean) * (value - mean)
      }
      return variance.squareRoot()
    case .weekdayMean:
      return mean(1...4) { input.target(sameSlot(slot, origin: origin, days: 7 * $0), before: origin) }
    case .around:
      let middle = sameSlot(slot, origin: origin, days: 1)
      let reach = max(1, perDay / 24)
      return mean((middle - reach)...(middle + reach)) { input.target($0, before: origin) }
    case .day(let statistic):
      switch statistic {
      case .mean: return day.mean
      case .minimum: return day.minimum
      case .maximum: return day.maximum
      case .last: return day.last
      case .lastFour: return day.lastFour
      }
    case .weekLevel: return day.week
    case .exogenous(let index, let feature): return exogenous(index, feature: feature, slot: slot, origin: origin)
    }
  }

  private func weekMean(_ slot: Int, origin: Int) -> Double {
    let latest = latestDay(slot, origin: origin)
    return mean(0..<7) { input.target(input.sameTime(as: slot, daysBefore: latest + $0), before: origin) }
  }

  private func exogenous(_ index: Int, feature: FeatureColumn.ExogenousFeature, slot: Int, origin: Int) -> Double {
    let perDay = input.grid.perDay
    func known(_ slot: Int) -> Double { input.exogenous(index, slot: slot, before: origin, horizon: horizon) }
    switch feature {
    case .now: return known(slot)
    case .change: return known(slot) - known(input.sameTime(as: slot, daysBefore: 1))
    case .dayMean:
      let start = slot - (slot - origin) % perDay
      return mean(start..<(start + perDay), value: known)
    case .dayMaximum:
      let start = slot - (slot - origin) % perDay
      let greatest = (start..<(start + perDay)).reduce(-Double.infinity) { max($0, known($1)) }
      return greatest.isFinite ? greatest : .nan
    case .rolling(let hours): return mean((slot - hours * perDay / 24 + 1)...slot, value: known)
    case .yesterday: return known(sameSlot(slot, origin: origin, days: 1))
    case .previousMean: return mean((origin - perDay)..<origin, value: known)
    }
  }
}
