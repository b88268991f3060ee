/// Power of a whole community, estimated from the share of its members that is metered, by a Kalman filter.
///
/// The whole is a profile of the day plus a deviation that decays. Decay, process noise and measurement noise are
/// learned from the deviations, and innovations are compared with the variance that is expected of them. A sum over
/// metered members is scaled up. Since they are the same members all the time, the error of that lasts: its variance,
/// by the differences between members, is added to estimates and never averages out.
public struct MacroFilter: Sendable {
  /// Readings of the metered members in a step.
  public struct Reading: Sendable, Equatable {
    /// Mean of the metered members [kW].
    public var mean: Double
    /// Variance between the metered members [kW²]; `nil` if it is unknown, as with one member.
    public var variance: Double?
    /// Number of metered members, at least 1.
    public var metered: Int

    /// Creates a reading from the powers of metered members, at least one [kW].
    public init(_ powers: [Double]) {
      let count = Double(powers.count)
      let mean = powers.reduce(0, +) / count
      self.mean = mean
      metered = powers.count
      variance = powers.count > 1 ? powers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) : nil
    }
  }

  /// An estimate with its standard deviation.
  public struct Estimate: Sendable, Equatable {
    /// Power of the whole [kW].
    public var power: Double
    /// Standard deviation [kW].
    public var deviation: Double

    /// Creates an estimate.
    ///
    /// - Parameters:
    ///   - power: Power of the whole [kW].
    ///   - deviation: Standard deviation [kW].
    public init(power: Double, deviation: Double) {
      self.power = power
      self.deviation = deviation
    }

    /// Returns the range that holds the whole with a probability of 80 %.
    public var likely: ClosedRange<Double> { (power - 1.2816 * deviation)...(power + 1.2816 * deviation) }
  }

  private var members: Double
  private let slotsPerDay: Int
  /// Mean of the whole by step of the day, and how often it was seen.
  private var profile: [(mean: Double, count: Double)]
  /// Deviation from the profile [kW], and its variance.
  private var deviation = (value: 0.0, variance: 0.0)
  private var moments = DeviationMoments()
  /// Mean of the squares of innovations, each as a share of its expected variance.
  private var surprise = (mean: 1.0, count: 0.0)
  /// Variance of scaling up, as a mean over recent steps.
  private var scaling = (mean: 0.0, count: 0.0)
  private var step = 0

  /// Share of a day's news in the profile, once it is known.
  private static let profileGain = 0.1

  /// Creates a filter of a community.
  ///
  /// - Parameters:
  ///   - members: Number of members, metered or not, at least 1.
  ///   - stepsPerDay: Number of steps of a day, at least 1.
  public init(members: Int, stepsPerDay: Int) {
    self.members = Double(members)
    slotsPerDay = stepsPerDay
    profile = Array(repeating: (0, 0), count: stepsPerDay)
  }

  /// Mean square of innovations as a share of what is expected: about 1 if the filter knows its errors.
  public var surpriseLevel: Double { surprise.mean }

  /// Whether innovations have been as large as expected, within a factor of two.
  public var isConsistent: Bool { (0.5...2).contains(surprise.mean) }

  /// Learned decay of a deviation in a step, 0...1.
  public var decay: Double { moments.decay }

  /// Learned variance of the process in a step [kW²].
  public var processVariance: Double { moments.variance * (1 - moments.decay * moments.decay) }

  /// Learned variance of the noise of a sum that is scaled up [kW²].
  public var measurementVariance: Double { moments.noise }

  /// Variance of the whole as scaled up from some of its members [kW²].
  public var scalingVariance: Double { scaling.mean }

  /// Takes the next step; `nil` if nobody was metered in it.
  ///
  /// - Parameters:
  ///   - reading: What is metered.
  ///   - slot: Step of the day, from 0.
  /// - Returns: The whole at the step.
  @discardableResult
  public mutating func advance(_ reading: Reading?, slot: Int) -> Estimate {
    let slot = slot % slotsPerDay
    deviation.value *= moments.decay
    deviation.variance = moments.decay * moments.decay * deviation.variance + processVariance
    defer { step += 1 }
    guard let reading else {
      moments.skip()
      return estimate(slot: slot)
    }
    let whole = reading.mean * members
    learn(profileOf: slot, whole: whole)
    let expected = deviation.variance + moments.noise
    scaling.count += 1
    scaling.mean += max(1 / scaling.count, 0.01) * (scalingVariance(reading) - scaling.mean)
    let innovation = whole - profile[slot].mean - deviation.value
    if isTrained, expected > 0 { watch(innovation * innovation / expected) }
    let gain = expected > 0 ? deviation.variance / expected : 1
    deviation.value += gain * innovation
    deviation.variance *= 1 - gain
    // The first day only makes the profile.
    if profile[slot].count > 1 { moments.record(whole - profile[slot].mean) }
    // Without a history the sum that is scaled up is all there is.
    return isTrained ? estimate(slot: slot) : Estimate(power: whole, deviation: estimate(slot: slot).deviation)
  }

  /// Returns the whole some steps from now, with the spread that deviations have by then.
  ///
  /// - Parameters:
  ///   - steps: Steps from now, from 1.
  ///   - slot: Step of the day of that time, from 0.
  /// - Returns: `nil` before each step of a day was seen twice.
  public func forecast(steps: Int, slot: Int) -> Estimate? {
    guard isTrained else { return nil }
    var (value, variance) = (deviation.value, deviation.variance)
    let decay = moments.decay
    for _ in 0..<steps {
      value *= decay
      variance = decay * decay * variance + processVariance
    }
    let place = profile[slot % slotsPerDay]
    // The profile itself is a mean of few days.
    let own = moments.variance * max(1 / place.count, MacroFilter.profileGain / 2)
    return Estimate(
      power: place.mean + value, deviation: (variance + own + moments.noise + scaling.mean).squareRoot())
  }

  /// Whether each step of a day was seen twice.
  public var isTrained: Bool { step > 2 * slotsPerDay && profile.allSatisfy { $0.count >= 2 } }

  /// Number of members, metered or not.
  public var memberCount: Int { Int(members) }

  /// Takes members in or lets them go: what was learned is scaled by their number.
  ///
  /// - Parameter count: Number of members from now on, at least 1.
  public mutating func resize(to count: Int) {
    let factor = Double(max(1, count)) / members
    guard factor != 1 else { return }
    members *= factor
    members.round()
    for slot in profile.indices { profile[slot].mean *= factor }
    deviation = (deviation.value * factor, deviation.variance * factor * factor)
    scaling.mean *= factor * factor
    moments.scale(by: factor)
  }

  private func estimate(slot: Int) -> Estimate {
    Estimate(
      power: profile[slot].mean + deviation.value, deviation: (deviation.variance + scaling.mean).squareRoot())
  }

  /// Returns the variance of the whole as scaled up from some of its members, drawn without replacement.
  private func scalingVariance(_ reading: Reading) -> Double {
    let metered = Double(reading.metered)
    guard metered < members else { return 0 }
    let variance = reading.variance ?? reading.mean * reading.mean
    return members * members * (1 - metered / members) * variance / metered
  }

  private mutating func learn(profileOf slot: Int, whole: Double) {
    profile[slot].count += 1
    let gain = max(1 / profile[slot].count, MacroFilter.profileGain)
    profile[slot].mean += gain * (whole - profile[slot].mean)
  }

  private mutating func watch(_ square: Double) {
    surprise.count += 1
    surprise.mean += max(1 / surprise.count, 0.005) * (square - surprise.mean)
  }
}

