import PlantModel

/// What a shorter window gives to a local hour or day.
struct Contribution: BitwiseCopyable {
  var mean = 0.0
  var minimum = 0.0
  var maximum = 0.0
  var energy = Double.nan
  var goodShare = 0.0
  /// Readings behind it; 0 while there is no contribution.
  var weight = 0.0

  init() {}

  init(_ window: FeatureWindow) {
    mean = window.mean
    minimum = window.minimum
    maximum = window.maximum
    energy = window.energyKilowattHours
    goodShare = window.goodShare
    weight = Double(max(1, window.count))
  }
}

/// A local hour or day and the contributions to it, each replaceable: 25 places suffice for the longest day.
struct LocalPeriod: BitwiseCopyable {
  var start = Timestamp.distantPast
  var end = Timestamp.distantPast
  var parts: InlineArray<25, Contribution> = .init(repeating: Contribution())
  var isEmitted = false

  var isUsed: Bool { start != .distantPast }

  /// All contributions as one: means and shares weighted by readings, energies added.
  var total: Contribution {
    var result = Contribution()
    result.minimum = .infinity
    result.maximum = -.infinity
    for i in 0..<25 where parts[i].weight > 0 {
      let part = parts[i]
      result.weight += part.weight
      result.mean += (part.mean - result.mean) * (part.weight / result.weight)
      result.goodShare += (part.goodShare - result.goodShare) * (part.weight / result.weight)
      result.minimum = min(result.minimum, part.minimum)
      result.maximum = max(result.maximum, part.maximum)
      if part.energy.isFinite { result.energy = (result.energy.isFinite ? result.energy : 0) + part.energy }
    }
    return result
  }
}

/// The current period of a series and the one before it, which late readings may still change.
struct LocalRollup: BitwiseCopyable {
  var current = LocalPeriod()
  var previous = LocalPeriod()

  /// Puts a contribution in place; `ready` gets each period that is complete or changed after it was.
  mutating func put(
    _ part: Contribution, from begin: Timestamp, to finish: Timestamp, step: TimeSpan, start: Timestamp, end: Timestamp,
    _ ready: (LocalPeriod) -> Void
  ) {
    let place = Int(clamping: (begin - start).nanoseconds / max(1, step.nanoseconds))
    guard (0..<25).contains(place) else { return }
    if start > current.start {
      if current.isUsed && !current.isEmitted { ready(current) }
      previous = current
      previous.isEmitted = true
      current = LocalPeriod()
      current.start = start
      current.end = end
    }
    if start == current.start {
      current.parts[place] = part
      if finish >= end { current.isEmitted = true }
      if current.isEmitted { ready(current) }
    } else if start == previous.start {
      previous.parts[place] = part
      ready(previous)
    }
  }
}
