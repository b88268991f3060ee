import PlantModel
import PlantPhysics

/// Applies faults to readings and tells which assets have tripped. Has random numbers of its own, so that a fault does
/// not change the weather.
struct FaultInjector {
  private struct Fault {
    var kind: FaultSpecification.Kind
    /// Channel; -1 for a trip.
    var channel: Int
    var asset: String
    var from: Timestamp
    var until: Timestamp
    var heldValue: Double?
  }

  private var faults: [Fault] = []
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed, name: "faults") }

  mutating func add(
    _ fault: FaultSpecification, at now: Timestamp, channels: [SimulatedChannel]
  ) throws(FaultError) {
    let from = now + fault.onset
    let until = fault.duration.map { from + $0 } ?? Timestamp(nanoseconds: .max)
    var entry = Fault(kind: fault.kind, channel: -1, asset: "", from: from, until: until)
    if fault.kind == .trip {
      let powers = channels.filter { $0.sensor == "power" }
      guard let channel = powers.first(where: { $0.name == fault.target || $0.asset == fault.target }) else {
        let known = powers.map(\.asset).joined(separator: ", ")
        throw FaultError("nothing called '\(fault.target)' can trip; the plant's powers are of \(known)")
      }
      entry.asset = channel.asset
    } else {
      guard let channel = channels.firstIndex(where: { $0.name == fault.target }) else {
        let known = channels.map(\.name).joined(separator: ", ")
        throw FaultError("the plant has no simulated sensor '\(fault.target)'; it has \(known)")
      }
      entry.channel = channel
    }
    faults.append(entry)
  }

  func isTripped(asset: String, at now: Timestamp) -> Bool {
    faults.contains { $0.kind == .trip && now >= $0.from && now < $0.until && $0.asset == asset }
  }

  /// What a sensor says in place of the true value; `nil` if it says nothing.
  mutating func apply(
    to value: Double, channel: Int, at now: Timestamp, step: TimeSpan, _ channels: [SimulatedChannel]
  ) -> Double? {
    var value = value
    for index in faults.indices where faults[index].channel == channel {
      let fault = faults[index]
      guard now >= fault.from, now < fault.until else {
        // What a stuck sensor will repeat is its last value before the onset.
        if now < fault.from { faults[index].heldValue = value }
        continue
      }
      switch fault.kind {
      case .dropout: return nil
      case .stuck:
        value = fault.heldValue ?? value
        faults[index].heldValue = value
      case .drift: value += 0.05 * channels[channel].magnitude * (now - fault.from).inHours
      case .spikes:
        if generator.uniform() < min(1, step.inSeconds / 300) {
          let size = generator.uniform(2, 4) * channels[channel].magnitude
          value += generator.uniform() < 0.5 ? -size : size
        }
      case .trip: break
      }
    }
    return value
  }
}