/// Variance, decay and noise of a series of deviations, by its products at distances of 0, 1 and 2 steps.
///
/// Noise is in products of a value with itself only. So the decay is the ratio of the products at 2 and 1.
struct DeviationMoments {
  private var products = (own: 0.0, next: 0.0, second: 0.0)
  private var count = 0.0
  private var last: Double?
  private var beforeLast: Double?

  /// Share of news in the products, once there are many.
  private static let gain = 0.002

  /// Decay of a deviation in a step.
  var decay: Double {
    guard products.next > 0 else { return 0 }
    return min(max(products.second / products.next, 0), 0.999)
  }

  /// Variance of the deviations, without noise.
  var variance: Double {
    guard decay > 0 else { return products.own }
    return min(products.next / decay, products.own)
  }

  /// Variance of the noise.
  var noise: Double { max(0, products.own - variance) }

  /// Adds the deviation of the next step.
  mutating func record(_ value: Double) {
    count += 1
    let gain = max(1 / count, DeviationMoments.gain)
    products.own += gain * (value * value - products.own)
    if let last { products.next += gain * (value * last - products.next) }
    if let beforeLast { products.second += gain * (value * beforeLast - products.second) }
    beforeLast = last
    last = value
  }

  /// Scales what was learned as if all deviations had been greater by a factor.
  mutating func scale(by factor: Double) {
    let square = factor * factor
    products = (products.own * square, products.next * square, products.second * square)
    last = last.map { $0 * factor }
    beforeLast = beforeLast.map { $0 * factor }
  }

  /// Leaves a step out.
  mutating func skip() {
    beforeLast = nil
    last = nil
  }
}

// MARK: - State

extension MacroFilter {
  /// All that the filter has learned, as numbers; ``init(state:)`` continues from them.
  public var state: [Double] {
    [
      members, Double(slotsPerDay), deviation.value, deviation.variance, surprise.mean, surprise.count, scaling.mean,
      scaling.count, Double(step),
    ] + moments.state + profile.flatMap { [$0.mean, $0.count] }
  }

  /// Continues from the numbers of ``state``; `nil` if they are not those of a filter.
  public init?(state: [Double]) {
    let fixed = 9 + DeviationMoments.stateCount
    guard state.count > fixed, state[0] >= 1, let slots = Int(exactly: state[1]), slots >= 1,
      slots == (state.count - fixed) / 2, let step = Int(exactly: state[8]),
      let moments = DeviationMoments(state: state[9..<fixed])
    else { return nil }
    self.init(members: Int(state[0]), stepsPerDay: slots)
    deviation = (state[2], state[3])
    surprise = (state[4], state[5])
    scaling = (state[6], state[7])
    self.step = step
    self.moments = moments
    for slot in 0..<slots { profile[slot] = (state[fixed + 2 * slot], state[fixed + 2 * slot + 1]) }
  }
}

extension DeviationMoments {
  static let stateCount = 6

  var state: [Double] {
    [products.own, products.next, products.second, count, last ?? .nan, beforeLast ?? .nan]
  }

  init?(state: ArraySlice<Double>) {
    guard state.count == Self.stateCount else { return nil }
    let values = Array(state)
    products = (values[0], values[1], values[2])
    count = values[3]
    last = values[4].isNaN ? nil : values[4]
    beforeLast = values[5].isNaN ? nil : values[5]
  }
}
