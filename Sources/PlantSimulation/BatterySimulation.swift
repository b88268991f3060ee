import PlantModel
import PlantPhysics

/// A battery with its limits.
struct BatterySimulation {
  /// Temperature that the air conditioning of the container keeps [°C].
  private static let containerTemperature = 22.0

  /// Electrical and thermal model.
  private(set) var pack: BatteryPack
  private let limits: BatteryModel

  /// Creates the battery of an asset, at half charge within its limits.
  ///
  /// - Parameters:
  ///   - asset: the asset; without an energy it stores two hours of its power.
  ///   - size: rated power [kW].
  init(asset: Asset, size: Double) {
    var sized = asset
    sized.powerKilowatts = size
    sized.energyKilowattHours = asset.energyKilowattHours ?? 2 * size
    limits =
      BatteryModel(sized) ?? BatteryModel(energyKilowattHours: 2 * max(1, size), powerKilowatts: max(0, size))
    pack = BatteryPack(
      limits, stateOfCharge: min(limits.maximumStateOfCharge, max(limits.minimumStateOfCharge, 0.5)))
  }

  /// Returns the power for a step that is nearest to a requested one.
  ///
  /// - Parameters:
  ///   - request: requested power, positive discharge [kW].
  ///   - fadedShare: share of the capacity lost to a fault, 0...1.
  ///   - seconds: length of the step [s].
  mutating func dispatch(request: Double, fadedShare: Double, seconds: Double) -> Double {
    let held = min(limits.powerKilowatts, max(-limits.powerKilowatts, request))
    pack.fadedShare = fadedShare
    return pack.feasible(
      power: held, within: limits.minimumStateOfCharge...limits.maximumStateOfCharge, seconds: seconds)
  }

  /// Applies a power for a step.
  ///
  /// - Parameters:
  ///   - power: power, positive discharge [kW].
  ///   - now: conditions of the step.
  ///   - selfHeating: temperature rise without cooling [K/h]; `nil` while cooling works.
  mutating func settle(power: Double, now: Conditions, selfHeating: Double?) {
    let inside = BatterySimulation.containerTemperature
    pack.advance(
      power: power, seconds: now.seconds, ambient: inside + 0.25 * (now.weather.temperature - inside),
      cooling: selfHeating == nil ? 1 : 0, heating: selfHeating ?? 0)
  }
}
