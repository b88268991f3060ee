import Glibc
import SystemCore

/// A path that every reading takes, measured in isolation; one file each.
public struct HotPath: Sendable {
  /// Closure that processes the passes of a range, in order, and returns the number of readings.
  public typealias Work = (Range<Int>) throws -> Int

  /// Name on the command line.
  public let name: String
  /// Short description of the path.
  public let summary: String
  let prepare: @Sendable (SensorLoad) throws -> Work

  /// Creates a hot path.
  ///
  /// - Parameters:
  ///   - name: Name on the command line.
  ///   - summary: Short description of the path.
  ///   - prepare: Sets the path up for a load, outside the timing. The load is the same for all paths.
  init(_ name: String, summary: String, prepare: @escaping @Sendable (SensorLoad) throws -> Work) {
    self.name = name
    self.summary = summary
    self.prepare = prepare
  }

  /// All paths, in the order of the flow.
  public static let all = [
    TopicMatching.hotPath, Decoding.json, Decoding.number, Decoding.sparkplug, Cleansing.hotPath, Windowing.hotPath,
    HealthScoring.hotPath,
    Encoding.hotPath, JournalAppend.hotPath, SpoolDrain.hotPath, ForestInference.hotPath, MainStages.hotPath,
    AllStages.hotPath,
  ]

  /// Measures the path: after a warm-up, the median time of five rounds. Instructions and allocations are those of the
  /// last round.
  public func measure(_ load: SensorLoad) throws -> HotPathResult {
    let work = try prepare(load)
    let round = load.passes / 6
    _ = try work(0..<round)
    var times: [Double] = []
    var allocations = 0.0
    var instructions: Double?
    for number in 1...5 {
      let passes = number * round..<(number + 1) * round
      var readings = 0
      let counter = InstructionCounter()
      let started = SystemClock.threadTime()
      let allocated = try AllocationCount.during { readings = try work(passes) }
      let spent = SystemClock.threadTime() - started
      instructions = counter?.count.map { Double($0) / Double(max(1, readings)) }
      times.append(Double(spent) / Double(max(1, readings)))
      allocations = Double(allocated) / Double(max(1, readings))
    }
    return HotPathResult(
      name: name, summary: summary, nanosecondsPerReading: times.sorted()[2], instructionsPerReading: instructions,
      allocationsPerReading: allocations)
  }
}

/// Cost of one hot path.
public struct HotPathResult: Sendable, Encodable {
  /// Name of the path.
  public var name: String
  /// Short description of the path.
  public var summary: String
  /// CPU time [ns a reading].
  public var nanosecondsPerReading: Double
  /// User-mode instructions of the thread [1 a reading]; `nil` if the machine does not count them.
  public var instructionsPerReading: Double?
  /// Heap allocations [1 a reading].
  public var allocationsPerReading: Double

  enum CodingKeys: String, CodingKey {
    case name, summary
    case nanosecondsPerReading = "ns_per_reading"
    case instructionsPerReading = "instructions_per_reading"
    case allocationsPerReading = "allocations_per_reading"
  }
}
