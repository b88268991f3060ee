import PlantModel

/// A causal Hampel test: how far a value lies from the median of the last nine good ones, in robust standard
/// deviations (`1.4826 × MAD`; F. R. Hampel, "The influence curve and its role in robust estimation", 1974).
///
/// A step and a spike look the same until the next sample, so two more conditions keep false alarms rare: the jump must
/// exceed one and a half times the largest lasting step that was ever accepted (which fades with a half-life of some 100,000
/// samples), and where a quantity is switched (power, current, states) it must also exceed half of what the series
/// usually reaches (twice of it for means over intervals). Three flagged values in a row that agree are a new level: the third is accepted, and its step is
/// remembered, so that the same switching is not flagged again.
struct SpikeTest: BitwiseCopyable {
  static let window = 9
  /// Flagged values in a row that make a new level.
  static let levelCount: UInt8 = 3
  static let threshold = 6.0
  private static let fading = 0.999993

  var recent: InlineArray<9, Double> = .init(repeating: 0)
  var next: UInt8 = 0
  var filled: UInt8 = 0
  var seen: UInt16 = 0
  var reach = 0.0
  var largestStep = 0.0
  /// The value before the newest, while it is open whether the step between them lasts.
  var stepFrom = Double.nan
  var candidate = 0.0
  var candidateCount: UInt8 = 0

  private var newest: Double { recent[next == 0 ? Self.window - 1 : Int(next) - 1] }

  /// Root mean square of the changes between the good values that are remembered; NaN of fewer than four.
  var roughness: Double {
    guard filled >= 4 else { return .nan }
    var sum = 0.0
    for age in 1..<Int(filled) {
      let change = recent[place(age - 1)] - recent[place(age)]
      sum += change * change
    }
    return (sum / Double(filled - 1)).squareRoot()
  }

  /// The place of a value by its age, 0 the newest.
  private func place(_ age: Int) -> Int { (Int(next) + 2 * Self.window - 1 - age) % Self.window }

  /// Whether `value` is a spike against the good values so far.
  func departs(_ value: Double, profile: SensorProfile) -> Bool {
    guard filled >= 5, abs(value - newest) > 1.5 * largestStep else { return false }
    let isSwitched = profile.mayRestAtZero || profile.mayStandStill || profile.unit == nil
    // A switched quantity that has only rested so far gives no measure of what is usual.
    if isSwitched && (seen < 30 || reach == 0) { return false }
    let (median, deviation) = medianAndDeviation()
    let sigma = max(1.4826 * deviation, 0.01 * abs(median), Self.floor(of: profile.unit?.quantity))
    let departure = abs(value - median)
    // The mean of an interval is a meter's own; one odd hour of it is ordinary.
    let share = profile.sampling == .instant ? 0.5 : 2
    return departure > Self.threshold * sigma && (!isSwitched || departure > share * reach)
  }

  /// Takes in a value that passed.
  mutating func accept(_ value: Double) {
    learnStep(to: value)
    // A level counts once it has lasted for two samples, so that a spike that passed does not raise it.
    reach = max(reach * Self.fading, filled > 0 ? min(abs(value), abs(newest)) : 0)
    if seen < .max { seen += 1 }
    recent[Int(next)] = value
    next = Int(next) == Self.window - 1 ? 0 : next + 1
    filled = min(UInt8(Self.window), filled + 1)
    candidateCount = 0
  }

  /// Learns the last step once it is known to have lasted; one that is taken back at once was a spike that passed, and
  /// neither it nor the way back tells what is usual.
  private mutating func learnStep(to value: Double) {
    largestStep *= Self.fading
    guard filled > 0 else {
      stepFrom = .nan
      return
    }
    let returned = abs(value - stepFrom) < abs(value - newest)
    if !stepFrom.isNaN && !returned { largestStep = max(largestStep, abs(newest - stepFrom)) }
    stepFrom = returned ? .nan : newest
  }

  /// Takes in a value that was flagged; `true` when it is the last of those that make a new level, which begins here.
  mutating func reject(_ value: Double, lastGood: Double) -> Bool {
    let agrees = candidateCount > 0 && abs(value - candidate) <= 0.25 * abs(candidate - lastGood)
    candidateCount = agrees ? candidateCount + 1 : 1
    if !agrees { candidate = value }
    guard candidateCount >= Self.levelCount else { return false }
    let step = filled > 0 ? abs(value - newest) : 0
    forget()
    accept(value)
    largestStep = max(largestStep, step)
    return true
  }

  /// Forgets the neighbours, after an outage or at a new level; what steps are usual stays known.
  mutating func forget() {
    filled = 0
    next = 0
    candidateCount = 0
  }

  /// Scatter that is ordinary for a quantity even where the last values happen to agree [canonical unit].
  private static func floor(of quantity: Quantity?) -> Double {
    switch quantity {
    case .temperature, .percentage, .pressure, .speed: 1
    case .frequency: 0.05
    default: 1e-9
    }
  }

  private func medianAndDeviation() -> (Double, Double) {
    let n = Int(filled)
    var values = recent
    Self.sort(&values, n)
    let median = values[n / 2]
    for i in 0..<n { values[i] = abs(values[i] - median) }
    Self.sort(&values, n)
    return (median, values[n / 2])
  }

  private static func sort(_ values: inout InlineArray<9, Double>, _ count: Int) {
    for i in 1..<max(1, count) {
      let value = values[i]
      var j = i
      while j > 0, values[j - 1] > value {
        values[j] = values[j - 1]
        j -= 1
      }
      values[j] = value
    }
  }
}
