import CommunityControl
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// Summaries of members on their way from the workers to the thread of communities.
final class CommunityInbox: Sendable {
  /// Most summaries that wait; the oldest give way, since a newer one says more.
  static let capacity = 20_000

  private let monitor = Monitor()
  private let waiting = Locked<[MemberSummary]>([])
  /// Names of the plants that belong to a community.
  let members = Locked<Set<String>>([])

  /// Adds summaries, and wakes the thread of communities.
  func put(_ summaries: [MemberSummary]) {
    monitor.locked {
      waiting.with { waiting in
        waiting += summaries
        if waiting.count > Self.capacity { waiting.removeFirst(waiting.count - Self.capacity) }
      }
      monitor.broadcast()
    }
  }

  /// Removes all summaries; waits for the first one.
  ///
  /// - Parameter span: Longest wait.
  func take(within span: TimeSpan) -> [MemberSummary] {
    let deadline = Monitor.Deadline(in: span)
    return monitor.locked {
      while waiting.with(\.isEmpty) {
        guard monitor.wait(until: deadline) else { break }
      }
      return waiting.with { waiting in
        defer { waiting = [] }
        return waiting
      }
    }
  }

  /// Ends a wait.
  func wake() { monitor.locked { monitor.broadcast() } }
}

/// Tap of a worker's frames that makes the summaries of members; a plant without a community costs a comparison.
struct CommunityTap {
  private static let mostQuarters = 96
  private let inbox: CommunityInbox?
  private var quarters: [String: [MemberSummary.Quarter]] = [:]
  private var summaries: [MemberSummary] = []

  /// Creates a tap; without an inbox it does nothing.
  init(_ inbox: CommunityInbox?) { self.inbox = inbox }

  /// Collects what a frame tells of a member.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    if frame.quarters.isEmpty, frame.member == nil { return }
    let plant = register.plant.name
    guard let inbox, inbox.members.with({ $0.contains(plant) }) else { return }
    if !frame.quarters.isEmpty {
      quarters[plant, default: []] += frame.quarters.map(MemberSummary.Quarter.init)
      let excess = (quarters[plant]?.count ?? 0) - Self.mostQuarters
      if excess > 0 { quarters[plant]?.removeFirst(excess) }
    }
    guard let state = frame.member else { return }
    var summary = MemberSummary(plant: plant, state: state)
    summary.forecast(frame.forecasts, in: register)
    summary.quarters = quarters.removeValue(forKey: plant) ?? []
    summaries.append(summary)
  }

  /// Hands the summaries over; nearly always none.
  mutating func handOver() {
    if summaries.isEmpty { return }
    inbox?.put(summaries)
    summaries.removeAll(keepingCapacity: true)
  }
}

extension MemberSummary.Quarter {
  /// Takes the mean powers of a settled quarter.
  init(_ quarter: EnergyQuarter) {
    func power(_ energy: Double?, _ share: Double?) -> Float {
      guard let energy, let share, share >= 0.5 else { return .nan }
      return Float(energy / (0.25 * share))
    }
    var battery = Float.nan
    if let discharged = quarter.discharged, let charged = quarter.charged, quarter.batteryShare ?? 0 >= 0.5 {
      battery = Float((discharged - charged) / 0.25)
    }
    self.init(
      start: quarter.start, net: quarter.exchangePower.map(Float.init) ?? .nan,
      load: power(quarter.load, quarter.loadShare), generation: power(quarter.generation, quarter.generationShare),
      battery: battery)
  }
}

extension MemberSummary {
  /// Takes the forecasts of all loads and of all generators; a sum of some of them would be too small.
  mutating func forecast(_ issues: [ForecastIssue], in register: PlantRegister) {
    func sum(_ role: PowerRole) -> [Float] {
      var sum = [Float](repeating: 0, count: Self.steps)
      var count = 0
      for position in register.assets.indices {
        let asset = register.assets[position]
        guard asset.kind.role == role, asset.within == nil, !asset.kind.traits.hasVehicles,
          let series = register.power(of: AssetIndex(position))
        else { continue }
        guard let issue = issues.first(where: { $0.series == series }), issue.step == .minutes(15),
          issue.issued == state.time, issue.p50.count >= Self.steps
        else { return [] }
        for step in 0..<Self.steps { sum[step] += Float(issue.p50[step]) }
        count += 1
      }
      return count == 0 ? [] : sum
    }
    load = sum(.consumption)
    generation = sum(.generation)
  }
}
