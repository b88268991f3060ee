import PlantModel
import StreamCore

/// The patterns of a plant's assets: of each kind with the same sensors one, see ``PatternClass``.
struct PatternBook: Sendable {
  /// Penalty of anything else from which on a quarter is not learned.
  static let suspicious = 0.2

  /// What is kept of an asset: its class, and its latest scores, newest first, in 255ths of ``PatternClass/weight``.
  private struct Track: BitwiseCopyable {
    static let none = Int16(-1)
    var number = none
    var recent: InlineArray<3, UInt8> = .init(repeating: 0)
    var count: UInt8 = 0
  }

  private(set) var classes: [PatternClass] = []
  private var tracks: [Track] = []
  /// The forests of a mark, by class, and how many assets have it; empty between marks.
  private var forests: [IsolationForest?] = []
  private var members: [Int] = []

  /// Makes ready to judge a mark.
  mutating func begin(_ register: PlantRegister) {
    if tracks.count < register.assets.count {
      tracks.reserveCapacity(register.assets.count)
      while tracks.count < register.assets.count { tracks.append(Track()) }
    }
    forests = classes.map(\.forest)
    members = [Int](repeating: 0, count: classes.count)
    for track in tracks where classes.indices.contains(Int(track.number)) { members[Int(track.number)] += 1 }
  }

  /// Gives back what a mark needed.
  mutating func end() { (forests, members) = ([], []) }

  /// 0 ordinary, ``PatternClass/weight`` at the most: the median of the last three quarters.
  func score(of asset: AssetIndex) -> Double {
    guard tracks.indices.contains(asset.position) else { return 0 }
    let track = tracks[asset.position]
    guard track.count == 3 else { return 0 }
    let (a, b, c) = (track.recent[0], track.recent[1], track.recent[2])
    return PatternClass.weight * Double(max(min(a, b), min(max(a, b), c))) / 255
  }

  /// Judges a quarter of an hour of an asset, and learns from it unless something else speaks against the asset.
  mutating func judge(
    _ asset: AssetIndex, slot: Int, isSuspect: Bool, _ register: PlantRegister, code: (SeriesIndex) -> Int8?
  ) {
    let number = Int(tracks[asset.position].number)
    guard forests.indices.contains(number) else { return }
    let row = classes[number].row(slot) { column in
      PatternBook.counterpart(of: column, in: asset, register).flatMap(code)
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
    if !isSuspect { classes[number].take(row, slot: slot, asset: asset, members: members[number]) }
  }

  /// Finds the class of an asset by its sensors that can be part of a pattern, making it where none fits, and has the
  /// class learn where the asset is the first of it. Once a day for each asset.
  mutating func learn(_ asset: AssetIndex, slot: Int, from sensors: [SeriesIndex], _ register: PlantRegister) {
    let old = tracks[asset.position].number
    let sorted = sensors.sorted { register.series[$0.position].sensor < register.series[$1.position].sensor }
    // One sensor has nothing to fit together with.
    let number = sorted.count > 1 ? number(of: sorted, kind: register.assets[asset.position].kind, register) : nil
    tracks[asset.position].number = number ?? Track.none
    if old != tracks[asset.position].number { tracks[asset.position].count = 0 }
    guard let number, tracks.firstIndex(where: { $0.number == number }) == asset.position else { return }
    classes[Int(number)].learn(at: slot)
  }

  /// The class of these sensors; one that no asset has any more gives its place to a new one.
  private mutating func number(of sensors: [SeriesIndex], kind: AssetKind, _ register: PlantRegister) -> Int16? {
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
    of column: SeriesIndex, in asset: AssetIndex, _ register: PlantRegister
  ) -> SeriesIndex? {
    guard register.series.indices.contains(column.position) else { return nil }
    let known = register.series[column.position]
    return known.asset == asset ? column : register.series(of: asset, sensor: known.sensor)
  }
}

extension PatternBook {
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
