import PlantModel
import PlantPhysics
import StreamCore

/// A PV generator against its twin: power over what irradiance on its modules and their temperature let expect.
///
/// The residual is `P / P_expected − 1` with the PVWatts model of its capacity, in quarters of an hour in which a tenth
/// of it is expected; its usual value is learned, so that size and losses need not be exact.
struct PhotovoltaicTwin: Sendable {
  private(set) var track = ResidualTrack(learning: 100, floor: 0.015)
  /// Performance ratio after IEC 61724-1 of the latest quarter with sun: yield over reference yield; NaN before.
  private(set) var performanceRatio = Double.nan

  /// Judges a quarter of an hour of a generator of a capacity [kW].
  ///
  /// Irradiance is that of the generator's own sensor: what a station elsewhere measures on a horizontal plane is too far
  /// from it to judge by.
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
