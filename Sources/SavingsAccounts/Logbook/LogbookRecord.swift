public import Savings

/// Investigation of a deviation: from its alert to a cause.
public struct Investigation: Sendable, Equatable {
  /// State of an investigation.
  public enum State: String, Sendable, CaseIterable {
    /// Nobody has named a cause.
    case open
    /// A cause is named.
    case assigned
    /// It is over.
    case closed
  }

  /// Identifier within the plant: `I1`.
  public let id: String
  /// Name of the meter.
  public let meter: String
  /// The entry that opened it.
  public let opening: LogbookEntry
  /// The entry with its cause.
  public internal(set) var assignment: LogbookEntry?
  /// The entry that closed it.
  public internal(set) var closing: LogbookEntry?
  /// Whether its alert stands.
  public internal(set) var isStanding = true
  /// Severity of its alert, the greatest so far.
  public internal(set) var severity: String
  /// Candidates for its cause, in words: those at its opening, and entries of maintenance and operation.
  public internal(set) var candidates: [String]

  /// State.
  public var state: State { closing != nil ? .closed : assignment != nil ? .assigned : .open }
  /// Cause; `nil` if nobody has named one.
  public var cause: String? { assignment?.words }
}

/// Non-routine event of a meter with what a person decided about it.
public struct LoggedEvent: Sendable, Equatable {
  /// Decision of a person.
  public enum Decision: String, Sendable, CaseIterable {
    /// Nobody has decided.
    case pending
    /// It is no effect of a measure, and is taken out of the saving.
    case confirmed
    /// It belongs to the saving.
    case rejected
  }

  /// Identifier within the plant: `E1`.
  public let id: String
  /// Name of the meter.
  public let meter: String
  /// The entry with which it was found.
  public let finding: LogbookEntry
  /// The latest decision.
  public internal(set) var deciding: LogbookEntry?
  /// Span and size as last found.
  public internal(set) var event: SavingsAssessment.Event

  /// Decision.
  public var decision: Decision {
    switch deciding?.kind {
    case .confirmed: .confirmed
    case .rejected: .rejected
    default: .pending
    }
  }
}

/// Content of a plant's logbook, with its entries in order.
public struct LogbookRecord: Sendable {
  /// Days before a change in which work on the plant is a candidate for its cause.
  static let workDays = 30

  /// Entries in order.
  public private(set) var entries: [LogbookEntry] = []
  /// Investigations in order.
  public private(set) var investigations: [Investigation] = []
  /// Non-routine events in the order in which they were found.
  public internal(set) var events: [LoggedEvent] = []
  /// Checksum of the last entry; empty without entries.
  private(set) var checksum = ""

  /// Creates a record without entries.
  public init() {}

  /// Entries of maintenance and operation in order.
  public var works: [LogbookEntry] { entries.filter { $0.kind == .maintenance || $0.kind == .operation } }

  /// Returns the investigation of a meter whose alert stands.
  func standing(of meter: String) -> Investigation? { investigations.last { $0.meter == meter && $0.isStanding } }

  /// Returns the last entry that cleared a meter's alert.
  func clearing(of meter: String) -> LogbookEntry? { entries.last { $0.meter == meter && $0.kind == .cleared } }

  /// Returns the identifier of the next subject.
  func next(_ letter: Character) -> String {
    let count =
      switch letter {
      case "I": investigations.count
      case "E": events.count
      default: works.count
      }
    return "\(letter)\(count + 1)"
  }

  /// Adds an entry.
  mutating func add(_ entry: LogbookEntry, checksum: String) {
    entries.append(entry)
    self.checksum = checksum
    switch entry.kind {
    case .raised:
      if let place = place(of: entry.subject) {
        investigations[place].isStanding = true
        if entry.severity == "critical" { investigations[place].severity = entry.severity }
      } else {
        investigations.append(
          Investigation(
            id: entry.subject, meter: entry.meter, opening: entry, severity: entry.severity,
            candidates: works.compactMap { Self.candidate($0, of: entry) } + entry.candidates))
      }
    case .cleared: place(of: entry.subject).map { investigations[$0].isStanding = false }
    case .assigned: place(of: entry.subject).map { investigations[$0].assignment = entry }
    case .closed: place(of: entry.subject).map { investigations[$0].closing = entry }
    case .found:
      if let place = events.firstIndex(where: { $0.id == entry.subject }) {
        events[place].event = entry.event
      } else {
        events.append(LoggedEvent(id: entry.subject, meter: entry.meter, finding: entry, event: entry.event))
      }
    case .confirmed, .rejected:
      events.firstIndex { $0.id == entry.subject }.map { events[$0].deciding = entry }
    case .maintenance, .operation:
      // Work that is written down later is a candidate too.
      for place in investigations.indices where investigations[place].state != .closed {
        guard let words = Self.candidate(entry, of: investigations[place].opening) else { continue }
        investigations[place].candidates.insert(words, at: 0)
      }
    }
  }

  private func place(of investigation: String) -> Int? { investigations.firstIndex { $0.id == investigation } }

  /// Returns an entry of work as a candidate for a deviation; `nil` if it lies at another time or meter.
  private static func candidate(_ work: LogbookEntry, of opening: LogbookEntry) -> String? {
    guard work.meter.isEmpty || work.meter == opening.meter,
      work.first >= opening.first - workDays, work.first <= opening.last
    else { return nil }
    let place = work.asset.isEmpty ? "" : " of \(work.asset)"
    return "\(work.kind.rawValue)\(place) on \(MeterDay.text(ofDate: work.first)): \(work.words) (\(work.subject))"
  }
}

extension LogbookEntry {
  /// Span and size of an event that was found.
  var event: SavingsAssessment.Event { SavingsAssessment.Event(start: first, end: last, effect: energy) }
}
