import Cleaning
import PlantModel
import StreamCore

/// The plants of one worker: registers, stages and observers side by side, by plant index.
struct PlantSet {
  let plants: [Plant]
  /// Positions by name.
  let positions: [String: Int]
  /// Registers by plant; the decoder admits series into them.
  var registers: [PlantRegister]
  private(set) var lines: [PlantLine]
  private(set) var observers: [PlantObserver]
  /// The frame of the plant that is stepped.
  private var frame = Frame()

  /// Plants without any history.
  init(plants: [Plant]) {
    self.plants = plants
    positions = Dictionary(plants.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    registers = plants.map { plant in
      var register = PlantRegister(plant: plant)
      register.admitDerived()
      return register
    }
    lines = plants.map(PlantLine.init)
    observers = plants.map { PlantObserver(name: $0.name) }
  }

  /// Readings by quality code over all plants.
  var qualityCounts: [UInt64] {
    var sums = [UInt64](repeating: 0, count: 10)
    // By position: a line is much to copy.
    for plant in lines.indices {
      for (code, count) in lines[plant].qualityCounts.enumerated() where code < sums.count { sums[code] += count }
    }
    return sums
  }

  /// How many plants.
  var count: Int { plants.count }

  /// Passes readings of a plant through its stages, and before them who of it came and went.
  mutating func step(
    plant: Int, _ readings: borrowing ReadingBatch, _ availability: [AssetAvailability] = [], received: Timestamp,
    emit: (borrowing Frame, PlantRegister) -> Void
  ) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].step(readings, availability, received: received, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Passes what is asked of a plant through its stages.
  mutating func instruct(
    plant: Int, _ instructions: [Instruction], received: Timestamp, emit: (borrowing Frame, PlantRegister) -> Void
  ) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].instruct(instructions, received: received, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Passes a tick through the stages of a plant.
  mutating func tick(plant: Int, _ moment: Timestamp, emit: (borrowing Frame, PlantRegister) -> Void) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].tick(moment, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Tells a plant's alerts how the database stands.
  mutating func note(
    _ trouble: DatabaseTrouble, plant: Int, _ moment: Timestamp, emit: (borrowing Frame, PlantRegister) -> Void
  ) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].note(trouble, moment, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Clears the alerts of a plant whose stages end, so that none of them stays active for ever.
  mutating func retire(plant: Int, _ moment: Timestamp, emit: (borrowing Frame, PlantRegister) -> Void) {
    let register = registers[plant]
    lines[plant].retire(moment, in: register) { emit($0, register) }
  }

  /// The same plants under a new configuration: a plant that has not changed keeps everything; one whose assets still
  /// stand in the same order keeps its series and the state of its stages; any other starts anew, and is named.
  func reconfigured(to plants: [Plant]) -> (plants: PlantSet, restarted: [String]) {
    var next = PlantSet(plants: plants)
    var restarted: [String] = []
    for (position, plant) in plants.enumerated() {
      guard let old = positions[plant.name] else { continue }
      if self.plants[old] == plant {
        next.registers[position] = registers[old]
        next.lines[position] = lines[old]
      } else if let register = PlantSet.readmit(registers[old], into: plant),
        let line = lines[old].reconfigured(to: plant)
      {
        next.registers[position] = register
        next.lines[position] = line
      } else {
        restarted.append(plant.name)
        continue
      }
      next.observers[position] = observers[old]
    }
    return (next, restarted)
  }

  /// The series of `old` in the same order in a register of `plant`, or `nil` if an index would then mean another asset.
  private static func readmit(_ old: PlantRegister, into plant: Plant) -> PlantRegister? {
    readmit(names(of: old), assets: old.assets.map { ($0.name, $0.kind) }, into: plant)
  }

  private static func readmit(
    _ names: [SavedSeries], assets: [(name: String, kind: AssetKind)], into plant: Plant
  ) -> PlantRegister? {
    var register = PlantRegister(plant: plant)
    for name in names { _ = register.admit(asset: name.asset, sensor: name.sensor, unit: Unit.named(name.unit)) }
    register.admitDerived()
    let same = zip(register.assets, assets).allSatisfy { $0.name == $1.name && $0.kind == $1.kind }
    return same && register.assets.count >= assets.count ? register : nil
  }

  /// What has to be known of a series to admit it again: its unit may have come with its first value.
  private typealias SavedSeries = (asset: String, sensor: String, unit: String)

  private static func names(of register: PlantRegister) -> [SavedSeries] {
    register.series.map { (register.assets[$0.asset.position].name, $0.sensor, $0.profile.unit?.symbol ?? "") }
  }
}

extension PlantSet {
  /// Writes a plant: its name, assets, series and stages.
  func snapshot(plant position: Int, into writer: inout SnapshotWriter) {
    let register = registers[position]
    writer.write(plants[position].name)
    writer.write(register.assets) { writer, asset in
      writer.write(asset.name)
      writer.write(asset.kind.rawValue)
    }
    writer.write(PlantSet.names(of: register)) { writer, name in
      writer.write(name.asset)
      writer.write(name.sensor)
      writer.write(name.unit)
    }
    lines[position].snapshot(into: &writer)
  }

  /// Takes up the state that was written of a plant, if it is one of these, and its assets stand as they did. Returns its
  /// name where it is and they do not.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) -> String? {
    let name = try reader.readString()
    guard let position = positions[name] else { return nil }
    let assets = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      (name: try reader.readString(), kind: try reader.readString())
    }
    let series = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (asset: try reader.readString(), sensor: try reader.readString(), unit: try reader.readString())
    }
    let known = assets.map { (name: $0.name, kind: AssetKind(rawValue: $0.kind) ?? .generic) }
    guard let register = PlantSet.readmit(series, assets: known, into: plants[position]),
      let line = try? PlantLine(plant: plants[position], restoring: &reader), reader.isAtEnd
    else { return name }
    registers[position] = register
    lines[position] = line
    observers[position].take(line.standingAlerts)
    return nil
  }
}
