import PlantModel
import PlantPhysics

extension PlantSimulator {
  /// The sensors that an asset of a kind has, each with a value that is large for it.
  static func sensors(of kind: AssetKind, size: Double) -> [(String, Double)] {
    switch kind {
    case .pv: [("power", size), ("irradiance", 1000), ("temperature", 40)]
    case .battery:
      [
        ("power", size), ("soc", 100), ("temperature", 40), ("voltage", 750), ("current", 1.5 * size),
        ("cell_min_v", 4), ("cell_max_v", 4),
      ]
    case .load, .heatPump, .generic: [("power", size)]
    case .grid, .meter: [("power", size), ("voltage", 230), ("frequency", 50)]
    case .evCharger: [("power", size), ("connected", 1), ("energy_requested", 50), ("time_left", 36_000)]
    case .wind: [("power", size), ("wind_speed", 15)]
    case .weather: [("temperature", 30), ("humidity", 100), ("irradiance", 1000), ("wind_speed", 15)]
    }
  }

  /// Puts what the sensors of an asset say into a buffer.
  mutating func report(_ position: Int, _ isOutage: Bool, into readings: inout [SimulatedReading]) {
    measure(position, isOutage)
    let lag = TimeSpan.milliseconds(Int64(assets[position].effects.clockLag * 1000))
    for (offset, value) in measured.enumerated() {
      let channel = channelOffsets[position] + offset
      guard let seen = faults.apply(to: value, channel: channel, at: now, step: step, channels) else { continue }
      readings.append(
        SimulatedReading(
          channel: channel, asset: channels[channel].asset, sensor: channels[channel].sensor,
          value: channels[channel].wireValue(canonical: seen), time: now - lag))
    }
  }

  /// The values of an asset in the order of ``sensors(of:size:)``. Instruments add a little noise, but for meters of
  /// power: these balance.
  private mutating func measure(_ position: Int, _ isOutage: Bool) {
    measured.removeAll(keepingCapacity: true)
    let model = assets[position]
    switch model.asset.kind {
    case .pv:
      measured.append(nesting.power[position])
      measured.append(model.planeIrradiance * (1 + noise(0.01)))
      measured.append((model.moduleTemperature ?? current.temperature) + noise(0.2))
    case .battery:
      measured.append(nesting.power[position])
      measureBattery(model)
    case .load, .heatPump, .generic: measured.append(nesting.power[position])
    case .grid, .meter:
      measured.append(nesting.balance.gridExchange)
      measured.append(isOutage ? 0 : grid.voltage * (1 + model.effects.voltageRise))
      measured.append(isOutage ? 0 : grid.frequency)
    case .evCharger:
      measured.append(nesting.power[position])
      measured.append(model.session == nil ? 0 : 1)
      measured.append(model.session?.requestedKilowattHours ?? 0)
      measured.append(max(0, model.session?.secondsLeft ?? 0))
    case .wind:
      measured.append(nesting.power[position])
      measured.append(model.hubWind)
    case .weather:
      measured.append(current.temperature + noise(0.1))
      measured.append(min(100, max(0, current.humidity + noise(0.5))))
      measured.append(current.irradiance.global * (1 + noise(0.01)))
      measured.append(current.wind)
    }
  }

  private mutating func measureBattery(_ model: AssetModel) {
    let pack = model.pack
    // Steps of a tenth, as battery management systems send them.
    let charge = min(100, max(0, 100 * pack.stateOfCharge + model.effects.chargeOffset))
    measured.append((charge * 10).rounded() / 10)
    measured.append(pack.temperature + noise(0.1))
    measured.append(pack.voltage + noise(0.1))
    measured.append(pack.current)
    let cell = pack.voltage / pack.cells
    measured.append(cell - model.cellSpread / 2 + noise(0.001))
    measured.append(cell + model.cellSpread / 2 + noise(0.001))
  }

  private mutating func noise(_ deviation: Double) -> Double { deviation * instruments.normal() }
}
