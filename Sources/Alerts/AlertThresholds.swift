import PlantModel

/// The rules' names, as the `rule` tag has them.
public enum AlertRule: String, Sendable, CaseIterable {
  /// A sensor, an asset or the plant has fallen silent.
  case noData = "no_data"
  /// An asset is said to be gone, by its gateway or by the broker.
  case offline
  /// A generator or load fell to nothing from one moment to the next.
  case trip
  /// The grid connection carries more than it may.
  case limit
  /// A sensor says what cannot be.
  case range
  /// A sensor sends thousandths or thousands of its unit.
  case unit
  /// A sensor no longer moves.
  case stuck
  /// A generator is held below what its light or wind lets expect.
  case derating
  /// The health index of an asset is low.
  case health
  /// The voltage of the grid is outside what EN 50160 allows.
  case voltage
  /// The grid is gone.
  case outage
  /// An asset's clock is wrong.
  case clock
  /// A car is connected and gets nothing.
  case charger
  /// A sensor says odd values again and again.
  case spikes
  /// A battery is too hot, or on its way there.
  case heat
  /// The database takes nothing, and all points wait on disk until a person acts.
  case database
  /// The sign of a power is not that of its kind.
  case sign
  /// An asset does not do what it was commanded.
  case notFollowed = "not_followed"

  /// Whether alerts of this rule can explain others; see ``AlertKey/explains(_:)``.
  var explainsOthers: Bool {
    switch self {
    case .outage, .noData, .offline, .trip, .derating, .unit: true
    default: false
    }
  }

  /// Whether it tells of a fault of the asset itself, rather than of its sensors, its network or its use.
  var isFaultOfAsset: Bool {
    switch self {
    case .trip, .outage, .derating, .heat, .charger: true
    default: false
    }
  }
}

/// At what each rule speaks. The gap between raising and clearing is what keeps an alert from flapping.
public struct AlertThresholds: Sendable {
  /// Shortest silence that is one; shorter gaps are ordinary on any network.
  public var silence = TimeSpan.seconds(30)
  /// Silence in multiples of the series' typical interval that is one.
  public var silentIntervals: Double = 5
  /// Multiples of the warning's silence at which it becomes critical.
  public var criticalSilence: Double = 10
  /// Intervals between receipts to have seen before a series is judged.
  public var learnedIntervals = 3
  /// Share of the asset's size above which it is running, for a trip.
  public var running = 0.2
  /// Light on PV modules in which a generator gives something [W/m²], so that one that stops has tripped.
  public var light = 100.0
  /// Share of the asset's size below which it stands.
  public var standing = 0.02
  /// Share of the asset's size above which it is back after a trip.
  public var restarted = 0.05
  /// Longest time between running and standing that is a trip; the sun sets and the wind dies more slowly.
  public var fall = TimeSpan.minutes(10)
  /// For how long a load must not have stood before, so that one that switches off in the ordinary way is spared.
  public var neverStood = TimeSpan.day
  /// For how long an asset is offline until that is critical.
  public var criticalOffline = TimeSpan.minutes(5)
  /// Consecutive readings that make or end a trip or a breach of a limit.
  public var fastReadings = 2
  /// Share of a limit below which its breach is over.
  public var limitClears = 0.95
  /// Share of a limit above which its breach is critical.
  public var limitCritical = 1.1
  /// Consecutive readings of a quality that make or end an alert about it.
  public var qualityReadings = 5
  /// Health index below which there is a warning [0...100].
  public var healthWarning: Double = 60
  /// Health index below which it is critical [0...100].
  public var healthCritical: Double = 30
  /// How far above the warning's threshold the index must be to clear.
  public var healthHysteresis: Double = 10
  /// Consecutive judgements that make a health alert.
  public var healthJudgements = 2

  /// Share of the usual voltage by which it may deviate (EN 50160), and below which it is back.
  public var voltageBand = (raises: 0.10, clears: 0.08)
  /// Share of the usual voltage below which the grid is gone.
  public var outageVoltage = 0.5
  /// A battery's temperature that is too hot, is over, and is critical [°C].
  public var heat = (raises: 45.0, clears: 42.0, critical: 55.0)
  /// How fast a battery warms up where its cooling has failed, is over, and is critical [K/h].
  public var warming = (raises: 20.0, clears: 10.0, critical: 60.0)
  /// How far an asset's times may be behind or ahead of those of the plant's others.
  public var clockSkew = TimeSpan.minute
  /// For how long a car that was never served, and one whose charging broke off, waits until there is an alert.
  public var chargerWait = (served: TimeSpan.minutes(2), unserved: TimeSpan.minutes(5))
  /// Odd values, each fading with a half-life of half an hour, that make an alert.
  public var oddValues = 4.0

  /// The thresholds that the documentation names.
  public init() {}
}
