import StreamCore

/// The use of an explaining series by the models.
enum ExogenousUse: UInt8, Sendable {
  /// Not used: too little of it is known.
  case none
  /// Only values up to the origin are used.
  case past
  /// Forecast values are used as well.
  case ahead
}

extension ForecastInput {
  /// Returns the possible use of each series by models that learn from data before `end`.
  ///
  /// At least half of the two weeks before `end` must be known, or of the time since the target began. For use ahead,
  /// half of the horizon after `end` must be known too.
  func uses(before end: Int, horizon: Int) -> [ExogenousUse] {
    exogenous.indices.map { index in
      let first = max(start, end - 14 * grid.perDay)
      let past = (first..<max(first, end)).count { !exogenous(index, slot: $0, before: end, horizon: horizon).isNaN }
      guard past > 0, 2 * past >= end - first else { return .none }
      guard exogenous[index].isKnownAhead else { return .past }
      let ahead = (end..<(end + horizon)).count { !exogenous(index, slot: $0, before: end, horizon: horizon).isNaN }
      return 2 * ahead >= horizon ? .ahead : .past
    }
  }

  /// Returns the names of used series that have become unknown.
  ///
  /// A series is missing if no value of the last day is known, or, for use ahead, less than half of the horizon.
  ///
  /// - Parameters:
  ///   - origin: First slot to be forecast.
  ///   - horizon: Number of slots to be forecast.
  ///   - uses: Use of each series.
  func missing(at origin: Int, horizon: Int, uses: [ExogenousUse]) -> [String] {
    zip(exogenous.indices, uses).filter { index, use in
      func known(_ slots: Range<Int>) -> Int {
        slots.count { !exogenous(index, slot: $0, before: origin, horizon: horizon).isNaN }
      }
      switch use {
      case .none: return false
      case .past: return known((origin - grid.perDay)..<origin) == 0
      case .ahead: return 2 * known(origin..<(origin + horizon)) < horizon
      }
    }.map { exogenous[$0.0].name }
  }
}
