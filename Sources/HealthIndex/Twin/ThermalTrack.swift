import StreamCore

/// A model of a device's temperature, and the track of its residual.
///
/// The expected value is `T = a T₋₁ + b u² + c T_air + d`. Its inputs are the temperature a quarter-hour before, the
/// load u and the outdoor temperature. The weights are learned by recursive least squares. Quarter-hours with a
/// residual beyond three scales are not learned, so a fault is not.
struct ThermalTrack: Sendable {
  private(set) var track = ResidualTrack(learning: 150, floor: 0.3)
  private var weights = [9, 0, 0, 2.2]
  /// Covariance of the weights, row by row.
  private var covariance: [Double] = (0..<16).map { $0 % 5 == 0 ? 1 : 0 }
  private var before: (slot: Int, temperature: Double)?
  private var seen = 0

  /// Judges a quarter-hour.
  ///
  /// - Parameters:
  ///   - temperature: Temperature of the device [°C].
  ///   - slot: The quarter-hour.
  ///   - load: Load as a share of the nominal size; its magnitude is limited to 10.
  ///   - air: Outdoor temperature [°C]; NaN if unknown.
  mutating func judge(_ temperature: Double, slot: Int, load: Double, air: Double) {
    guard temperature.isFinite, temperature.magnitude < 1000 else { return }
    defer { before = (slot, temperature) }
    guard let before, slot == before.slot + 1 else { return }
    let u = load.isFinite ? min(load.magnitude, 10) : 0
    // Inputs near one, as the initial covariance of the least squares assumes.
    let inputs = [before.temperature / 10, u * u, air.isFinite ? air / 10 : 0, 1]
    let residual = temperature - zip(weights, inputs).reduce(0) { $0 + $1.0 * $1.1 }
    seen += 1
    // The first day only trains the weights.
    if seen > 96 { track.judge(residual) }
    if track.deviation.magnitude < 3 && track.score == 0 { learn(inputs, residual: residual) }
  }

  private mutating func learn(_ inputs: [Double], residual: Double) {
    let n = inputs.count
    let projected = (0..<n).map { i in (0..<n).reduce(0) { $0 + covariance[i * n + $1] * inputs[$1] } }
    let spread = 1 + zip(inputs, projected).reduce(0) { $0 + $1.0 * $1.1 }
    for i in 0..<n {
      weights[i] += projected[i] / spread * residual
      for j in 0..<n { covariance[i * n + j] -= projected[i] * projected[j] / spread }
    }
  }

  func snapshot(into writer: inout SnapshotWriter) {
    track.snapshot(into: &writer)
    writer.write(weights + covariance)
    writer.write(before != nil)
    writer.write(Int64(before?.slot ?? 0))
    writer.write(before?.temperature ?? 0)
    writer.write(Int64(seen))
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try track.restore(from: &reader)
    let numbers = try reader.readDoubles()
    guard numbers.count == 20 else { throw .invalid("a thermal model of another size") }
    weights = Array(numbers[..<4])
    covariance = Array(numbers[4...])
    let hasBefore = try reader.readBool()
    let slot = try reader.read(Int64.self)
    let temperature = try reader.readDouble()
    let count = try reader.read(Int64.self)
    guard (-100_000_000...100_000_000).contains(slot), (0...100_000_000).contains(count) else {
      throw .invalid("a slot outside all time")
    }
    before = hasBefore ? (Int(slot), temperature) : nil
    seen = Int(count)
  }
}
