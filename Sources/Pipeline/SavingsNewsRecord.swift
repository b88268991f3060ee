import PlantModel
import StreamCore

/// Journal record about a meter whose savings are verified.
///
/// An account needs a year of the database, which a replay of the journal has not. Its verdict is therefore recorded,
/// and the alert comes out the same in a replay.
extension SavingsNews {
  private static let version: UInt16 = 1

  /// Body of the journal record.
  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(SavingsNews.version)
    writer.write(kind.rawValue)
    writer.write(plant)
    writer.write(asset)
    writer.write(sensor != nil)
    writer.write(sensor ?? "")
    writer.write(isStanding)
    writer.write(severity.rawValue)
    writer.write(title)
    writer.write(text)
    writer.write(value)
    return writer.bytes
  }

  /// Reads the body of a journal record.
  init(record: UnsafeRawBufferPointer) throws(SnapshotError) {
    var reader = SnapshotReader(Array(record))
    try reader.expect(version: SavingsNews.version, of: "news of savings")
    guard let kind = Kind(rawValue: try reader.readString()) else { throw .invalid("an unknown kind of news") }
    let (plant, asset) = (try reader.readString(), try reader.readString())
    let (hasSensor, sensor) = (try reader.readBool(), try reader.readString())
    let isStanding = try reader.readBool()
    guard let severity = Severity(rawValue: try reader.readString()) else { throw .invalid("an unknown severity") }
    self.init(
      kind, plant: plant, asset: asset, sensor: hasSensor ? sensor : nil, isStanding: isStanding, severity: severity,
      title: try reader.readString(), text: try reader.readString(), value: try reader.readDouble())
  }
}
