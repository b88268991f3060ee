import PlantModel
import StreamCore
import WattlineTime

/// Evidence about the sign of an asset's power.
///
/// Evidence is counted per hour of event time. An hour supports an inverted sign, contradicts it, or is undecided. An
/// undecided hour cancels one supporting hour, so that occasional coincidences never add up.
struct SignWatch: BitwiseCopyable {
  /// Kinds of evidence for an inverted sign, as bits.
  enum Evidence: UInt8 {
    /// The state of charge of a battery moves in the wrong direction.
    case stateOfCharge = 1
    /// The plant's balance closes only with the sign turned.
    case balance = 2
    /// A generator or consumer is negative.
    case own = 4
    /// The connection exports while nothing generates.
    case dark = 8
  }

  /// Votes for and against an inverted sign within an hour.
  struct Votes: BitwiseCopyable {
    var inverted: Int16 = 0
    var sound: Int16 = 0
    /// Samples in which the power was large enough, but the balance closed with neither sign.
    var unclear: Int16 = 0
    var count: Int { Int(inverted) + Int(sound) + Int(unclear) }
  }

  /// Longest time between two readings over which power is integrated.
  static let longestStep = TimeSpan.minutes(65)
  /// Smallest change of the state of charge that counts as a direction [percentage points].
  static let socStep = 2.0
  /// Total change in the wrong direction that proves an inverted sign before the usual number of hours [percentage
  /// points].
  static let socPoints = 10.0

  /// Latest power [kW]; NaN before the first.
  var power = Double.nan
  var time = Timestamp.distantPast
  /// State of charge at which ``energy`` was 0 [%]; NaN without one.
  var reference = Double.nan
  /// Energy discharged since then [kWh]; negative if charged.
  var energy = 0.0
  /// Greatest magnitude of the power so far [kW].
  var greatest = 0.0
  /// Lowest and highest power in the samples in which the balance supported an inverted sign [kW].
  var low = Double.infinity
  var high = -Double.infinity
  /// Votes of the balance, and of evidence that needs no other asset.
  var balance = Votes()
  var direct = Votes()
  /// Hours that support an inverted sign since the last one against it, less one per undecided hour. `soundHours`:
  /// hours against it since the last one that supports it.
  var invertedHours: Int16 = 0
  var soundHours: Int16 = 0
  /// Kinds of evidence since the last hour against an inverted sign, as bits.
  var evidence: UInt8 = 0
  /// Total change of the state of charge in the wrong direction since then [percentage points].
  var points = 0.0

  /// Records a power [kW].
  mutating func observe(power value: Double, at timestamp: Timestamp) {
    guard value.isFinite, value.magnitude < 1e9, timestamp > time else { return }
    let step = time == .distantPast ? TimeSpan.day : timestamp - time
    if step <= SignWatch.longestStep {
      energy += 0.5 * (power + value) * step.inHours
    } else {
      reference = .nan
    }
    (power, time) = (value, timestamp)
    greatest = max(greatest, value.magnitude)
  }

  /// Records a state of charge [%] of a battery with a capacity [kWh]; `nil` if the capacity is unknown.
  mutating func observe(stateOfCharge soc: Double, capacity: Double?) {
    guard soc.isFinite, (-1...101).contains(soc) else { return }
    guard reference.isFinite else {
      (reference, energy) = (soc, 0)
      return
    }
    let change = soc - reference
    guard change.magnitude >= SignWatch.socStep else { return }
    defer { (reference, energy) = (soc, 0) }
    // A jump without energy is a correction of the battery's own estimate.
    if let capacity, capacity > 0 {
      let share = energy.magnitude / (change.magnitude / 100 * capacity)
      guard (0.3...3).contains(share) else { return }
    } else if energy.magnitude < 0.02 {
      return
    }
    let isInverted = (energy > 0) == (change > 0)
    if isInverted { points += change.magnitude }
    vote(direct: isInverted, kind: .stateOfCharge)
  }

  /// Counts evidence that needs no other asset.
  mutating func vote(direct isInverted: Bool, kind: Evidence) {
    if isInverted {
      direct.inverted = min(direct.inverted + 1, 1_000)
      evidence |= kind.rawValue
    } else {
      direct.sound = min(direct.sound + 1, 1_000)
    }
  }

