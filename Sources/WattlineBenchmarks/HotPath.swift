import Glibc

/// One way that every reading goes, timed alone. One file each.
public struct HotPath: Sendable {
  /// Takes the passes of a range, in order, and returns how many readings that was.
  public typealias Work = (Range<Int>) throws -> Int

  /// The name on the command line.
  public let name: String
  /// What one reading goes through, in a few words.
  public let summary: String
  let prepare: @Sendable (SensorLoad) throws -> Work

  /// A hot path; `prepare` makes what it needs, outside the timing, from a load that is the same for all.
  init(_ name: String, _ summary: String, prepare: @escaping @Sendable (SensorLoad) throws -> Work) {
    self.name = name
    self.summary = summary
    self.prepare = prepare
  }

  /// All of them, in the order of the flow.
  public static let all = [
    TopicMatching.hotPath, Decoding.json, Decoding.number, Decoding.sparkplug, Cleansing.hotPath, Windowing.hotPath,
    HealthScoring.hotPath,
    Encoding.hotPath, JournalAppend.hotPath, SpoolDrain.hotPath, ForestInference.hotPath, MainStages.hotPath,
    AllStages.hotPath,
  ]

  /// Times the path: after a warm-up, the median of five rounds; instructions and allocations are those of the last round.
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
      let started = Self.threadTime()
      let allocated = try AllocationCount.during { readings = try work(passes) }
      let spent = Self.threadTime() - started
      instructions = counter?.count.map { Double($0) / Double(max(1, readings)) }
      times.append(Double(spent) / Double(max(1, readings)))
      allocations = Double(allocated) / Double(max(1, readings))
    }
    return HotPathResult(
      name: name, summary: summary, nanosecondsPerReading: times.sorted()[2], instructionsPerReading: instructions,
      allocationsPerReading: allocations)
  }

  /// CPU time of this thread [ns]: what else runs on the machine hardly moves it.
  private static func threadTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// What one hot path costs.
public struct HotPathResult: Sendable, Encodable {
  /// The path's name.
  public var name: String
  /// What one reading goes through.
  public var summary: String
  /// CPU time [ns a reading].
  public var nanosecondsPerReading: Double
  /// Instructions of the thread in user mode [1 a reading]; nil where the machine does not count them.
  public var instructionsPerReading: Double?
  /// Blocks taken from the heap [1 a reading].
  public var allocationsPerReading: Double

  enum CodingKeys: String, CodingKey {
    case name, summary
    case nanosecondsPerReading = "ns_per_reading"
    case instructionsPerReading = "instructions_per_reading"
    case allocationsPerReading = "allocations_per_reading"
  }
}
