import WattlineBenchmarks

/// Options of several benchmarks, with the ranges that a machine can serve.
extension Arguments {
  /// Returns messages a second; `nil` if the option was not given.
  ///
  /// - Parameters:
  ///   - name: Name of the option.
  ///   - least: Lowest rate [1/s].
  func rate(_ name: String = "--rate", from least: Double = 0.001) throws(Misuse) -> Double? {
    let words = least == 0 ? "from 0 to 100000000" : "from 0.001 to 100000000"
    return try number(name, in: least...1e8, words: words)
  }

  /// Number of messages; `nil` if it was not given.
  var messages: Int? { get throws(Misuse) { try count("--messages", in: 1...10_000_000_000) } }

  /// Plants of the fleet; `nil` if they were not given.
  var plants: Int? { get throws(Misuse) { try count("--plants", in: 1...1_000_000) } }

  /// Sensors and plants of the load; a thousand sensors unless given.
  var fleet: Fleet {
    get throws(Misuse) { Fleet(sensors: try count("--sensors", in: 1...10_000_000) ?? 1_000, plants: try plants) }
  }

  /// Quality of service; `nil` if it was not given.
  var qos: Int? { get throws(Misuse) { try count("--qos", in: 0...2) } }

  /// Port of a broker on this machine.
  var port: Int { get throws(Misuse) { try count("--port", in: 1...65_535) ?? 1883 } }
}
