import PlantModel
import PlantPhysics
import WattlineTime

/// The faults of a simulated plant, applied to assets and readings. It has a separate random generator, so that a fault
/// does not change the weather.
struct FaultInjector {
  private struct Fault {
    var specification: FaultSpecification
    var asset: Int
    /// Position of the channel; -1 for a fault of the whole asset.
    var channel: Int
    var from: Timestamp
    var until: Timestamp
    var heldValue: Double?

    func isActive(at now: Timestamp) -> Bool { now >= from && now < until }
  }

  private var faults: [Fault] = []
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed, name: "faults") }

  var isEmpty: Bool { faults.isEmpty }

  mutating func add(
    _ fault: FaultSpecification, at now: Timestamp, assets: [Asset], channels: [SimulatedChannel]
  ) throws(FaultError) {
    let from = now + fault.onset
    let until = fault.duration.map { from + $0 } ?? Timestamp(nanoseconds: .max)
    guard let channel = fault.kind.isOfSensor ? channels.firstIndex(where: { $0.name == fault.target }) : -1 else {
      let known = channels.map(\.name).joined(separator: ", ")
      throw FaultError("the plant has no simulated sensor '\(fault.target)'; it has \(known)")
    }
    let name = channel >= 0 ? channels[channel].asset : fault.target
    func fits(_ asset: Asset) -> Bool { fault.kind.canHappen(to: asset.kind) }
    // A fault of an asset may also be addressed by the name of its power.
    let position = assets.firstIndex { ($0.name == name || "\($0.name).power" == name) && fits($0) }
    guard let position else {
      let known = assets.filter(fits).map(\.name)
      throw FaultError(
        "nothing called '\(fault.target)' can have \(fault.kind.rawValue); "
          + (known.isEmpty ? "no asset of the plant can" : "of the plant's assets \(known.joined(separator: ", ")) can")
      )
    }
    faults.append(Fault(specification: fault, asset: position, channel: channel, from: from, until: until))
  }

  /// Returns whether a grid outage is active.
  func isOutage(at now: Timestamp) -> Bool {
    faults.contains { $0.specification.kind == .outage && $0.isActive(at: now) }
  }

  /// Returns the effects of an asset's active faults.
  func effects(asset: Int, at now: Timestamp) -> FaultEffects {
    var effects = FaultEffects()
    for fault in faults where fault.asset == asset && fault.isActive(at: now) {
      let severity = fault.specification.severity
      switch fault.specification.kind {
      case .trip: effects.isTripped = true
      case .shading: effects.shadedShare = severity
      case .stringLoss: effects.lostShare = severity
      case .derating: effects.ratingShare = severity / 100
      case .soiling: effects.dust = min(1, severity / 100 * (now - fault.from).inHours / 24)
      case .socMisreport: effects.chargeOffset = severity
      case .cellImbalance: effects.cellSpread = severity
      case .coolingFailure: effects.selfHeating = severity
      case .capacityFade: effects.fadedShare = severity / 100
      case .contactor: effects.isContactorOpen = true
      case .deaf: effects.isDeaf = true
      case .voltageSpike: effects.voltageRise = severity / 100
      case .clockSkew: effects.clockLag = severity
      case .outage, .stuck, .drift, .spikes, .dropout, .unitMixup: break
      }
    }
    return effects
  }

  /// Returns the reported value in place of the true one; `nil` if nothing is reported.
  ///
  /// - Parameters:
  ///   - value: true value [canonical unit].
  ///   - channel: position of the channel.
  ///   - now: time of the reading.
  ///   - step: length of the step, which determines the probability of a spike.
  ///   - channels: all channels of the plant.
  mutating func apply(
    to value: Double, channel: Int, at now: Timestamp, step: TimeSpan, channels: [SimulatedChannel]
  ) -> Double? {
    var value = value
    for index in faults.indices where faults[index].channel == channel {
      let fault = faults[index]
      guard fault.isActive(at: now) else {
        // A stuck sensor repeats its last value before the onset.
        if now < fault.from { faults[index].heldValue = value }
        continue
      }
      let severity = fault.specification.severity
      let magnitude = channels[channel].magnitude
      switch fault.specification.kind {
      case .dropout: return nil
      case .stuck:
        value = fault.heldValue ?? value
        faults[index].heldValue = value
      case .drift: value += severity / 100 * magnitude * (now - fault.from).inHours / 24
      case .unitMixup: value *= severity
      case .spikes:
        if generator.uniform() < min(1, step.inSeconds / 300) {
          let size = generator.uniform(0.7, high: 1.3) * severity * magnitude
          value += generator.uniform() < 0.5 ? -size : size
        }
      default: break
      }
    }
    return value
  }
}
