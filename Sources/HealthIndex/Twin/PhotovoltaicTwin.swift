import PlantModel
import PlantPhysics
import StreamCore

/// A comparison of a PV generator with the power expected from the irradiance on its modules and their temperature.
///
/// The residual is `P / P_expected − 1` with the PVWatts model of its capacity. Only quarter-hours in which more than a
/// tenth of the capacity is expected count. Its usual value is learned, so that size and losses need not be exact.
struct PhotovoltaicTwin: Sendable {
  private(set) var track = ResidualTrack(learning: 100, floor: 0.015)
  /// Performance ratio after IEC 61724-1 of the latest quarter-hour with sun: yield over reference yield; NaN before.
  private(set) var performanceRatio = Double.nan

  /// Judges a quarter-hour of a generator.
  ///
  /// The irradiance is that of the generator's own sensor. A remote station with a horizontal sensor is too inaccurate.
  ///
  /// - Parameters:
  ///   - means: Means of the generator's sensors.
  ///   - capacity: Capacity [kW].
  mutating func judge(_ means: QuarterMeans, capacity: Double) {
    let (power, irradiance) = (means["power"], means["irradiance"])
    guard power.isFinite, irradiance > 50, capacity > 0 else { return }
    let temperature = means["temperature"].isFinite ? means["temperature"] : 25 + 0.025 * irradiance
    let expected = PhotovoltaicModel(inverterKilowatts: capacity).power(
      irradiance: irradiance, cellTemperature: temperature)
    guard expected > 0.1 * capacity else { return }
    performanceRatio = power / (1.1 * capacity * irradiance / 1000)
    track.judge(power / expected - 1)
  }

  var findings: [TwinFinding] { [TwinFinding(name: "expected power", score: track.score)] }

  func snapshot(into writer: inout SnapshotWriter) {
    track.snapshot(into: &writer)
    writer.write(performanceRatio)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try track.restore(from: &reader)
    performanceRatio = try reader.readDouble()
  }
}
