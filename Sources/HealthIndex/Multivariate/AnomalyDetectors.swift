import PlantModel
import StreamCore

/// The patterns of a plant's assets: one for each kind with the same sensors, see ``PatternClass``.
struct AnomalyDetectors: Sendable {
  /// Penalty of other findings from which a quarter-hour is not learned.
  static let suspicious = 0.2

  /// State of an asset: its class, and its latest scores, newest first, in 255ths of ``PatternClass/weight``.
  private struct Track: BitwiseCopyable {
    static let none = Int16(-1)
    var number = none
    var recent: InlineArray<3, UInt8> = .init(repeating: 0)
    var count: UInt8 = 0
  }

  private(set) var classes: [PatternClass] = []
  private var tracks: [Track] = []
  /// Forests by class and numbers of their assets during a mark; empty between marks.
  private var forests: [IsolationForest?] = []
  private var members: [Int] = []

  /// Prepares the judgement of a mark.
  mutating func begin(_ register: PlantRegister) {
    if tracks.count < register.assets.count {
      tracks.reserveCapacity(register.assets.count)
      while tracks.count < register.assets.count { tracks.append(Track()) }
    }
    forests = classes.map(\.forest)
    members = [Int](repeating: 0, count: classes.count)
    for track in tracks where classes.indices.contains(Int(track.number)) { members[Int(track.number)] += 1 }
  }

  /// Releases the memory of a mark.
  mutating func end() { (forests, members) = ([], []) }

  /// Returns the pattern score of an asset, the median of the last three quarter-hours: 0 is ordinary,
  /// ``PatternClass/weight`` the maximum.
  func score(of asset: AssetIndex) -> Double {
    guard tracks.indices.contains(asset.position) else { return 0 }
    let track = tracks[asset.position]
    guard track.count == 3 else { return 0 }
    let (a, b, c) = (track.recent[0], track.recent[1], track.recent[2])
    return PatternClass.weight * Double(max(min(a, b), min(max(a, b), c))) / 255
  }

  /// Judges a quarter-hour of an asset, and learns from it unless the asset is suspect.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - slot: The quarter-hour.
  ///   - isSuspect: Whether other findings indicate a fault.
  ///   - register: Assets and series of the plant.
  ///   - code: Returns the pattern code of a series; `nil` if it has none.
  mutating func judge(
    _ asset: AssetIndex, slot: Int, isSuspect: Bool, in register: PlantRegister, code: (SeriesIndex) -> Int8?
  ) {
    let number = Int(tracks[asset.position].number)
    guard forests.indices.contains(number) else { return }
    let row = classes[number].row(slot) { column in
      AnomalyDetectors.counterpart(of: column, in: asset, register: register).flatMap(code)
    }
    guard let row else { return }
    if let forest = forests[number] {
      let score = classes[number].score(row, by: forest) / PatternClass.weight
      let recent = tracks[asset.position].recent
      let byte = UInt8(min(max((score * 255).rounded(), 0), 255))
      (tracks[asset.position].recent[2], tracks[asset.position].recent[1]) = (recent[1], recent[0])
      tracks[asset.position].recent[0] = byte
      tracks[asset.position].count = min(3, tracks[asset.position].count + 1)
    }
    if !isSuspect { classes[number].observe(row, slot: slot, asset: asset, members: members[number]) }
  }

  /// Assigns an asset to the class of its sensors, and creates the class if needed. The first asset of a class also
  /// lets it learn. Called once a day for each asset.
  ///
  /// - Parameters:
  ///   - asset: The asset.
  ///   - slot: The latest quarter-hour.
  ///   - sensors: Its sensors that can be part of a pattern.
  ///   - register: Assets and series of the plant.
  mutating func learn(_ asset: AssetIndex, slot: Int, from sensors: [SeriesIndex], in register: PlantRegister) {
    let old = tracks[asset.position].number
    let sorted = sensors.sorted { register.series[$0.position].sensor < register.series[$1.position].sensor }
    // A single sensor has no relation to others.
    let number = sorted.count > 1 ? number(of: sorted, kind: register.assets[asset.position].kind, in: register) : nil
    tracks[asset.position].number = number ?? Track.none
    if old != tracks[asset.position].number { tracks[asset.position].count = 0 }
    guard let number, tracks.firstIndex(where: { $0.number == number }) == asset.position else { return }
    classes[Int(number)].learn(at: slot)
  }

  /// Returns the class of these sensors; a new class replaces one without assets.
  ///
  /// - Parameters:
  ///   - sensors: The sensors, ordered by name.
  ///   - kind: Kind of their asset.
  ///   - register: Assets and series of the plant.
  /// - Returns: The number of the class; `nil` if there are too many classes.
  private mutating func number(of sensors: [SeriesIndex], kind: AssetKind, in register: PlantRegister) -> Int16? {
    let known = classes.firstIndex { one in
      guard one.columns.count == sensors.count, let first = one.columns.first,
        register.series.indices.contains(first.position), register.kind(of: first) == kind
      else { return false }
      return zip(one.columns, sensors).allSatisfy {
        register.series.indices.contains($0.position)
          && register.series[$0.position].sensor == register.series[$1.position].sensor
      }
    }
    if let known { return Int16(exactly: known) }
    var isUsed = [Bool](repeating: false, count: classes.count)
    for track in tracks where isUsed.indices.contains(Int(track.number)) { isUsed[Int(track.number)] = true }
    if let free = isUsed.firstIndex(of: false) {
      classes[free] = PatternClass(columns: sensors)
      if forests.indices.contains(free) { forests[free] = nil }
      return Int16(exactly: free)
    }
    guard classes.count < Int(Int16.max) else { return nil }
    classes.append(PatternClass(columns: sensors))
    return Int16(exactly: classes.count - 1)
  }

  private static func counterpart(
    of column: SeriesIndex, in asset: AssetIndex, register: PlantRegister
  ) -> SeriesIndex? {
    guard register.series.indices.contains(column.position) else { return nil }
    let known = register.series[column.position]
    return known.asset == asset ? column : register.series(of: asset, sensor: known.sensor)
  }
}

extension AnomalyDetectors {
  func snapshot(into writer: inout SnapshotWriter) {
    writer.write(classes) { $1.snapshot(into: &$0) }
    writer.write(tracks) { writer, track in
      writer.write(track.number)
      for i in 0..<3 { writer.write(track.recent[i]) }
      writer.write(track.count)
    }
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    classes = try reader.readArray { (reader) throws(SnapshotError) in try PatternClass(from: &reader) }
    tracks = try reader.readArray(elementSize: 6) { (reader) throws(SnapshotError) in
      var track = Track()
      track.number = try reader.read(Int16.self)
      for i in 0..<3 { track.recent[i] = try reader.read(UInt8.self) }
      track.count = try reader.read(UInt8.self)
      guard track.count <= 3 else { throw .invalid("more scores than are kept") }
      return track
    }
  }
}
