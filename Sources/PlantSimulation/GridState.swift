import PlantModel
import PlantPhysics

/// Voltage and frequency at the grid connection.
struct GridState {
  /// Phase voltage [V].
  private(set) var voltage = 230.0
  /// Frequency [Hz].
  private(set) var frequency = 50.0

  private let nominalFrequency: Double
  private var generator: SeededGenerator
  private var voltageNoise = AutoregressiveNoise(standardDeviation: 1.2, timeConstant: 600)
  private var frequencyNoise = AutoregressiveNoise(standardDeviation: 0.02, timeConstant: 120)

  /// Creates the state of a connection: 60 Hz at longitudes of the Americas, else 50 Hz.
  init(location: Location, seed: UInt64) {
    nominalFrequency = (-170 ... -30).contains(location.longitude) ? 60 : 50
    generator = SeededGenerator(seed: seed, name: "grid")
  }

  /// Advances by a step. An exchange [kW, positive import] changes the voltage by up to 2 %.
  mutating func advance(exchange: Double, by seconds: Double) {
    let pull = max(-1, min(1, exchange / 500))
    voltage = 230 - 4.6 * pull + voltageNoise.advance(by: seconds, using: &generator)
    frequency = nominalFrequency + frequencyNoise.advance(by: seconds, using: &generator)
  }
}
