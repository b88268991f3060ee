import Glibc
import StreamCore

/// The agreement of an asset's power, voltage and current: the residual is `ln(|P| / |V · I|)`.
///
/// The usual residual is learned, so three phases, a power factor and converter losses are no fault. Only powers above
/// half of the greatest one are judged. Small powers are measured inaccurately. A battery that charges and discharges
/// within one quarter-hour loses more than its mean power suggests.
///
/// Worked value: 10 kW, 400 V and 25 A have a residual of 0; 20 A have one of 0.2231.
struct ElectricalTrack: Sendable {
  var track = ResidualTrack(learning: 100, floor: 0.05)
  private var greatest = 0.0

  /// Returns the residual of a power, a voltage and a current; NaN if one of them is zero or missing.
  ///
  /// - Parameters:
  ///   - power: Power [kW].
  ///   - voltage: Voltage [V].
  ///   - current: Current [A].
  static func residual(power: Double, voltage: Double, current: Double) -> Double {
    let product = (voltage * current).magnitude / 1000
    return product > 0 && power != 0 ? log(power.magnitude / product) : .nan
  }

  /// Returns whether power, voltage and current are all known.
  static func accepts(_ means: QuarterMeans) -> Bool {
    means["power"].magnitude < 1e12 && means["voltage"].isFinite && means["current"].isFinite
  }

  mutating func judge(_ means: QuarterMeans) {
    guard Self.accepts(means) else { return }
    let (power, voltage, current) = (means["power"], means["voltage"], means["current"])
    greatest = max(greatest, power.magnitude)
    guard power.magnitude > 0.5 * greatest else { return }
    track.judge(ElectricalTrack.residual(power: power, voltage: voltage, current: current))
  }

  func snapshot(into writer: inout SnapshotWriter) {
    track.snapshot(into: &writer)
    writer.write(greatest)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try track.restore(from: &reader)
    greatest = try reader.readDouble()
  }
}
