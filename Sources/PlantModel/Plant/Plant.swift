public import WattlineTime

/// Validated description of a plant, as its file gives it.
public struct Plant: Hashable, Sendable {
  /// Name, unique within the process; the `plant` tag.
  public var name: String
  /// Position and time zone.
  public var location: Location
  /// ISO 4217 code of the tariff's currency.
  public var currency: String
  /// Rules that turn topics and payloads into readings; the first one that matches a topic applies.
  public var topics: [TopicRule]
  /// Declared assets in the file's order.
  public var assets: [Asset]
  /// Deviations from the catalogue in the file's order; later ones take precedence.
  public var sensors: [SensorOverride]
  /// Sensors computed from others; each one follows those that it depends on.
  public var derived: [DerivedSensor] = []
  /// Prices of energy.
  public var tariff: Tariff
  /// Faults injected in simulation; ignored by a running pipeline.
  public var faults: [FaultSpecification] = []
  /// Days off in addition to the country's public holidays [days since 1970-01-01, local].
  public var holidays: [Int] = []
  /// Weather expectations of the plant file.
  public var weather = WeatherForecast()
  /// Limits on automatically admitted assets and sensors.
  public var limits = PlantLimits()
  /// E-mail recipients of the plant's alerts; if empty, those of the process.
  public var alertRecipients: [String] = []
  /// Time after which an unacknowledged alert is sent again; `nil` for never.
  public var alertEscalation: TimeSpan? = .hour
  /// Settings of commands to its assets.
  public var commands = CommandSettings()
  /// Messages that keep devices of the plant publishing.
  public var keepalives: [KeepaliveRequest] = []
  /// Meters whose savings are verified.
  public var savings: [SavingsPlan] = []
  /// Sources of readings that do not come over MQTT.
  public var sources: [DataSource] = []
  /// Age up to which late readings change windows, energies and costs.
  public var late = TimeSpan.day

  /// Creates a plant; the parameters are the properties of the same names. Everything can be added later.
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

  /// Value of the `asset` tag for the plant as a whole.
  public static let wholePlant = "_plant"
}

/// Limits on automatically admitted assets and sensors, so a faulty publisher cannot exhaust memory or database. Those
/// that the plant's file names are always admitted.
public struct PlantLimits: Hashable, Sendable {
  /// Maximum number of assets, including declared ones; 1...100,000.
  public var assets = 1_000
  /// Maximum number of series, one per sensor of an asset; 1...1,000,000.
  public var sensors = 10_000

  /// Creates the defaults of an absent `limits` key.
  public init() {}
}

/// Position on Earth and its time zone.
public struct Location: Hashable, Sendable {
  /// Latitude [degrees north], −90...90.
  public var latitude: Double
  /// Longitude [degrees east], −180...180.
  public var longitude: Double
  /// IANA name of the time zone.
  public var timezone: String
  /// Elevation above sea level [m].
  public var elevation: Double
  /// ISO 3166 code of the country whose public holidays apply, see ``HolidayCalendar``.
  public var country: String?

  /// Creates a location.
  ///
  /// - Parameters:
  ///   - latitude: Degrees north, −90...90.
  ///   - longitude: Degrees east, −180...180.
  ///   - timezone: IANA name of the time zone.
  ///   - elevation: Elevation above sea level [m].
  public init(latitude: Double, longitude: Double, timezone: String, elevation: Double = 0) {
    self.latitude = latitude
    self.longitude = longitude
    self.timezone = timezone
    self.elevation = elevation
  }
}

/// Device of a plant. Sizes that its kind does not have are `nil`.
public struct Asset: Hashable, Sendable {
  /// Name, unique within the plant; the `asset` tag.
  public var name: String
  /// Kind of the device.
  public var kind: AssetKind
  /// Asset whose meter already includes this one, if any.
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
  /// Share of a battery's charge reserved for outages, 0...1. Only an import limit justifies going below it.
  public var reserveStateOfCharge: Double?
  /// Maximum change of a battery's power from one minute to the next [kW/min].
  public var rampKilowattsPerMinute: Double?
  /// Wear cost of a battery per kWh through its terminals in either direction [currency/kWh].
  public var wearPrice: Double?
  /// Import limit of a grid connection [kW].
  public var importLimitKilowatts: Double?
  /// Export limit of a grid connection, positive [kW].
  public var exportLimitKilowatts: Double?

  /// Round-trip efficiency of a battery if none is configured.
  public static let usualEfficiency = 0.9
  /// Lowest state of charge of a battery if none is configured.
  public static let usualMinimumStateOfCharge = 0.1
  /// Highest state of charge of a battery if none is configured.
  public static let usualMaximumStateOfCharge = 0.95

  /// Creates an asset without sizes.
  ///
  /// - Parameters:
  ///   - name: Name, unique within the plant.
  ///   - kind: Kind of the device.
  ///   - within: Asset whose meter already includes this one, if any.
  public init(name: String, kind: AssetKind, within: String? = nil) {
    self.name = name
    self.kind = kind
    self.within = within
  }
}

/// Entry of a plant file's `sensors`: deviations from the catalogue for the sensors that it matches.
public struct SensorOverride: Hashable, Sendable {
  /// Pattern for `asset.sensor`, with `*` for any run of characters.
  public var match: String
  /// Unit in which values arrive.
  public var unit: Unit?
  /// Plausible values [unit in which values arrive].
  public var range: ClosedRange<Double>?
  /// Fastest plausible change [unit in which values arrive, per second].
  public var maximumRate: Double?
  /// Meaning of the value in time.
  public var sampling: Sampling?
  /// Reporting behaviour of the sensor.
  public var reports: Reporting?
  /// Longest time for which a value holds if values hold until the next.
  public var longestSilence: TimeSpan?
  /// Whether to forecast the series; `nil` uses the default.
  public var forecast: Bool?

  /// Creates an entry without deviations.
  public init(match: String) { self.match = match }

  /// Returns whether the entry applies to a sensor.
  public func matches(asset: String, sensor: String) -> Bool {
    Wildcard.matches(pattern: match, text: "\(asset).\(sensor)")
  }
}

/// Matching of text against patterns in which `*` stands for any run of characters.
public enum Wildcard {
  /// Returns whether the whole of `text` matches `pattern`. Linear in practice, because only the last `*` is retried.
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
