public import WattlineTime

/// Bounds from which the process raises alerts about itself. `nil` switches an alert off.
public struct WatchSettings: Hashable, Sendable {
  /// Share of the memory limit that the process may use, 0...1.
  public var memory: Double? = 0.9
  /// Share of the journal's file system that may be used, 0...1.
  public var disk: Double? = 0.9
  /// Time for which what waits for the stages and the database may grow without a pause, from 1 min on.
  public var backlog: TimeSpan? = .minutes(15)
  /// Time for which the database may be away, from 10 s on.
  public var database: TimeSpan? = .minutes(5)
  /// Difference between the clocks of this machine and of the database, from 5 s on.
  public var clock: TimeSpan? = .minutes(1)
  /// Time for which workers may stand still though nothing holds them up, from 30 s on.
  public var stages: TimeSpan? = .minutes(1)

  /// Log of mosquitto, in which publishers are looked for that the broker refuses; `nil` for none.
  public var brokerLog: String?

  /// Creates the defaults of an absent `watch` key.
  public init() {}
}
