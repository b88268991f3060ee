public import PlantModel
import Savings
public import WattlineTime

/// Request of a person to a plant's logbook of savings, over MQTT, HTTP or the command line.
///
/// On `wattline/<plant>/savings/set`: `{"id": "E1", "action": "confirm", "by": "anna", "note": "…"}`, with the actions
/// `confirm` and `reject` of events, `assign` (with `cause`) and `close` of investigations, and `maintenance` and
/// `operation` with `text`, and `date`, `asset` and `meter` where they are known.
public struct SavingsRequest: Sendable, Equatable {
  /// The subject of operator requests.
  public static let subject = "savings"
  /// Longest text [characters].
  public static let longestText = 1_000
  /// Longest name of a person [characters].
  private static let longestName = 100

  /// Kind of the entry that it makes.
  public let kind: LogbookEntry.Kind
  /// Event or investigation; empty for work on the plant.
  public let id: String
  /// Cause, note or text.
  public let words: String
  /// Person who asks.
  public let author: String
  /// Day of the work [days since 1970-01-01]; `nil` for the day of the request.
  public let date: Int?
  /// Asset that was worked on; may be empty.
  public let asset: String
  /// Meter that the work concerns; empty for all.
  public let meter: String

  /// Words by which requests are called, with the kinds of their entries.
  public static let actions: [String: LogbookEntry.Kind] = [
    "confirm": .confirmed, "reject": .rejected, "assign": .assigned, "close": .closed, "maintenance": .maintenance,
    "operation": .operation,
  ]

  /// Reads the members of an instruction; `nil` if one is missing or has a value that is not possible.
  public init?(_ members: [String: String]) {
    guard let kind = members["action"].flatMap({ Self.actions[$0] }) else { return nil }
    self.kind = kind
    author = Self.plain(members["by"] ?? "", longest: Self.longestName)
    let isWork = kind == .maintenance || kind == .operation
    id = isWork ? "" : members["id"] ?? ""
    words = Self.plain(members[kind == .assigned ? "cause" : isWork ? "text" : "note"] ?? "", longest: Self.longestText)
    asset = Self.plain(members["asset"] ?? "", longest: 200)
    meter = members["meter"] ?? ""
    date = members["date"].flatMap(Self.date)
    if isWork ? words.isEmpty : id.isEmpty || id.utf8.count > 20 { return nil }
    if kind == .assigned && words.isEmpty || members["date"] != nil && date == nil { return nil }
  }

  /// Returns a date such as `2024-05-03` as days since 1970-01-01; `nil` for any other text.
  public static func date(_ text: String) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard text.utf8.count == 10, parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
      (1970...2200).contains(year), CivilTime(year: year, month: month, day: day).isValid
    else { return nil }
    return CivilTime.daysSinceEpoch(year: year, month: month, day: day)
  }

  private static func plain(_ text: String, longest: Int) -> String {
    let kept = text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }.prefix(longest)
    return String(String.UnicodeScalarView(kept))
  }
}

extension SavingsLogbook {
  /// Carries a request out. A repetition changes nothing.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - plant: The plant.
  ///   - time: Time of the request.
  ///   - source: Identity of the request, by which a repetition is known; empty for none.
  /// - Returns: `.taken`, or `.refused` with the reason.
  /// - Throws: ``RegistryDefect`` if the logbook cannot be read or written.
  public func follow(
    _ request: SavingsRequest, of plant: Plant, at time: Timestamp, source: String = ""
  ) throws(RegistryDefect) -> Instruction.Outcome {
    var outcome = Instruction.Outcome.taken
    try append(of: plant.name) { record in
      if !source.isEmpty, record.entries.contains(where: { $0.source == source }) { return nil }
      switch request.entry(of: plant, record: record, at: time) {
      case .add(var entry):
        entry.source = source
        return entry
      case .nothing: return nil
      case .refuse(let refusal):
        outcome = .refused(refusal)
        return nil
      }
    }
    return outcome
  }
}

extension SavingsRequest {
  /// Result of a request.
  fileprivate enum Result {
    case add(LogbookEntry)
    case nothing
    case refuse(Instruction.Refusal)
  }

  /// Returns the entry that a request makes, unless it is made already or cannot be.
  fileprivate func entry(of plant: Plant, record: LogbookRecord, at time: Timestamp) -> Result {
    var entry = LogbookEntry(
      kind, subject: id, plant: plant.name, milliseconds: time.milliseconds, author: author.isEmpty ? "unknown" : author
    )
    entry.words = words
    switch kind {
    case .confirmed, .rejected:
      guard let event = record.events.first(where: { $0.id == id }) else { return .refuse(.unknown) }
      if event.deciding?.kind == kind { return .nothing }
      (entry.meter, entry.first, entry.last) = (event.meter, event.event.start, event.event.end)
      entry.energy = event.event.effect
    case .assigned, .closed:
      guard let found = record.investigations.first(where: { $0.id == id }) else { return .refuse(.unknown) }
      if found.state == .closed { return kind == .closed ? .nothing : .refuse(.late) }
      if kind == .assigned, found.cause == words { return .nothing }
      entry.meter = found.meter
    default:
      guard meter.isEmpty || plant.savings.contains(where: { $0.meter == meter }) else { return .refuse(.unknown) }
      (entry.subject, entry.asset, entry.meter) = (record.next("M"), asset, meter)
      entry.first = date ?? SavingsAccountant.date(of: time, at: plant)
      entry.last = entry.first
    }
    return .add(entry)
  }
}
