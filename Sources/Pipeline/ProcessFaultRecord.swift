import PlantModel
import StreamCore

/// Journal record about a fault of the process.
///
/// The journal is the only clock of the stages, and what they know of the machine comes through it. The alert therefore
/// comes out the same in a replay.
extension ProcessFault {
  private static let version: UInt16 = 1

  /// Body of the journal record.
  var bytes: [UInt8] {
    var writer = SnapshotWriter()
    writer.write(ProcessFault.version)
    writer.write(kind.rawValue)
    writer.write(isStanding)
    writer.write(severity.rawValue)
    writer.write(text)
    writer.write(value)
    return writer.bytes
  }

  /// Reads the body of a journal record.
  init(record: UnsafeRawBufferPointer) throws(SnapshotError) {
    var reader = SnapshotReader(Array(record))
    try reader.expect(version: ProcessFault.version, of: "a fault of the process")
    guard let kind = Kind(rawValue: try reader.readString()) else { throw .invalid("an unknown fault") }
    let isStanding = try reader.readBool()
    guard let severity = Severity(rawValue: try reader.readString()) else { throw .invalid("an unknown severity") }
    self.init(
      kind, isStanding: isStanding, severity: severity, text: try reader.readString(), value: try reader.readDouble())
  }
}
