/// What goes wrong in a simulated plant. Each kind's severity is in a physical unit, see ``severityUnit``.
public enum FaultKind: String, Sendable, CaseIterable {
  /// Some strings of a PV generator lie in shadow and get only the light of the sky.
  case shading
  /// Some strings of a PV generator give nothing.
  case stringLoss = "string_loss"
  /// The asset's power is zero.
  case trip
  /// A generator gives no more than a share of its rating.
  case derating
  /// Dust settles on PV modules.
  case soiling
  /// A battery's state of charge is reported too high.
  case socMisreport = "soc_misreport"
  /// The weakest cell of a battery falls behind the strongest.
  case cellImbalance = "cell_imbalance"
  /// A battery's cooling stops and its cells heat themselves.
  case coolingFailure = "cooling_failure"
  /// A battery holds less than it did.
  case capacityFade = "capacity_fade"
  /// The sensor repeats its last value.
  case stuck
  /// The sensor moves away steadily.
  case drift
  /// About once in five minutes a single value lies far off.
  case spikes
  /// The sensor is silent.
  case dropout
  /// The sensor sends thousandths of its unit, as W for kW.
  case unitMixup = "unit_mixup"
  /// The asset's clock is behind.
  case clockSkew = "clock_skew"
  /// The voltage of the grid is too high.
  case voltageSpike = "voltage_spike"
  /// The grid is gone, and with it every asset of the plant.
  case outage
  /// A charger's contactor does not close: cars stay connected and get nothing.
  case contactor
  /// The asset does not hear what it is commanded.
  case deaf

  /// What a severity of 1 is.
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

  /// The severity where none is given.
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

  /// Severities that make sense.
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

  /// Whether the target is a sensor; else it is an asset.
  public var isOfSensor: Bool {
    switch self {
    case .stuck, .drift, .spikes, .dropout, .unitMixup: true
    default: false
    }
  }

  /// Whether assets of a kind can have it.
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
