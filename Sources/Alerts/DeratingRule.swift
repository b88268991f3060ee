import PlantModel
import PlantPhysics
import StreamCore

extension AlertStage {
  /// Judges a generator whose power stands still: held below what its light or wind lets expect it is derated or curtailed, else
  /// its meter repeats itself. Between the two, half an hour decides.
  ///
  /// A power that is as good as the rating is clipped by the inverter, which is ordinary.
  mutating func judgeStandstill(
    _ series: SeriesIndex, _ value: Double, _ time: Timestamp, _ frame: inout Frame, _ register: PlantRegister
  ) {
    let index = register.series[series.position].asset
    let run = Int(watches[series.position].stuck)
    let derating = AlertKey(rule: .derating, asset: index, series: series)
    if run <= 0 || frame.limits[index] != nil {
      assetWatches[index.position].heldSince = .distantPast
      clearDerating(derating, value, time, &frame)
      return
    }
    guard run >= thresholds.qualityReadings, let size = register.assets[index.position].capacityKilowatts else {
      return
    }
    if assetWatches[index.position].heldSince == .distantPast { assetWatches[index.position].heldSince = time }
    let stuck = AlertKey(rule: .stuck, asset: index, series: series)
    let expected = expectedPower(index, register.assets[index.position].kind, size, time)
    if value > 0.05 * size, value < 0.97 * size, expected > 1.1 * value {
      if book.isActive(derating) || book.isActive(stuck) { return }
      assetWatches[index.position].ceiling = value
      let name = register.assets[index.position].name
      let message = AlertStage.deratingMessage(name, value, size, expected, time)
      book.raise(derating, .warning, at: time, message, &frame, register)
    } else if value < 0.97 * size,
      expected < 0.85 * value || time - assetWatches[index.position].heldSince > .minutes(30)
    {
      book.clear(derating, at: time, "It stands at more than can be expected of it.", value: value, &frame)
      raiseStuck(series, value, time, &frame, register)
    }
  }

  /// The power that light or wind of a moment ago let expect [kW]; 0 where none is measured.
  private func expectedPower(_ asset: AssetIndex, _ kind: AssetKind, _ size: Double, _ time: Timestamp) -> Double {
    let watch = assetWatches[asset.position]
    guard time - watch.lightTime <= .minutes(2) else { return 0 }
    if kind == .wind { return WindTurbine(ratedKilowatts: size).power(windSpeed: watch.light) }
    // Modules are some 25 K warmer than 25 °C in full sun.
    return PhotovoltaicModel(inverterKilowatts: size).power(
      irradiance: watch.light, cellTemperature: 25 + 0.025 * watch.light)
  }

  /// A derating is over when the power has risen above it.
  private mutating func clearDerating(_ key: AlertKey, _ value: Double, _ time: Timestamp, _ frame: inout Frame) {
    guard let asset = key.asset?.position, assetWatches[asset].ceiling > 0 else { return }
    SeriesWatch.count(&assetWatches[asset].free, value > 1.03 * assetWatches[asset].ceiling)
    guard Int(assetWatches[asset].free) >= thresholds.qualityReadings else { return }
    assetWatches[asset].ceiling = 0
    book.clear(key, at: time, "It gives \(AlertBook.rounded(value)) kW again.", value: value, &frame)
  }

  private static func deratingMessage(
    _ name: String, _ value: Double, _ size: Double, _ expected: Double, _ time: Timestamp
  ) -> AlertMessage {
    AlertMessage(
      title: "\(name) is held at \(AlertBook.rounded(value)) kW",
      text:
        "\(name) stands at \(AlertBook.rounded(value)) kW, \(AlertBook.rounded(100 * value / size)) % of its rating, "
        + "where \(AlertBook.rounded(expected)) kW can be expected, seen at \(time). It is derated or curtailed: "
        + "look at its inverter's temperature and fans, and at limits that the grid operator has set.", value: value)
  }
}
