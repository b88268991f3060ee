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
  static let threshold: Float = 6
  private static let fading: Float = 0.999993

  /// Single precision is enough to tell a spike.
  var recent: InlineArray<9, Float> = .init(repeating: 0)
  var reach: Float = 0
  var largestStep: Float = 0
  /// The value before the newest, while it is open whether the step between them lasts.
  var stepFrom = Float.nan
  var candidate: Float = 0
  var seen: UInt16 = 0
  var next: UInt8 = 0
  var filled: UInt8 = 0
  var candidateCount: UInt8 = 0

  private var newest: Float { recent[next == 0 ? Self.window - 1 : Int(next) - 1] }

  /// A value in single precision, held within its range.
  private static func single(_ value: Double) -> Float {
    Float(min(max(value, -Double(Float.greatestFiniteMagnitude)), Double(Float.greatestFiniteMagnitude)))
  }

  /// Root mean square of the changes between the good values before the newest; NaN of fewer than four values. The change
  /// to the newest is left out, because it may span a gap.
  var roughness: Double {
    guard filled >= 4 else { return .nan }
    var sum = 0.0
    for age in 2..<Int(filled) {
      let change = Double(recent[place(age - 1)] - recent[place(age)])
      sum += change * change
    }
    return (sum / Double(filled - 2)).squareRoot()
  }

  /// The place of a value by its age, 0 the newest.
  private func place(_ age: Int) -> Int { (Int(next) + 2 * Self.window - 1 - age) % Self.window }

  /// Whether `value` is a spike against the good values so far.
  func departs(_ reading: Double, profile: CleaningProfile) -> Bool {
    let value = Self.single(reading)
    guard filled >= 5, abs(value - newest) > 1.5 * largestStep else { return false }
    let isSwitched = profile.isSwitched
    // A switched quantity that has only rested so far gives no measure of what is usual.
    if isSwitched && (seen < 30 || reach == 0) { return false }
    let (median, deviation) = medianAndDeviation()
    let sigma = max(1.4826 * deviation, 0.01 * abs(median), profile.scatter)
    let departure = abs(value - median)
    // The mean of an interval is a meter's own; one odd hour of it is ordinary.
    let share: Float = profile.sampling == .instant ? 0.5 : 2
    return departure > Self.threshold * sigma && (!isSwitched || departure > share * reach)
  }

  /// Takes in a value that passed.
  mutating func accept(_ reading: Double) {
    let value = Self.single(reading)
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
  private mutating func learnStep(to value: Float) {
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
  mutating func reject(_ reading: Double, lastGood: Double) -> Bool {
    let value = Self.single(reading)
    let agrees = candidateCount > 0 && abs(value - candidate) <= 0.25 * abs(candidate - Self.single(lastGood))
    candidateCount = agrees ? candidateCount + 1 : 1
    if !agrees { candidate = value }
    guard candidateCount >= Self.levelCount else { return false }
    let step = filled > 0 ? abs(value - newest) : 0
    forget()
    accept(reading)
    largestStep = max(largestStep, step)
    return true
  }

  /// Forgets the neighbours, after an outage or at a new level; what steps are usual stays known.
  mutating func forget() {
    filled = 0
    next = 0
    candidateCount = 0
  }

  private func medianAndDeviation() -> (Float, Float) {
    let n = Int(filled)
    var values = recent
    Self.sort(&values, n)
    let median = values[n / 2]
    for i in 0..<n { values[i] = abs(values[i] - median) }
    Self.sort(&values, n)
    return (median, values[n / 2])
  }

  private static func sort(_ values: inout InlineArray<9, Float>, _ count: Int) {
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