  /// Counts a sample of the balance; `nil` if it closes with neither sign.
  mutating func vote(balance isInverted: Bool?) {
    switch isInverted {
    case true?:
      balance.inverted = min(balance.inverted + 1, 1_000)
      (low, high) = (min(low, power), max(high, power))
      evidence |= Evidence.balance.rawValue
    case false?: balance.sound = min(balance.sound + 1, 1_000)
    case nil: balance.unclear = min(balance.unclear + 1, 1_000)
    }
  }

  /// Closes an hour with this number of balance samples.
  mutating func closeHour(samples: Int) {
    let votes = (SignWatch.verdict(direct), balance.count * 10 >= samples ? SignWatch.verdict(balance) : nil)
    let isSeen = direct.count + balance.count > 0
    (balance, direct) = (Votes(), Votes())
    let verdict: Bool?
    switch votes {
    case (let own?, let other?): verdict = own == other ? own : nil
    case (let own?, nil): verdict = own
    case (nil, let other): verdict = other
    }
    switch verdict {
    case true?:
      invertedHours = min(invertedHours + 1, 1_000)
      soundHours = 0
    case false?:
      soundHours = min(soundHours + 1, 1_000)
      forget()
    case nil where isSeen: invertedHours = max(0, invertedHours - 1)
    case nil: break
    }
    if invertedHours == 0 { forget() }
  }

  private mutating func forget() {
    (invertedHours, evidence, points, low, high) = (0, 0, 0, .infinity, -.infinity)
  }

  /// Returns the verdict of an hour's votes: `true` if inverted, `nil` if undecided.
  private static func verdict(_ votes: Votes) -> Bool? {
    let total = votes.count
    if total == 0 { return nil }
    if Int(votes.inverted) * 5 >= total * 3, votes.sound * 10 <= votes.inverted { return true }
    return Int(votes.sound) * 2 >= total ? false : nil
  }

  /// Returns whether the evidence shows an inverted sign. The balance alone suffices only if the power has varied. A
  /// consumer without a meter may happen to equal twice a constant power.
  func isInverted(hours: Int) -> Bool {
    if invertedHours > 0, points >= SignWatch.socPoints { return true }
    guard Int(invertedHours) >= hours else { return false }
    return evidence & ~Evidence.balance.rawValue != 0 || high - low >= 0.5 * max(high.magnitude, low.magnitude)
  }
}

extension SignWatch {
  func write(to writer: inout SnapshotWriter) {
    for value in [power, reference, energy, greatest, low, high, points] { writer.write(value) }
    writer.write(time)
    for votes in [balance, direct] {
      for count in [votes.inverted, votes.sound, votes.unclear] { writer.write(count) }
    }
    writer.write(invertedHours)
    writer.write(soundHours)
    writer.write(evidence)
  }

  /// Size of the data that ``write(to:)`` writes [bytes].
  static let snapshotSize = 7 * 8 + 8 + 6 * 2 + 2 * 2 + 1

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> SignWatch {
    var watch = SignWatch()
    watch.power = try reader.readDouble()
    watch.reference = try reader.readDouble()
    watch.energy = try reader.readDouble()
    watch.greatest = try reader.readDouble()
    watch.low = try reader.readDouble()
    watch.high = try reader.readDouble()
    watch.points = try reader.readDouble()
    watch.time = try reader.readTimestamp()
    watch.balance = try readVotes(from: &reader)
    watch.direct = try readVotes(from: &reader)
    watch.invertedHours = try reader.read(Int16.self)
    watch.soundHours = try reader.read(Int16.self)
    watch.evidence = try reader.read(UInt8.self)
    guard (0...1_000).contains(watch.invertedHours), (0...1_000).contains(watch.soundHours) else {
      throw .invalid("hours of a sign that cannot be")
    }
    return watch
  }

  private static func readVotes(from reader: inout SnapshotReader) throws(SnapshotError) -> Votes {
    let votes = Votes(
      inverted: try reader.read(Int16.self), sound: try reader.read(Int16.self), unclear: try reader.read(Int16.self))
    guard [votes.inverted, votes.sound, votes.unclear].allSatisfy({ (0...1_000).contains($0) }) else {
      throw .invalid("votes that cannot be")
    }
    return votes
  }
}
