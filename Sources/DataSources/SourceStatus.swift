import WattlineTime

/// State of a source, as people see it.
public struct SourceStatus: Sendable, Equatable, Codable {
  /// All that a source does.
  public enum State: String, Sendable, Codable, CaseIterable {
    /// It waits for its next fetch; the last was in order.
    case waiting
    /// It fetches.
    case fetching
    /// The last fetch failed, and it tries again.
    case failing
    /// Its credentials were refused. It tries again once they change, or a person starts it.
    case refused
    /// A person has stopped it.
    case stopped
    /// No process runs it.
    case off
  }

  /// Name of the source.
  public var name: String
  /// Name of its plant.
  public var plant: String
  /// All that it does.
  public var state: State
  /// End of the last fetch that came to its end, in ISO 8601; `nil` before the first.
  public var lastSuccess: String?
  /// Time of the next fetch, in ISO 8601; `nil` if none is planned.
  public var next: String?
  /// Rows that had something new, since the source is known.
  public var rows: UInt64
  /// All that is wrong; `nil` if nothing is.
  public var error: String?

  enum CodingKeys: String, CodingKey {
    case name, plant, state
    case lastSuccess = "last_success"
    case next, rows, error
  }

  /// Creates the state of a source that has never run.
  ///
  /// - Parameters:
  ///   - name: Name of the source.
  ///   - plant: Name of its plant.
  ///   - state: What it does.
  public init(name: String, plant: String, state: State) {
    (self.name, self.plant, self.state, rows) = (name, plant, state, 0)
  }

  /// Writes every member; those without a value as `null`.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(name, forKey: .name)
    try members.encode(plant, forKey: .plant)
    try members.encode(state, forKey: .state)
    try members.encode(lastSuccess, forKey: .lastSuccess)
    try members.encode(next, forKey: .next)
    try members.encode(rows, forKey: .rows)
    try members.encode(error, forKey: .error)
  }

  /// Returns a time in whole seconds of UTC.
  static func text(_ time: Timestamp) -> String { CivilTime(utc: time.floored(to: .second)).iso8601 }
}

/// All sources of a process: the document of `wattline sources --json`.
public struct SourceList: Sendable, Equatable, Codable {
  /// The sources, by plant and name.
  public var sources: [SourceStatus]

  /// Creates a list.
  public init(_ sources: [SourceStatus]) { self.sources = sources }
}
