import Community
import Journal
import PointSchema
import StreamCore
import WattlineTime

@testable import CommunityControl

/// Members of a village, of which every other has PV and a battery.
struct MadeVillage {
  static let start = Timestamp(seconds: 1_790_000_100).floored(to: .minutes(15))

  var names: [String]

  init(members count: Int) { names = (0..<count).map { "home-\($0)" } }

  static func mark(_ number: Int) -> Timestamp { start + .minutes(Int64(15 * number)) }

  /// Returns what a member tells at a mark.
  func summary(_ name: String, mark: Int) -> MemberSummary {
    let number = names.firstIndex(of: name) ?? 0
    var state = MemberState(time: Self.mark(mark))
    state.load = 0.4 + 0.1 * Double(number % 5)
    state.generation = number % 2 == 0 ? Self.sun(mark) : 0
    state.batteryPower = 0
    if number % 2 == 0 {
      state.battery = .init(
        capacity: 10, power: 5, efficiency: 0.95, wear: 0.02, minimum: 1, maximum: 9.5, energy: 4)
    }
    if number % 3 == 0 { state.cars = [.init(energy: 8, hours: 9, power: 7.4)] }
    var summary = MemberSummary(plant: name, state: state)
    summary.load = (0..<96).map { Float(0.4 + 0.1 * Double(number % 5)) + (($0 + mark) % 96 > 70 ? 1 : 0) }
    summary.generation = (0..<96).map { number % 2 == 0 ? Float(Self.sun(mark + $0)) : 0 }
    summary.quarters = [
      .init(
        start: Self.mark(mark - 1), net: Float((state.load ?? 0) - (state.generation ?? 0)),
        load: Float(state.load ?? 0), generation: Float(state.generation ?? 0), battery: 0)
    ]
    return summary
  }

  static func sun(_ mark: Int) -> Double {
    let hour = Double(((mark % 96) + 96) % 96) / 4
    return max(0, 4 * (1 - ((hour - 12) / 6) * ((hour - 12) / 6)))
  }

  /// Returns the closing of a mark.
  func quarter(_ mark: Int) -> CommunityQuarter {
    var quarter = CommunityQuarter(
      time: Self.mark(mark), members: names, objective: .cost,
      importPrice: (0..<96).map { ($0 + mark) % 96 > 64 ? 0.42 : 0.24 }, exportPrice: (0..<96).map { _ in 0.06 })
    quarter.importLimit = Double(names.count) * 2
    quarter.incentiveBudget = 20
    quarter.carbon = quarter.carbon.map { _ in 0.3 }
    return quarter
  }

  /// A record as a log has it.
  typealias Record = (kind: RecordKind, body: [UInt8])

  static func record(_ summary: MemberSummary) -> Record { (.memberSummary, bytes(summary.write)) }
  static func record(_ quarter: CommunityQuarter) -> Record { (.communityQuarter, bytes(quarter.write)) }
  static func record(_ decision: CommunityDecision) -> Record { (.communityDecision, bytes(decision.write)) }

  private static func bytes(_ write: (inout SnapshotWriter) -> Void) -> [UInt8] {
    var writer = SnapshotWriter()
    write(&writer)
    return writer.bytes
  }

  /// Returns points as lines that can be compared.
  static func lines(_ points: PointBatch) -> [String] {
    points.entries.map { entry in
      let fields = points.fields[entry.fields].map { "\($0.name)=\($0.value)" }
      return "\(entry.key.measurement.name),\(entry.key.qualifiers) \(fields) \(entry.time)"
    }
  }
}
