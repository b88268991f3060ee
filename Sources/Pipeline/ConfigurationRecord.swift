import PlantConfig
import StreamCore

/// Encoding of the plants' files for the journal and the checkpoint. Messages are replayed with the configuration that
/// was valid when they arrived, even if the folder has changed since.
enum ConfigurationRecord {
  private static let version: UInt16 = 1

  static func write(_ sources: PlantSources, to writer: inout SnapshotWriter) {
    writer.write(version)
    writer.write(sources.files) { writer, file in
      writer.write(file.name)
      writer.write(bytes: file.bytes)
    }
    writer.write(sources.environment.sorted { $0.key < $1.key }) { writer, variable in
      writer.write(variable.key)
      writer.write(variable.value)
    }
  }

  static func read(from reader: inout SnapshotReader) throws(SnapshotError) -> PlantSources {
    try reader.expect(version: version, of: "the configuration")
    var sources = PlantSources()
    sources.files = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      (try reader.readString(), try reader.readBytes())
    }
    let variables = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      (try reader.readString(), try reader.readString())
    }
    for (name, value) in variables { sources.environment[name] = value }
    return sources
  }
}
