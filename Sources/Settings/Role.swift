/// The rights of a person or a program, in general. Module `Accounts` has the table.
public enum Role: String, Hashable, Sendable, CaseIterable {
  /// All, with accounts, keys, plant files, configuration and audit.
  case admin
  /// Reads, deals with alerts, decides commands, runs scenarios, dispatch and reports, starts and stops the source.
  case `operator`
  /// Reads.
  case viewer
  /// A program: reads, and posts readings.
  case service
}
