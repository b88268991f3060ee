import PlantModel
import PlantPhysics
import WattlineTime

extension PlantSimulator {
  /// Appends the readings of an asset's sensors to a buffer.
  ///
  /// - Parameters:
  ///   - position: position of the asset.
  ///   - isOutage: whether a grid outage is active.
  ///   - readings: receives the readings.
  mutating func report(_ position: Int, isOutage: Bool, into readings: inout [SimulatedReading]) {
    let sensors = SimulatedSensor.all(of: assets[position].asset.kind.traits.simulation)
    measured.removeAll(keepingCapacity: true)
    for sensor in sensors { measured.append(sensor.measure(&self, position, isOutage)) }
    let lag = TimeSpan.milliseconds(Int64(assets[position].effects.clockLag * 1000))
    for (offset, value) in measured.enumerated() {
      let channel = channelOffsets[position] + offset
      guard let seen = faults.apply(to: value, channel: channel, at: now, step: step, channels: channels) else {
        continue
      }
      readings.append(
        SimulatedReading(
          channel: channel, asset: channels[channel].asset, sensor: channels[channel].sensor,
          value: channels[channel].wireValue(canonical: seen), time: now - lag))
    }
  }

  /// Returns the error of an instrument with this standard deviation, in the same unit.
  mutating func noise(_ deviation: Double) -> Double { deviation * instruments.normal() }
}
