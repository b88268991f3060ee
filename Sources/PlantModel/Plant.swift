/// A plant as its file describes it, validated: everything that the pipeline needs to know of it.
public struct Plant: Hashable, Sendable {
  /// The name, unique within the process; the `plant` tag.
  public var name: String
  /// Where it stands.
  public var location: Location
  /// ISO 4217 code of the money in its tariff.
  public var currency: String
  /// How topics and payloads become readings; the first rule that matches a topic decides.
  public var topics: [TopicRule]
  /// The declared assets in the file's order.
  public var assets: [Asset]
  /// What differs from the catalogue, in the file's order; later ones win.
  public var sensors: [SensorOverride]
  /// Sensors that are computed from others; each stands after those that it needs.
  public var derived: [DerivedSensor] = []
  /// What energy costs.
  public var tariff: Tariff
  /// What goes wrong when the plant is simulated; means nothing to a running pipeline.
  public var faults: [FaultSpecification] = []
  /// Days off beside the public holidays of the country [days since 1970-01-01, local].
  public var holidays: [Int] = []
  /// What a file expects of the weather.
  public var weather = WeatherForecast()
  /// How many assets and sensors may be taken in.
  public var limits = PlantLimits()
  /// Addresses to which the plant's alerts are mailed; where empty, those of the process.
  public var alertRecipients: [String] = []
  /// After how long people are told again of an alert that nobody has acknowledged; `nil`: never.
  public var alertEscalation: TimeSpan? = .hour
  /// How its assets are commanded.
  public var commands = CommandSettings()
  /// How far back late readings change windows, energies and costs.
  public var late = TimeSpan.day

  /// A plant; assets and rules may be added later.
  public init(
    name: String, location: Location, currency: String = "EUR", topics: [TopicRule] = [], assets: [Asset] = [],
    sensors: [SensorOverride] = [], tariff: Tariff = Tariff()
  ) {
    self.name = name
    self.location = location
    self.currency = currency
    self.topics = topics
    self.assets = assets
    self.sensors = sensors
    self.tariff = tariff
  }

  /// The asset that stands for the plant as a whole in the `asset` tag.
  public static let wholePlant = "_plant"
}

/// How far a plant may grow by what its topics say, so that a sender gone wrong cannot fill memory and database. What the
/// plant's file speaks of is taken in beyond them.
public struct PlantLimits: Hashable, Sendable {
  /// Most assets, declared ones included; 1...100,000.
  public var assets = 1_000
  /// Most series, a sensor of an asset each; 1...1,000,000.
  public var sensors = 10_000

  /// The defaults of an absent `limits` key.
  public init() {}
}

/// A place on Earth and its time zone.
public struct Location: Hashable, Sendable {
  /// Degrees north, −90...90.
  public var latitude: Double
  /// Degrees east, −180...180.
  public var longitude: Double
  /// IANA name of the time zone.
  public var timezone: String
  /// Height above sea level [m].
  public var elevation: Double
  /// ISO 3166 code of the country whose public holidays count, see ``HolidayCalendar``.
  public var country: String?

  /// A place.
  public init(latitude: Double, longitude: Double, timezone: String, elevation: Double = 0) {
    self.latitude = latitude
    self.longitude = longitude
    self.timezone = timezone
    self.elevation = elevation
  }
}

/// A device of a plant. Sizes that a kind does not have are `nil`.
public struct Asset: Hashable, Sendable {
  /// The name, unique within the plant; the `asset` tag.
  public var name: String
  /// What it is.
  public var kind: AssetKind
  /// The asset whose meter already counts this one, if any.
  public var within: String?
  /// Nominal power of a generator, load or charger [kW].
  public var capacityKilowatts: Double?
  /// Inclination of PV modules from horizontal [degrees], 0...90.
  public var tiltDegrees: Double?
  /// Compass direction that PV modules face [degrees from north, clockwise], 0...360.
  public var azimuthDegrees: Double?
  /// Usable energy of a battery [kWh].
  public var energyKilowattHours: Double?
  /// Nominal power of a battery or charger [kW].
  public var powerKilowatts: Double?
  /// Round-trip efficiency of a battery, 0...1.
  public var efficiency: Double?
  /// Lowest state of charge that dispatch may reach, 0...1.
  public var minimumStateOfCharge: Double?
  /// Highest state of charge that dispatch may reach, 0...1.
  public var maximumStateOfCharge: Double?
  /// Share of a battery's charge that is kept for outages, 0...1: only an import limit is reason to go below it.
  public var reserveStateOfCharge: Double?
  /// Greatest change of a battery's power from one minute to the next [kW/min].
  public var rampKilowattsPerMinute: Double?
  /// Wear of a battery for each kWh that passes its terminals in either direction [currency/kWh].
  public var wearPrice: Double?
  /// Import limit of a grid connection [kW].
  public var importLimitKilowatts: Double?
  /// Export limit of a grid connection [kW], positive.
  public var exportLimitKilowatts: Double?

  /// Round-trip efficiency of a battery that does not tell its own.
  public static let usualEfficiency = 0.9
  /// Lowest state of charge of a battery that does not tell its own.
  public static let usualMinimumStateOfCharge = 0.1
  /// Highest state of charge of a battery that does not tell its own.
  public static let usualMaximumStateOfCharge = 0.95

  /// An asset of unknown size.
  public init(name: String, kind: AssetKind, within: String? = nil) {
    self.name = name
    self.kind = kind
    self.within = within
  }
}

/// One entry of a plant file's `sensors`: what differs from the catalogue for the sensors that it matches.
public struct SensorOverride: Hashable, Sendable {
  /// `asset.sensor` with `*` for any run of characters.
  public var match: String
  /// The unit in which values arrive.
  public var unit: Unit?
  /// Plausible values [the unit in which values arrive].
  public var range: ClosedRange<Double>?
  /// Fastest plausible change [the unit in which values arrive, per second].
  public var maximumRate: Double?
  /// What the value stands for in time.
  public var sampling: Sampling?
  /// When the sensor sends.
  public var reports: Reporting?
  /// For how long a value holds at the most where it holds until the next.
  public var longestSilence: TimeSpan?
  /// Whether to forecast the series; `nil` leaves it to the defaults.
  public var forecast: Bool?

  /// An entry that changes nothing yet.
  public init(match: String) { self.match = match }

  /// Whether the entry is meant for a sensor.
  public func matches(asset: String, sensor: String) -> Bool {
    Wildcard.matches(pattern: match, text: "\(asset).\(sensor)")
  }
}

/// Comparison of text with a pattern in which `*` stands for any run of characters.
public enum Wildcard {
  /// Whether `text` as a whole fits `pattern`. Linear in practice: only the last `*` is ever retried.
  public static func matches(pattern: String, text: String) -> Bool {
    let p = Array(pattern.utf8)
    let t = Array(text.utf8)
    let star = UInt8(ascii: "*")
    var i = 0
    var j = 0
    var retry: (pattern: Int, text: Int)?
    while j < t.count {
      if i < p.count, p[i] == star {
        retry = (i, j)
        i += 1
      } else if i < p.count, p[i] == t[j] {
        i += 1
        j += 1
      } else if let last = retry {
        i = last.pattern + 1
        j = last.text + 1
        retry = (last.pattern, j)
      } else {
        return false
      }
    }
    return p[i...].allSatisfy { $0 == star }
  }
}
