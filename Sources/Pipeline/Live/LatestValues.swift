public import PlantModel
import StreamCore
import SystemCore
public import WattlineTime

/// Latest value of a sensor.
public struct LatestValue: Sendable, Equatable {
  /// Plant of the sensor.
  public var plant: String
  /// Asset of the sensor.
  public var asset: String
  /// Name of the sensor.
  public var sensor: String
  /// Symbol of the canonical unit, in which ``value`` is; `nil` if the unit is unknown.
  public var unit: String?
  /// Time of the reading.
  public var time: Timestamp
  /// Best estimate as in `clean`; `nil` if there is none.
  public var value: Double?
  /// Worst quality that applies.
  public var quality: Quality
}

/// Latest readings of one plant, by series: 24 bytes a sensor, and as much again while a copy is being read.
struct LatestTable: Sendable {
  private struct Entry {
    var time = Timestamp.distantPast
    var value = Double.nan
    var quality = Quality.good
  }

  /// The plant's assets and series when the table was published.
  private(set) var register: PlantRegister
  private var entries: [Entry] = []

  init(register: PlantRegister) { self.register = register }

  /// Records the readings of a frame. Readings from the future are left out, since they would hide all others.
  mutating func observe(_ readings: borrowing ReadingBatch) {
    for row in 0..<readings.count {
      let position = readings.series[row].position
      if position >= entries.count {
        entries.append(contentsOf: repeatElement(Entry(), count: position + 1 - entries.count))
      }
      guard readings.time[row] >= entries[position].time, !readings.flags[row].contains(QualityFlags(.future)) else {
        continue
      }
      entries[position] = Entry(
        time: readings.time[row], value: readings.value[row], quality: readings.quality[row])
    }
  }

  /// Takes over the current assets and series, of which the known ones keep their positions.
  mutating func update(register: PlantRegister) { self.register = register }

  /// Returns the table under a register in which series may have other positions.
  func moved(to register: PlantRegister) -> LatestTable {
    var moved = LatestTable(register: register)
    for (position, entry) in entries.enumerated() where position < self.register.series.count {
      let series = self.register.series[position]
      let asset = self.register.assets[series.asset.position].name
      guard let index = register.series(asset: asset, sensor: series.sensor)?.position else { continue }
      if index >= moved.entries.count {
        moved.entries.append(contentsOf: repeatElement(Entry(), count: index + 1 - moved.entries.count))
      }
      moved.entries[index] = entry
    }
    return moved
  }

  /// The latest value of each sensor that has reported since the process started.
  var values: [LatestValue] {
    entries.enumerated().compactMap { position, entry in
      guard entry.time != .distantPast, position < register.series.count else { return nil }
      let series = register.series[position]
      return LatestValue(
        plant: register.plant.name, asset: register.assets[series.asset.position].name, sensor: series.sensor,
        unit: series.profile.unit?.canonicalUnit.symbol, time: entry.time,
        value: entry.value.isFinite ? entry.value : nil, quality: entry.quality)
    }
  }
}

/// The latest readings of a worker's plants, which it publishes as copies, so that others never wait for it.
struct LatestTables {
  private var tables: [String: LatestTable] = [:]
  /// Plants whose tables have changed since they were published.
  private var changed: Set<String> = []
  /// Whether tables are gone since they were published.
  private var isReset = false

  /// Records the readings of a frame.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    if frame.readings.isEmpty { return }
    changed.insert(register.plant.name)
    tables[register.plant.name, default: LatestTable(register: register)].observe(frame.readings)
  }

  /// Follows a change of configuration.
  mutating func reconfigure(to registers: [PlantRegister]) {
    tables = Dictionary(
      registers.compactMap { register in
        tables[register.plant.name].map { (register.plant.name, $0.moved(to: register)) }
      }, uniquingKeysWith: { first, _ in first })
    (changed, isReset) = (Set(tables.keys), true)
  }

  /// Copies the tables that have changed to where others read them.
  ///
  /// - Parameters:
  ///   - registers: The current assets and series of all plants.
  ///   - target: The published tables.
  mutating func publish(_ registers: [PlantRegister], to target: Locked<[String: LatestTable]>) {
    if changed.isEmpty, !isReset { return }
    for register in registers where changed.contains(register.plant.name) {
      tables[register.plant.name]?.update(register: register)
    }
    let news = changed.compactMap { name in tables[name].map { (name, $0) } }
    let isWhole = isReset
    target.with { published in
      if isWhole { published.removeAll() }
      for (name, table) in news { published[name] = table }
    }
    changed.removeAll(keepingCapacity: true)
    isReset = false
  }
}
