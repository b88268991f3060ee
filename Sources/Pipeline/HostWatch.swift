import PlantModel
import Settings
import StreamCore
import WattlineTime

/// Judgement of what the process knows about itself: faults that operators should hear of, and their ends.
///
/// Pure: it reads no clock and no file. Each fault has a lower bound for its end than for its begin.
struct HostWatch {
  /// Time between two looks.
  static let interval = TimeSpan.seconds(10)
  /// Time after which a standing fault is reported again, for plants that were added meanwhile.
  static let repetition = TimeSpan.minute
  /// Least size of a growing backlog that is a fault [bytes].
  static let leastBacklog: Int64 = 64 << 20
  /// Least number of readings in a minute by which their times are judged.
  static let leastReadings: UInt64 = 100

  private let settings: WatchSettings
  private var standing: [ProcessFault.Kind: Timestamp] = [:]
  private var isFirst = true
  private var backlogs: [(time: Timestamp, bytes: Int64)] = []
  private var frees: [(time: Timestamp, bytes: Int64)] = []
  private var readings: [(time: Timestamp, all: UInt64, future: UInt64)] = []
  private var awaySince: Timestamp?
  private var interface: InterfaceWatch

  /// Creates a watch with these bounds.
  ///
  /// - Parameters:
  ///   - settings: Bounds of the process.
  ///   - interface: Bounds of its HTTP interface.
  init(_ settings: WatchSettings, interface: HTTPSettings.Bounds = HTTPSettings.Bounds()) {
    (self.settings, self.interface) = (settings, InterfaceWatch(interface))
  }

  /// Judges the facts of a time.
  ///
  /// - Parameters:
  ///   - facts: What the process knows.
  ///   - now: The current time.
  /// - Returns: Faults that began, last, or are over. The first call reports the end of every fault that does not
  ///   stand, because an earlier process may have left it standing.
  mutating func look(_ facts: HostFacts, at now: Timestamp) -> [ProcessFault] {
    let judged =
      [memory(facts), disk(facts, at: now), backlog(facts, at: now), database(facts, at: now)]
      + [clock(facts, at: now), stages(facts), refused(facts)] + interface.look(facts.interface, at: now)
    defer { isFirst = false }
    return judged.filter { fault in
      guard fault.isStanding else { return standing.removeValue(forKey: fault.kind) != nil || isFirst }
      if let told = standing[fault.kind], now - told < Self.repetition { return false }
      standing[fault.kind] = now
      return true
    }
  }

  /// Returns whether a share is a fault: from the bound on, and while it stands down to a little below.
  private func exceeds(_ share: Double, bound: Double, margin: Double, kind: ProcessFault.Kind) -> Bool {
    share >= (standing[kind] == nil ? bound : bound - margin)
  }

  private func memory(_ facts: HostFacts) -> ProcessFault {
    guard let bound = settings.memory, let limit = facts.memoryLimit, facts.residentBytes > 0 else {
      return ProcessFault(.memory, isStanding: false, text: "Its memory is not judged.")
    }
    let share = Double(facts.residentBytes) / Double(limit)
    let figures = "\(Self.percent(share)) of the \(Self.size(limit)) that it may have"
    guard exceeds(share, bound: bound, margin: 0.05, kind: .memory) else {
      return ProcessFault(.memory, isStanding: false, text: "It uses \(figures).", value: share)
    }
    return ProcessFault(
      .memory, isStanding: true, severity: share >= 0.97 ? .critical : .warning,
      text: "The process uses \(figures). The kernel ends it when nothing is left; the journal loses nothing.",
      value: share)
  }

  private mutating func disk(_ facts: HostFacts, at now: Timestamp) -> ProcessFault {
    guard let bound = settings.disk, let free = facts.diskFree, facts.diskSize > 0 else {
      return ProcessFault(.disk, isStanding: false, text: "Its disk is not judged.")
    }
    Self.keep((now, free), in: &frees, for: .hour)
    let share = 1 - Double(free) / Double(facts.diskSize)
    let figures = "\(Self.percent(share)) of the journal's disk are used, \(Self.size(free)) are free"
    guard exceeds(share, bound: bound, margin: 0.02, kind: .disk) else {
      return ProcessFault(.disk, isStanding: false, text: "\(figures).", value: share)
    }
    let outlook = hoursToFull(free).map { ", and it is full in about \(max(1, Int($0.rounded()))) h" } ?? ""
    return ProcessFault(
      .disk, isStanding: true, severity: share >= 0.98 ? .critical : .warning,
      text: "\(figures)\(outlook). When it is full, nothing more is read from the broker until there is room.",
      value: share)
  }

  /// Returns the time until the disk is full at the rate of the last hour [h]; `nil` if it does not fill, or if less
  /// than five minutes are known.
  private func hoursToFull(_ free: Int64) -> Double? {
    guard let first = frees.first, let last = frees.last, last.time - first.time >= .minutes(5) else { return nil }
    let rate = Double(first.bytes - last.bytes) / (last.time - first.time).inHours
    return rate > 0 ? Double(free) / rate : nil
  }

