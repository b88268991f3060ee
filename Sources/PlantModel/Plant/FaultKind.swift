/// Faults of a simulated plant. Severities are in physical units, see ``severityUnit``.
public enum FaultKind: String, Sendable, CaseIterable {
  /// Some strings of a PV generator are shaded and receive only diffuse light.
  case shading
  /// Some strings of a PV generator produce nothing.
  case stringLoss = "string_loss"
  /// The asset's power is zero.
  case trip
  /// A generator produces at most a share of its rating.
  case derating
  /// Dust settles on PV modules.
  case soiling
  /// A battery reports a state of charge that is too high.
  case socMisreport = "soc_misreport"
  /// The voltage of a battery's weakest cell falls behind that of the strongest.
  case cellImbalance = "cell_imbalance"
  /// A battery's cooling stops and its cells heat up.
  case coolingFailure = "cooling_failure"
  /// A battery's capacity is reduced.
  case capacityFade = "capacity_fade"
  /// The sensor repeats its last value.
  case stuck
  /// The sensor's error grows steadily.
  case drift
  /// A single value about every five minutes is far off.
  case spikes
  /// The sensor sends nothing.
  case dropout
  /// The sensor reports values multiplied by the severity: with 1000, W instead of kW.
  case unitMixup = "unit_mixup"
  /// The asset's clock is behind.
  case clockSkew = "clock_skew"
  /// The grid voltage is too high.
  case voltageSpike = "voltage_spike"
  /// The grid fails, and with it every asset of the plant.
  case outage
  /// A charger's contactor does not close: cars stay connected and are not charged.
  case contactor
  /// The asset ignores commands.
  case deaf

  /// Meaning and unit of a severity.
  public var severityUnit: String {
    switch self {
    case .shading, .stringLoss: "share of strings, 0 to 1"
    case .derating: "% of the rating that is left"
    case .soiling: "% of light a day"
    case .socMisreport: "percentage points"
    case .cellImbalance: "mV between cells"
    case .coolingFailure: "K/h of self-heating"
    case .capacityFade: "% of capacity"
    case .drift: "% of the sensor's size a day"
    case .spikes: "multiples of the sensor's size"
    case .unitMixup: "factor"
    case .clockSkew: "s behind"
    case .voltageSpike: "% above nominal"
    case .trip, .stuck, .dropout, .outage, .contactor, .deaf: "none"
    }
  }

  /// Severity if none is given [``severityUnit``].
  public var defaultSeverity: Double {
    switch self {
    case .shading, .stringLoss: 1.0 / 3
    case .derating: 70
    case .soiling: 1
    case .socMisreport: 15
    case .cellImbalance: 80
    case .coolingFailure: 6
    case .capacityFade: 20
    case .drift: 10
    case .spikes: 3
    case .unitMixup: 1000
    case .clockSkew: 600
    case .voltageSpike: 15
    case .trip, .stuck, .dropout, .outage, .contactor, .deaf: 1
    }
  }

  /// Permitted severities [``severityUnit``].
  public var severityRange: ClosedRange<Double> {
    switch self {
    case .shading, .stringLoss: 0...1
    case .derating, .capacityFade: 0...100
    case .soiling: 0...30
    case .socMisreport: -100...100
    case .cellImbalance: 0...1000
    case .coolingFailure: 0...600
    case .drift: -1000...1000
    case .spikes, .unitMixup: 0...1e6
    case .clockSkew: -86_400...86_400
    case .voltageSpike: -100...100
    case .trip, .stuck, .dropout, .outage, .contactor, .deaf: 0...1
    }
  }

  /// Whether the target is a sensor rather than an asset.
  public var isOfSensor: Bool {
    switch self {
    case .stuck, .drift, .spikes, .dropout, .unitMixup: true
    default: false
    }
  }

  /// Returns whether assets of a kind can have the fault.
  public func canHappen(to kind: AssetKind) -> Bool {
    let traits = kind.traits
    return switch self {
    case .shading, .stringLoss, .soiling: traits.driver == .sun
    case .derating: traits.role == .generation
    case .socMisreport, .cellImbalance, .coolingFailure, .capacityFade: traits.role == .storage
    case .voltageSpike, .outage: traits.role == .gridExchange
    case .contactor: traits.hasVehicles
    case .deaf: traits.command != nil
    case .trip: traits.role != .gridExchange && traits.role != .none
    case .stuck, .drift, .spikes, .dropout, .unitMixup, .clockSkew: true
    }
  }
}
