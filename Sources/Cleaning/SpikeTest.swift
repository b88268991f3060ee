import PlantModel

/// A causal Hampel test: the distance of a value from the median of the last nine good ones, in robust standard
/// deviations (`1.4826 × MAD`; F. R. Hampel, "The influence curve and its role in robust estimation", 1974).
///
/// A step and a spike look the same until the next sample. Two more conditions therefore keep false alarms rare:
///
/// - The jump exceeds one and a half times the largest lasting step accepted so far. That step fades with a half-life
///   of some 100,000 samples.
/// - For a switched quantity (power, current, states), the jump also exceeds half of the level that the series usually
///   reaches. For means over intervals it must exceed twice that level.
///
/// Three flagged values in a row that agree are a new level. The third is accepted and its step remembered, so the same
/// switching is not flagged again.
struct SpikeTest: BitwiseCopyable {
  static let window = 9
  /// Number of flagged values in a row that make a new level.
  static let levelCount: UInt8 = 3
  static let threshold: Float = 6
  private static let fading: Float = 0.999993

  /// Last good values; single precision suffices to detect a spike.
  var recent: InlineArray<9, Float> = .init(repeating: 0)
  var reach: Float = 0
  var largestStep: Float = 0
  /// Value before the newest, until it is clear whether the step between them lasts; NaN otherwise.
  var stepFrom = Float.nan
  var candidate: Float = 0
  var seen: UInt16 = 0
  var next: UInt8 = 0
  var filled: UInt8 = 0
  var candidateCount: UInt8 = 0

  private var newest: Float { recent[next == 0 ? Self.window - 1 : Int(next) - 1] }

  /// Returns a value in single precision, clamped to its range.
  private static func single(_ value: Double) -> Float {
    Float(min(max(value, -Double(Float.greatestFiniteMagnitude)), Double(Float.greatestFiniteMagnitude)))
  }

  /// Root mean square of the changes between the good values before the newest; NaN for fewer than four values.
  ///
  /// The change to the newest value is left out, because it may span a gap.
  var roughness: Double {
    guard filled >= 4 else { return .nan }
    var sum = 0.0
    for age in 2..<Int(filled) {
      let change = Double(recent[place(age - 1)] - recent[place(age)])
      sum += change * change
    }
    return (sum / Double(filled - 2)).squareRoot()
  }

  /// Returns the index of a value by its age; 0 is the newest.
  private func place(_ age: Int) -> Int { (Int(next) + 2 * Self.window - 1 - age) % Self.window }

  /// Returns whether a value is a spike compared with the good values so far.
  func departs(_ reading: Double, profile: CleaningProfile) -> Bool {
    let value = Self.single(reading)
    guard filled >= 5, abs(value - newest) > 1.5 * largestStep else { return false }
    let isSwitched = profile.isSwitched
    // A switched quantity that has only rested so far gives no measure of its usual level.
    if isSwitched && (seen < 30 || reach == 0) { return false }
    let (median, deviation) = medianAndDeviation()
    let sigma = max(1.4826 * deviation, 0.01 * abs(median), profile.scatter)
    let departure = abs(value - median)
    // A mean over an interval is computed by the meter itself, so one unusual hour is normal.
    let share: Float = profile.sampling == .instant ? 0.5 : 2
    return departure > Self.threshold * sigma && (!isSwitched || departure > share * reach)
  }

  /// Adds a value that passed the test.
  mutating func accept(_ reading: Double) {
    let value = Self.single(reading)
    learnStep(to: value)
    // A level counts once it has lasted for two samples, so that an undetected spike does not raise it.
    reach = max(reach * Self.fading, filled > 0 ? min(abs(value), abs(newest)) : 0)
    if seen < .max { seen += 1 }
    recent[Int(next)] = value
    next = Int(next) == Self.window - 1 ? 0 : next + 1
    filled = min(UInt8(Self.window), filled + 1)
    candidateCount = 0
  }

  /// Learns the last step once it has lasted.
  ///
  /// A step that is reverted at once was an undetected spike; neither it nor the way back counts as usual.
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

  /// Adds a flagged value, and returns whether it completes a new level, which then begins with it.
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

  /// Forgets the neighbours after an outage or at a new level; the usual steps stay known.
  mutating func forget() {
    filled = 0
    next = 0
    candidateCount = 0
  }

  private func medianAndDeviation() -> (Float, Float) {
    let n = Int(filled)
    var values = recent
    Self.sort(&values, count: n)
    let median = values[n / 2]
    for i in 0..<n { values[i] = abs(values[i] - median) }
    Self.sort(&values, count: n)
    return (median, values[n / 2])
  }

  private static func sort(_ values: inout InlineArray<9, Float>, count: Int) {
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
