import PlantConfig
import PlantModel
import Settings
import WattlineTime

/// Words about `influxdb.retention`: what is deleted and when, and an estimate of what stays on disk.
///
/// Sizes are those of InfluxDB 1.6 after compaction, measured on readings that wander at random; docker/README.md has
/// them. Points whose number does not follow from the sensors have no estimate.
struct RetentionText {
  /// Size of a point [bytes] and time between two of a sensor.
  private static let sizes: [String: (bytes: Double, interval: TimeSpan)] = [
    "raw": (6.8, .seconds(10)), "clean": (7.1, .seconds(10)), "feature_1m": (68, .minute),
  ]
  /// Rollups of a sensor that always stay: windows of 15 min and 1 h, `clean_1h` and `clean_1d`.
  private static let rollups: [(bytes: Double, interval: TimeSpan)] = [
    (68, .minutes(15)), (74, .hour), (37, .hour), (140, .day),
  ]

  private let retention: RetentionSettings
  private let version: DatabaseSettings.Version
  private let zone: String
  private let sensors: Int

  /// Creates the words; `nil` if nothing is deleted.
  init?(_ loaded: LoadedConfiguration) {
    guard let retention = loaded.settings.influxdb.retention else { return nil }
    self.retention = retention
    version = loaded.settings.influxdb.version
    zone = loaded.plants.first?.location.timezone ?? "UTC"
    sensors = loaded.plants.reduce(0) { $0 + Self.sensors(of: $1) }
  }

  /// Sensors that a file names, or that the kinds of its assets usually have.
  private static func sensors(of plant: Plant) -> Int {
    var names = Set(plant.derived.map { "\($0.name)" })
    for asset in plant.assets {
      for sensor in SensorCatalogue.names(for: asset.kind) { names.insert("\(asset.name).\(sensor)") }
    }
    names.formUnion(plant.sensors.map(\.match).filter { !$0.contains("*") && !$0.contains("?") })
    return names.count
  }

  /// One line for the hours, one for each measurement, and the rest.
  var lines: [String] {
    let hours = "\(clock(retention.quietFrom)) to \(clock(retention.quietTo)) \(zone)"
    var lines = ["influxdb.retention: whole days are deleted from \(hours), and what is younger stays"]
    for name in RetentionSettings.bounded {
      guard let age = retention.ages[name] else {
        lines.append("  \(name): never deleted\(Self.sizes[name].map { growth([$0]) } ?? "")")
        continue
      }
      lines.append("  \(name): deleted after \(days(age))\(rest(name, age: age))")
    }
    lines.append("  everything else: never deleted\(growth(Self.rollups))")
    lines.append("  sizes are of InfluxDB 1.x, \(basis), with a reading each 10 s; docker/README.md has them")
    return lines + [versionWords]
  }

  /// The same for `--json`.
  var document: [String: Any] {
    [
      "deleted_after_days": retention.ages.mapValues { $0.inHours / 24 }, "sensors": sensors,
      "kept_bytes": retention.ages.compactMapValues { $0 }.reduce(into: [String: Double]()) { sums, entry in
        if let size = Self.sizes[entry.key], sensors > 0 { sums[entry.key] = bytes([size], of: entry.value).rounded() }
      },
    ]
  }

  private var basis: String {
    sensors == 0
      ? "for each sensor, because the files name none"
      : "for \(sensors.counted("sensor")) that the files name or that their kinds usually have"
  }

  private var versionWords: String {
    let core =
      "version 3 Core deletes no points: bound the whole database there (influxdb3 create database --retention-period)"
    return switch version {
    case .v1: "  version 1 deletes with DELETE; the user needs the right to write"
    case .v2: "  version 2 deletes by /api/v2/delete; the token must be one that may write"
    case .v3: "  \(core)"
    case .auto: "  versions 1 and 2 delete; \(core)"
    }
  }

  private func rest(_ name: String, age: TimeSpan) -> String {
    guard let size = Self.sizes[name] else { return "" }
    return "; about \(text(bytes([size], of: age))) stay"
  }

  private func growth(_ sizes: [(bytes: Double, interval: TimeSpan)]) -> String {
    "; grows by about \(text(bytes(sizes, of: .days(365)))) a year"
  }

  private func bytes(_ sizes: [(bytes: Double, interval: TimeSpan)], of span: TimeSpan) -> Double {
    sizes.reduce(0) { $0 + $1.bytes * (span.inSeconds / $1.interval.inSeconds) } * Double(max(1, sensors))
  }

  /// Returns a size with two digits: an estimate has no more.
  private func text(_ bytes: Double) -> String {
    let units = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
    let (name, size) = units.first { bytes >= $0.1 } ?? ("kB", 1e3)
    let value = bytes / size
    return value < 10 ? "\((value * 10).rounded() / 10) \(name)" : "\(Int(value.rounded())) \(name)"
  }

  private func days(_ age: TimeSpan) -> String {
    let days = age.inHours / 24
    return days == days.rounded() ? Int(days).counted("day") : age.text
  }

  private func clock(_ minute: Int) -> String {
    let (hours, minutes) = (minute / 60, minute % 60)
    return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
  }
}
