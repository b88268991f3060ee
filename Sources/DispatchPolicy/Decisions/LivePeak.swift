import PlantModel
import StreamCore
import WattlineTime

/// The import limit under a demand charge while a plant runs: ``PeakWatch`` for hours as they end.
struct LivePeak {
  private static let days = 28
  private let problem: DispatchProblem
  private var past = DispatchSeries()
  private var month = 0
  private var peak = 0.0
  private var target = 0.0

  init(problem: DispatchProblem) { self.problem = problem }

  /// Import that should not be exceeded [kW]; infinite without a demand charge.
  var cap: Double { problem.demandCharge > 0 ? max(peak, target) : .infinity }

  /// Records a completed hour; `local` is its end in local time. At the end of a day the target is updated.
  mutating func observe(_ hour: HourMeans, local: CivilTime) {
    guard problem.demandCharge > 0 else { return }
    let month = 12 * local.year + local.month
    if month != self.month { (self.month, peak) = (month, 0) }
    if hour.batteryPower.isFinite { peak = max(peak, hour.load - hour.generation - hour.batteryPower) }
    if past.count == LivePeak.days * 24 { past = past.slots(1..<past.count) }
    past.append(load: hour.load, generation: hour.generation, price: hour.price)
    if local.hour == 0 { target = PeakCaps.bestCap(of: past, problem: problem) }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    for column in [past.load, past.generation, past.price, [peak, target]] { writer.write(column) }
    writer.write(Int64(month))
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    var columns: [[Double]] = []
    for _ in 0..<4 { columns.append(try reader.readDoubles()) }
    let count = columns[0].count
    guard count <= LivePeak.days * 24, columns[1].count == count, columns[2].count == count, columns[3].count == 2
    else {
      throw .invalid("hours of uneven length")
    }
    past = DispatchSeries()
    for hour in 0..<count {
      past.append(load: columns[0][hour], generation: columns[1][hour], price: columns[2][hour])
    }
    (peak, target) = (columns[3][0], columns[3][1])
    month = Int(clamping: try reader.read(Int64.self))
  }
}
