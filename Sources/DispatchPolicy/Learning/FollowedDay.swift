import StreamCore
import WattlineTime

/// Savings of the batteries in a local day of 24 hours, against batteries at rest [currency].
///
/// Energy left in the batteries at the end of the day counts with its value, and that at its start is the same for all.
struct DaySavings: Equatable {
  /// By the measured power.
  var measured: Double
  /// If every recommendation had been followed since the day began; NaN if one is missing.
  var followed: Double
  /// By the optimum.
  var optimal: Double
  /// End of the day.
  var end: Timestamp
}

/// The batteries' energy in a local day if every recommendation had been followed since the day began.
///
/// A recommendation of one quarter of an hour presumes the energy that the batteries have then. Where nobody follows,
/// the same energy is recommended again in the next quarter. So what each quarter would save must not be added up;
/// here each kWh is used once.
struct FollowedDay {
  /// Time between recommendations.
  private static let step = DispatchStage.interval
  /// Usable energy [kWh]; NaN before the first day begins and after a missing recommendation.
  private(set) var energy = Double.nan
  /// Power of each quarter of an hour since the day began [kW].
  private(set) var powers: [Double] = []
  /// Start of the day.
  private(set) var start = Timestamp.distantPast
  /// Local day of the month at the last hour; 0 before the first one.
  private var localDay = 0

  /// Records the local date of an hour mark; returns whether a day began there.
  mutating func begins(_ local: CivilTime) -> Bool {
    defer { localDay = local.day }
    return localDay != 0 && localDay != local.day
  }

  /// Begins a day with the energy that the batteries have.
  ///
  /// - Parameters:
  ///   - timestamp: Start of the day.
  ///   - energy: Usable energy [kWh]; NaN if unknown.
  mutating func begin(at timestamp: Timestamp, energy: Double) {
    (start, self.energy) = (timestamp, energy)
    powers.removeAll(keepingCapacity: true)
  }

  /// Follows a recommendation for a quarter of an hour.
  ///
  /// - Parameters:
  ///   - power: Recommended power [kW].
  ///   - timestamp: Start of the quarter.
  ///   - problem: The batteries.
  mutating func follow(_ power: Double, at timestamp: Timestamp, problem: DispatchProblem) {
    guard energy.isFinite else { return }
    guard timestamp == start + .minutes(Int64(15 * powers.count)) else {
      energy = .nan
      return
    }
    var problem = problem
    problem.hours = FollowedDay.step.inHours
    let outcome = problem.advance(energy, wanted: power)
    energy = outcome.energy
    powers.append(outcome.power)
  }

  /// Mean power of each hour [kW]; `nil` unless every quarter of 24 hours up to `end` was followed.
  func hourlyPowers(until end: Timestamp) -> [Double]? {
    guard energy.isFinite, powers.count == 96, start == end - .hours(24) else { return nil }
    return (0..<24).map { hour in powers[4 * hour..<4 * hour + 4].reduce(0, +) / 4 }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(energy)
    writer.write(powers)
    writer.write(start)
    writer.write(Int64(localDay))
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    energy = try reader.readDouble()
    powers = try reader.readDoubles()
    start = try reader.readTimestamp()
    let day = try reader.read(Int64.self)
    guard (0...31).contains(day), powers.count <= 100 else { throw .invalid("a day that cannot be") }
    localDay = Int(day)
  }
}
