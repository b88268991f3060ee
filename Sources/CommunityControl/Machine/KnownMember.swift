import StreamCore
import WattlineTime

/// The knowledge that a community has of a member.
struct KnownMember: Sendable, Equatable {
  /// A step of the schedule that a member was sent, kept until its quarter is settled.
  struct Planned: Sendable, Equatable {
    var start: Timestamp
    var net: Float
    /// Power of the batteries [kW]; NaN without.
    var battery: Float
    var price: Float
  }

  /// Most steps that are kept: a day, so that late corrections find theirs.
  private static let mostPlanned = 96
  /// Share of a day's news in a profile.
  private static let gain: Float = 0.2

  /// The latest summary.
  var summary: MemberSummary
  /// Mean load without cars by quarter of the day [kW]; NaN where it was never known.
  var load = [Float](repeating: .nan, count: MemberSummary.steps)
  /// Mean generation, as the load.
  var generation = [Float](repeating: .nan, count: MemberSummary.steps)
  /// Steps that were sent, oldest first.
  var planned: [Planned] = []

  init(_ summary: MemberSummary) { self.summary = summary }

  /// Takes the next summary, and learns from its quarters.
  mutating func take(_ next: MemberSummary) {
    summary = next
    let cars = Float(next.state.carPower)
    for quarter in next.quarters {
      let slot = Self.slot(quarter.start)
      func learn(_ profile: inout [Float], _ value: Float) {
        guard value.isFinite else { return }
        profile[slot] = profile[slot].isNaN ? value : profile[slot] + Self.gain * (value - profile[slot])
      }
      learn(&load, max(0, quarter.load - cars))
      learn(&generation, quarter.generation)
    }
  }

  /// Keeps a step that was sent; one of the same quarter replaces it.
  mutating func keep(_ step: Planned) {
    planned.removeAll { $0.start == step.start }
    planned.append(step)
    if planned.count > Self.mostPlanned { planned.removeFirst(planned.count - Self.mostPlanned) }
  }

  /// Returns the quarter of the day, by UTC, of a time.
  static func slot(_ time: Timestamp) -> Int {
    let slot = QuarterHour.slot(containing: time) % MemberSummary.steps
    return slot < 0 ? slot + MemberSummary.steps : slot
  }

  /// Returns load and generation from a mark on [kW], by step, and whether that is a forecast of now.
  ///
  /// The latest forecast is used as far as it reaches, then the profile, then the latest value.
  ///
  /// - Parameters:
  ///   - mark: Start of the first step.
  ///   - steps: Number of steps.
  func expected(from mark: Timestamp, steps: Int) -> (load: [Double], generation: [Double]) {
    let age = QuarterHour.slot(containing: mark) - QuarterHour.slot(containing: summary.state.time)
    func series(_ forecast: [Float], profile: [Float], now: Double?) -> [Double] {
      (0..<steps).map { step in
        let place = step + age
        if forecast.indices.contains(place), forecast[place].isFinite { return max(0, Double(forecast[place])) }
        let usual = profile[Self.slot(mark + .minutes(Int64(15 * step)))]
        return usual.isFinite ? max(0, Double(usual)) : max(0, now ?? 0)
      }
    }
    return (
      series(summary.load, profile: load, now: summary.state.load),
      series(summary.generation, profile: generation, now: summary.state.generation)
    )
  }

  /// Whether anything is known of its load.
  var isKnown: Bool { !summary.load.isEmpty || summary.state.load != nil || load.contains { $0.isFinite } }
}

extension KnownMember {
  func snapshot(into writer: inout SnapshotWriter) {
    summary.write(to: &writer)
    writer.write(floats: load)
    writer.write(floats: generation)
    writer.write(planned) { writer, step in
      writer.write(step.start)
      for value in [step.net, step.battery, step.price] { writer.write(value.bitPattern) }
    }
  }

  init(restoring reader: inout SnapshotReader) throws(SnapshotError) {
    summary = try MemberSummary(from: &reader)
    load = try reader.readFloats()
    generation = try reader.readFloats()
    guard load.count == MemberSummary.steps, generation.count == MemberSummary.steps else {
      throw .invalid("a profile of another length")
    }
    planned = try reader.readArray(elementSize: 20) { (reader) throws(SnapshotError) in
      Planned(
        start: try reader.readTimestamp(), net: try reader.readFloat(), battery: try reader.readFloat(),
        price: try reader.readFloat())
    }
  }
}
