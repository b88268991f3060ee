import Cleaning
import PlantModel
import StreamCore
import WattlineTime

/// The plants of one worker: registers, stages and observers in parallel arrays, by plant index.
struct PlantShard {
  let plants: [Plant]
  /// Plant indexes by name.
  let positions: [String: Int]
  /// Registers by plant index; the decoder admits series into them.
  var registers: [PlantRegister]
  private(set) var lines: [PlantPipeline]
  private(set) var observers: [PlantObserver]
  /// The frame lent to the plant being stepped.
  private var frame = Frame()

  /// Creates plants without history.
  init(plants: [Plant]) {
    self.plants = plants
    positions = Dictionary(plants.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    registers = plants.map { plant in
      var register = PlantRegister(plant: plant)
      register.admitDerived()
      return register
    }
    lines = plants.map(PlantPipeline.init)
    observers = plants.map { PlantObserver(name: $0.name) }
  }

  /// Number of readings by quality code, over all plants.
  var qualityCounts: [UInt64] {
    var sums = [UInt64](repeating: 0, count: 10)
    // Indexed access avoids copying a line, which is large.
    for plant in lines.indices {
      for (code, count) in lines[plant].qualityCounts.enumerated() where code < sums.count { sums[code] += count }
    }
    return sums
  }

  /// Number of plants.
  var count: Int { plants.count }

  /// Closure that receives a frame after all stages, with the register of its plant.
  typealias Emit = (borrowing Frame, PlantRegister) -> Void

  /// Passes the readings of a plant through its stages.
  ///
  /// - Parameters:
  ///   - plant: Index of the plant.
  ///   - readings: Decoded readings.
  ///   - availability: Availability changes of assets. They are processed before the readings.
  ///   - received: Receive time of the record.
  ///   - emit: Receives each frame after all stages.
  mutating func step(
    plant: Int, readings: borrowing ReadingBatch, availability: [AssetAvailability] = [], received: Timestamp,
    emit: Emit
  ) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].step(readings, availability: availability, received: received, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Passes instructions through the stages of a plant.
  ///
  /// - Parameters:
  ///   - plant: Index of the plant.
  ///   - instructions: Instructions in arrival order.
  ///   - received: Receive time of the record.
  ///   - emit: Receives the frame after all stages.
  mutating func instruct(plant: Int, instructions: [Instruction], received: Timestamp, emit: Emit) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].instruct(instructions, received: received, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Passes a tick through the stages of a plant.
  ///
  /// - Parameters:
  ///   - plant: Index of the plant.
  ///   - timestamp: Time of the tick.
  ///   - emit: Receives each frame after all stages.
  mutating func tick(plant: Int, at timestamp: Timestamp, emit: Emit) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].tick(timestamp, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Passes news of the process to the stages of a plant.
  ///
  /// - Parameters:
  ///   - news: The news.
  ///   - plant: Index of the plant.
  ///   - timestamp: Receive time of the record.
  ///   - emit: Receives the frame.
  mutating func take(_ news: ProcessNews, plant: Int, at timestamp: Timestamp, emit: Emit) {
    let register = registers[plant]
    swap(&frame, &lines[plant].frame)
    defer { swap(&frame, &lines[plant].frame) }
    lines[plant].take(news, received: timestamp, in: register) { frame in
      observers[plant].observe(frame, in: register)
      emit(frame, register)
    }
  }

  /// Puts a plant's standing alerts into its view. Called after they have changed.
  mutating func observeStanding(plant: Int) {
    observers[plant].observe(standing: lines[plant].standingAlerts, in: registers[plant])
  }

  /// Returns the plants under a new configuration.
  ///
  /// An unchanged plant keeps everything. A plant whose assets keep their order keeps its series and the state of its
  /// stages. Any other plant starts from scratch, and its name is in `restarted`.
  func reconfigured(to plants: [Plant]) -> (plants: PlantShard, restarted: [String]) {
    var next = PlantShard(plants: plants)
    var restarted: [String] = []
    for (position, plant) in plants.enumerated() {
      guard let old = positions[plant.name] else { continue }
      if self.plants[old] == plant {
        next.registers[position] = registers[old]
        next.lines[position] = lines[old]
      } else if let register = PlantShard.readmit(registers[old], into: plant),
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

  /// Returns a register of `plant` with the series of `old` in the same order; `nil` if an index would mean another
  /// asset.
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

  /// Names and unit needed to admit a series again. The unit may have come with its first value.
  private typealias SavedSeries = (asset: String, sensor: String, unit: String)

  private static func names(of register: PlantRegister) -> [SavedSeries] {
    register.series.map { (register.assets[$0.asset.position].name, $0.sensor, $0.profile.unit?.symbol ?? "") }
  }
}

extension PlantShard {
  /// Writes a plant's name, assets, series and stages.
  func snapshot(plant position: Int, into writer: inout SnapshotWriter) {
    let register = registers[position]
    writer.write(plants[position].name)
    writer.write(register.assets) { writer, asset in
      writer.write(asset.name)
      writer.write(asset.kind.rawValue)
    }
    writer.write(PlantShard.names(of: register)) { writer, name in
      writer.write(name.asset)
      writer.write(name.sensor)
      writer.write(name.unit)
    }
    lines[position].snapshot(into: &writer)
  }

  /// Restores a plant from the state that ``snapshot(plant:into:)`` wrote.
  ///
  /// - Returns: The plant's name if its state does not fit the current assets or cannot be read. `nil` if it was
  ///   restored or the plant is not in this set.
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
    guard let register = PlantShard.readmit(series, assets: known, into: plants[position]),
      let line = try? PlantPipeline(plant: plants[position], restoring: &reader), reader.isAtEnd
    else { return name }
    registers[position] = register
    lines[position] = line
    observers[position].observe(line.standingAlerts)
    observers[position].observe(standing: line.standingAlerts, in: register)
    return nil
  }
}
