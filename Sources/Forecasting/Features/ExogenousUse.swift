import StreamCore

/// How models use a series that may explain the target.
enum ExogenousUse: UInt8, Sendable {
  /// Not at all: too little is known of it.
  case none
  /// What it was up to the origin.
  case past
  /// What it is expected to be as well.
  case ahead
}

extension ForecastInput {
  /// How each series can be used by models that learn from what was known before `end`: at least half of the two weeks
  /// before it (or of the time since the target began) must be known, and half of a horizon after it to be used ahead.
  func uses(before end: Int, horizon: Int) -> [ExogenousUse] {
    exogenous.indices.map { index in
      let first = max(start, end - 14 * grid.perDay)
      let past = (first..<max(first, end)).count { !exogenous(index, $0, before: end, horizon: horizon).isNaN }
      guard past > 0, 2 * past >= end - first else { return .none }
      guard exogenous[index].isKnownAhead else { return .past }
      let ahead = (end..<(end + horizon)).count { !exogenous(index, $0, before: end, horizon: horizon).isNaN }
      return 2 * ahead >= horizon ? .ahead : .past
    }
  }

  /// Names of series that models use and of which nothing is known any more: nothing of the last day, or less than half
  /// of the horizon where they are used ahead.
  func missing(at origin: Int, horizon: Int, uses: [ExogenousUse]) -> [String] {
    zip(exogenous.indices, uses).filter { index, use in
      func known(_ slots: Range<Int>) -> Int {
        slots.count { !exogenous(index, $0, before: origin, horizon: horizon).isNaN }
      }
      switch use {
      case .none: return false
      case .past: return known((origin - grid.perDay)..<origin) == 0
      case .ahead: return 2 * known(origin..<(origin + horizon)) < horizon
      }
    }.map { exogenous[$0.0].name }
  }
}
