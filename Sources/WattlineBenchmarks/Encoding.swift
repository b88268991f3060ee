import InfluxSink
import PlantModel
import StreamCore

/// Path of a reading to its two lines of line protocol.
enum Encoding {
  static let hotPath = HotPath("encode", summary: "render raw and clean") { load in
    let (passes, registers) = load.decoded()
    var encoder = LineEncoder()
    return { range in
      var readings = 0
      for pass in range {
        for plant in registers.indices {
          encoder.append(passes[pass][plant], of: registers[plant])
          readings += passes[pass][plant].count
        }
        if encoder.isFull { encoder.reset() }
      }
      return readings
    }
  }
}