  /// Growth is steady if each third of the time has more waiting at its end than at its begin.
  private mutating func backlog(_ facts: HostFacts, at now: Timestamp) -> ProcessFault {
    let calm = ProcessFault(
      .backlog, isStanding: false, text: "\(Self.size(facts.waitingBytes)) wait, and do not grow.")
    guard let span = settings.backlog else { return calm }
    Self.keep((now, facts.waitingBytes), in: &backlogs, for: span)
    if standing[.backlog] != nil {
      // It is over once less waits than at its peak a while ago.
      let peak = backlogs.map(\.bytes).max() ?? 0
      if facts.waitingBytes < Self.leastBacklog || facts.waitingBytes < peak * 9 / 10 { return calm }
    } else {
      guard let first = backlogs.first, now - first.time >= span - Self.interval * 2,
        facts.waitingBytes >= Self.leastBacklog
      else { return calm }
      let marks = (0...3).map { backlogs[(backlogs.count - 1) * $0 / 3].bytes }
      guard zip(marks, marks.dropFirst()).allSatisfy({ $0 < $1 }) else { return calm }
    }
    return ProcessFault(
      .backlog, isStanding: true,
      text: "\(Self.size(facts.waitingBytes)) wait for the stages or the database, and it has grown for \(span.text). "
        + "The stages are too slow, or the database does not take points fast enough.",
      value: Double(facts.waitingBytes))
  }

  private mutating func database(_ facts: HostFacts, at now: Timestamp) -> ProcessFault {
    guard let span = settings.database, let words = facts.databaseAway else {
      awaySince = nil
      return ProcessFault(.database, isStanding: false, text: "It answers again.")
    }
    let since = awaySince ?? now
    awaySince = since
    return ProcessFault(
      .database, isStanding: now - since >= span,
      text:
        "The database does not answer since \(since.floored(to: .second)): \(words). Points wait on disk, and nothing "
        + "is lost while there is room.", value: (now - since).inSeconds)
  }

  private mutating func clock(_ facts: HostFacts, at now: Timestamp) -> ProcessFault {
    let calm = ProcessFault(.clock, isStanding: false, text: "The clocks agree again.")
    guard let bound = settings.clock else { return calm }
    if let difference = facts.clockDifference, difference.magnitude >= bound {
      let side = difference < .zero ? "ahead of" : "behind"
      return ProcessFault(
        .clock, isStanding: true,
        text:
          "The clock of this machine is \(Int(difference.magnitude.inSeconds)) s \(side) that of the database. Look "
          + "at the time service of both.", value: -difference.inSeconds)
    }
    readings.append((now, facts.readings.all, facts.readings.future))
    readings.removeAll { now - $0.time > .minute }
    guard let first = readings.first, facts.readings.all >= first.all + Self.leastReadings else { return calm }
    let share = Double(facts.readings.future &- first.future) / Double(facts.readings.all &- first.all)
    guard share >= (standing[.clock] == nil ? 0.5 : 0.25) else { return calm }
    return ProcessFault(
      .clock, isStanding: true,
      text: "\(Self.percent(share)) of the readings of the last minute have times in the future. Probably the clock of "
        + "this machine is behind. Look at its time service.", value: share)
  }

  private func stages(_ facts: HostFacts) -> ProcessFault {
    let isStanding = settings.stages.map { facts.stillSeconds >= $0.inSeconds } ?? false
    return ProcessFault(
      .stages, isStanding: isStanding, severity: .critical,
      text: isStanding
        ? "Workers stand still for \(Int(facts.stillSeconds)) s, and nothing holds them up. Restart the process; the "
          + "journal loses nothing."
        : "The workers progress.", value: facts.stillSeconds)
  }

  /// The text has the three publishers that were refused last.
  private func refused(_ facts: HostFacts) -> ProcessFault {
    guard !facts.refused.isEmpty else {
      return ProcessFault(.refused, isStanding: false, text: "It has refused none for a while.")
    }
    let told = facts.refused.prefix(3).map(\.words).joined(separator: ". ")
    let rest = facts.refused.count > 3 ? ". Further publishers: \(facts.refused.count - 3)" : ""
    return ProcessFault(
      .refused, isStanding: true,
      text: "mosquitto acknowledges and drops what they send: \(told)\(rest). wattline acl --refused tells all.",
      value: Double(facts.refused.count))
  }

  /// Appends a sample and drops those older than a span. The first one kept is nearly as old as the span.
  private static func keep(
    _ sample: (time: Timestamp, bytes: Int64), in samples: inout [(time: Timestamp, bytes: Int64)], for span: TimeSpan
  ) {
    samples.append(sample)
    samples.removeAll { sample.time - $0.time > span }
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private static func size(_ bytes: Int64) -> String {
    bytes < 1 << 30 ? "\(bytes >> 20) MiB" : "\(Double(bytes * 10 >> 30) / 10) GiB"
  }
}
