import StreamCore
package import WattlineTime

/// The schedule that a plant's community has decided for it, from a record of the plant's journal.
///
/// It is the target of batteries and chargers for its span. Then, and when the community releases the plant, the plant
/// decides for itself again. ``SafetyShield`` and the twin of commands hold the target as they hold any other request.
package struct CommunityTarget: Sendable, Equatable {
  /// Subject of the instructions that carry schedules.
  package static let subject = "community"
  /// Reason of a decision that is the community's.
  package static let reason = "community: schedule"
  /// Most steps of a schedule.
  package static let mostSteps = 96

  /// Content of an instruction.
  package enum Order: Equatable {
    /// A new schedule.
    case schedule(CommunityTarget)
    /// The plant is released.
    case released
  }

  /// Start of the first step.
  package var start: Timestamp
  /// Power of all batteries by step, positive discharge [kW]; empty without batteries.
  package var battery: [Double]
  /// Power of all cars by step [kW]; empty without cars.
  package var cars: [Double]
  /// Whether no minute mark has followed it yet.
  package var isFresh = true

  /// Number of steps, each of a quarter of an hour.
  package var steps: Int { max(battery.count, cars.count) }

  /// Returns whether no step is left.
  package func isOver(at now: Timestamp) -> Bool { now >= start + .minutes(Int64(15 * steps)) }

  /// Returns the power of the batteries at a time [kW]; `nil` if the schedule has none.
  package func battery(at now: Timestamp) -> Double? { value(battery, at: now) }

  /// Returns the power of the cars at a time [kW]; `nil` if the schedule has none.
  package func cars(at now: Timestamp) -> Double? { value(cars, at: now) }

  private func value(_ values: [Double], at now: Timestamp) -> Double? {
    guard now >= start else { return nil }
    let step = Int((now - start).nanoseconds / DispatchStage.interval.nanoseconds)
    return values.indices.contains(step) ? values[step] : nil
  }

  /// Reads an instruction: `{"start": "2026-10-01T12:00:00Z", "battery": "1.5,-2", "cars": "3.7,0"}`; without
  /// `battery` and `cars` the plant is released.
  ///
  /// - Parameter members: Members of the instruction.
  /// - Returns: `nil` if a member is missing or has a value that is not possible.
  package static func read(_ members: [String: String]) -> Order? {
    guard let start = members["start"].flatMap(ISO8601.timestamp), start == start.floored(to: DispatchStage.interval),
      let battery = powers(members["battery"]), let cars = powers(members["cars"])
    else { return nil }
    if battery.isEmpty, cars.isEmpty { return .released }
    return .schedule(CommunityTarget(start: start, battery: battery, cars: cars))
  }

  private static func powers(_ text: String?) -> [Double]? {
    guard let text, !text.isEmpty else { return [] }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Double($0) }.filter(\.isFinite)
    return values.count == parts.count && values.count <= mostSteps ? values : nil
  }
}

extension CommunityTarget {
  /// Writes the schedule.
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(start)
    writer.write(battery)
    writer.write(cars)
    writer.write(isFresh)
  }

  /// Reads the schedule that ``snapshot(into:)`` wrote.
  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    start = try reader.readTimestamp()
    battery = try reader.readDoubles()
    cars = try reader.readDoubles()
    isFresh = try reader.readBool()
  }
}
