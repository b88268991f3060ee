import InfluxSink
import LocalServers
import PlantModel
import SinkCore
import StreamCore

/// Path of lines from the spool on disk back into requests.
enum SpoolDrain {
  private static let requestPoints = 5_000
  private static let requestBytes = 2 << 20

  static let hotPath = HotPath("spool", summary: "read back and unpack lines that waited on disk") { load in
    let folder = ScratchFolder()
    let spool = try Spool(SpoolSettings(directory: folder.path, maximumBytes: 1 << 30))
    try fill(spool, load: load)
    return { passes in
      // Keeps the folder while the closure exists.
      _ = folder
      var readings: UInt64 = 0
      while readings < UInt64(passes.count * load.sensors) {
        let chunk = try spool.next(points: requestPoints, bytes: requestBytes)
        guard !chunk.lines.isEmpty else { break }
        readings += chunk.readings
        spool.delivered(chunk)
      }
      return Int(readings)
    }
  }

  private static func fill(_ spool: Spool, load: SensorLoad) throws {
    let (passes, registers) = load.decoded()
    var encoder = LineEncoder()
    for pass in passes {
      for plant in registers.indices { encoder.append(pass[plant], of: registers[plant]) }
      let batch = encoder.drain(upTo: 0)
      try spool.append(batch.bytes, tally: batch.tally)
    }
    try spool.sync()
  }
}
