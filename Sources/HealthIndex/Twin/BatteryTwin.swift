import PlantModel
import PlantPhysics
import StreamCore

/// A comparison of a battery with its model, each quarter-hour.
///
/// - State of charge: the reported value is compared with a Kalman filter of current and voltage.
/// - Capacity: change of the reported state of charge divided by the charge moved, if at least 2 % moved. The state of
///   health comes from a fit of both.
/// - Temperature: compared with a first-order model of its own past, the power and the outdoor temperature, learned
///   continuously.
/// - Cell spread: highest minus lowest cell voltage.
///
/// Cells in series and resistance are fitted to the first day. Current is taken from `current`, otherwise from `power`
/// and `voltage`. Without a voltage only temperature and cells are judged. The usual residuals are learned, so another
/// cell chemistry only widens them.
struct BatteryTwin: Sendable {
  private var calibration = CircuitCalibration()
  private var filter: StateOfChargeFilter?
  private(set) var charge = ResidualTrack(learning: 150, floor: 0.015)
  private(set) var capacity = ResidualTrack(learning: 24, floor: 0.05)
  private(set) var thermal = ThermalTrack()
  private(set) var cells = ResidualTrack(learning: 150, floor: 0.006)
  /// Previous quarter-hour: slot, reported state of charge 0...1, current [A].
  private var before: (slot: Int, charge: Double, current: Double)?
  private var fit = CapacityFit()

  /// Capacity divided by nominal capacity; NaN until it is known to 2 %.
  var capacityShare: Double { fit.share }
  /// Estimated state of charge, 0...1; NaN before calibration.
  var stateOfCharge: Double { filter?.stateOfCharge ?? .nan }
  /// Standard deviation of ``stateOfCharge``.
  var deviation: Double { filter?.deviation ?? .nan }
  /// Estimated inner resistance [Ω].
  var resistance: Double { filter?.resistance ?? .nan }

  var findings: [TwinFinding] {
    [
      TwinFinding(name: "state of charge", score: charge.score), TwinFinding(name: "capacity", score: capacity.score),
      TwinFinding(name: "cooling", score: thermal.track.score), TwinFinding(name: "cell spread", score: cells.score),
    ]
  }

  /// Judges a quarter-hour.
  ///
  /// - Parameters:
  ///   - means: Means of the battery's sensors.
  ///   - energy: Nominal energy [kWh].
  ///   - air: Outdoor temperature [°C]; NaN if unknown.
  mutating func judge(_ means: QuarterMeans, energy: Double, air: Double) {
    cells.judge(means["cell_max_v"] - means["cell_min_v"])
    let voltage = means["voltage"]
    let current = means["current"].isFinite ? means["current"] : means["power"] * 1000 / voltage
    // The load is the share of the nominal energy that moves in one hour.
    thermal.judge(means["temperature"], slot: means.slot, load: means["power"] / max(energy, 1e-6), air: air)
    let reported = means["soc"] / 100
    guard voltage > 1, current.isFinite, reported.isFinite, energy > 0 else { return }
    judgeCharge(reported, voltage: voltage, current: current, slot: means.slot, energy: energy)
    judgeCapacity(reported, current: current, slot: means.slot)
    before = (means.slot, reported, current)
  }

  private mutating func judgeCharge(
    _ reported: Double, voltage: Double, current: Double, slot: Int, energy: Double
  ) {
    guard let circuit = calibration.circuit else {
      calibration.add(voltage: voltage, current: current, stateOfCharge: reported)
      return
    }
    let gap = before.map { slot - $0.slot } ?? .max
    guard var filter, gap <= 8 else {
      self.filter = StateOfChargeFilter(
        cells: circuit.cells, capacityAmpereHours: energy * 1000 / (circuit.cells * LithiumIonCell.meanVoltage),
        stateOfCharge: reported, resistance: circuit.resistance)
      return
    }
    // Predicts to the middle of this quarter-hour, to which its means belong.
    for _ in 1..<max(1, gap) { filter.predict(current: current, hours: 0.25) }
    filter.predict(current: before?.current ?? current, hours: 0.125)
    filter.predict(current: current, hours: 0.125)
    filter.update(voltage: voltage, current: current)
    self.filter = filter
    charge.judge(reported - filter.stateOfCharge)
  }

  private mutating func judgeCapacity(_ reported: Double, current: Double, slot: Int) {
    guard let before, let filter, slot == before.slot + 1 else { return }
    let moved = -(before.current + current) / 2 * 0.25 / filter.capacityAmpereHours
    guard abs(moved) >= 0.02 else { return }
    let ratio = (reported - before.charge) / moved
    capacity.judge(ratio - 1)
    guard ratio > 0.2, ratio < 5 else { return }
    fit.add(moved: moved, change: reported - before.charge)
  }
}

extension BatteryTwin {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(calibration.sums)
    writer.write(filter?.state ?? [])
    charge.snapshot(into: &writer)
    capacity.snapshot(into: &writer)
    thermal.snapshot(into: &writer)
    cells.snapshot(into: &writer)
    writer.write(before != nil)
    writer.write(Int64(before?.slot ?? 0))
    writer.write([before?.charge ?? 0, before?.current ?? 0] + fit.sums)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard let calibration = CircuitCalibration(sums: try reader.readDoubles()) else {
      throw .invalid("a calibration of another shape")
    }
    self.calibration = calibration
    let state = try reader.readDoubles()
    filter = StateOfChargeFilter(restoring: state)
    guard state.isEmpty == (filter == nil) else { throw .invalid("a filter of another shape") }
    try charge.restore(from: &reader)
    try capacity.restore(from: &reader)
    try thermal.restore(from: &reader)
    try cells.restore(from: &reader)
    let hasBefore = try reader.readBool()
    let slot = try reader.read(Int64.self)
    let numbers = try reader.readDoubles()
    // Three numbers end with a mean of the version before, which was too uncertain to go on from.
    let sums = numbers.count == 3 ? CapacityFit().sums : Array(numbers.dropFirst(2))
    guard numbers.count >= 3, let fit = CapacityFit(sums: sums), (-100_000_000...100_000_000).contains(slot) else {
      throw .invalid("a battery's past of another shape")
    }
    before = hasBefore ? (Int(slot), numbers[0], numbers[1]) : nil
    self.fit = fit
  }
}
