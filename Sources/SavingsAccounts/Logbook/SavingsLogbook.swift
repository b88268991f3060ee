import SystemCore

/// Logbooks of plants: investigations, non-routine events with decisions, and work on the plants.
///
/// An entry is a file in the folder of the frozen models, so that it is in every backup. Entries of a plant are
/// numbered and form a chain of checksums. Several processes may add entries: the number is taken by the first.
public struct SavingsLogbook: Sendable {
  /// End of the names of files.
  public static let fileSuffix = ".entry"
  /// Attempts to take a number before giving up.
  private static let attempts = 100

  private let folder: SealedFolder

  /// Opens the logbooks of an installation.
  ///
  /// - Parameter state: Folder of the journal.
  public init(state: String) { folder = SealedFolder(path: "\(state)/\(ModelRegistry.folderName)") }

  private static func prefix(_ plant: String) -> String { String(SHA256.hex(plant.utf8).prefix(16)) + "-" }

  private static func name(_ plant: String, number: Int) -> String {
    let digits = String(number)
    return prefix(plant) + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + fileSuffix
  }

  /// Returns what a plant's logbook says.
  ///
  /// - Throws: ``RegistryDefect`` if an entry was altered, or is missing between others.
  public func record(of plant: String) throws(RegistryDefect) -> LogbookRecord {
    var record = LogbookRecord()
    let prefix = Self.prefix(plant)
    for name in folder.names(endingWith: Self.fileSuffix) where name.hasPrefix(prefix) {
      try add(name, plant: plant, to: &record)
    }
    return record
  }

  /// Numbers of entries of all plants.
  public struct Counts: Sendable {
    fileprivate let counts: [Substring: Int]

    /// Returns the number of entries of a plant.
    public func count(of plant: String) -> Int { counts[SavingsLogbook.prefix(plant).dropLast(), default: 0] }
  }

  /// Returns the numbers of entries of all plants, by a look at the folder.
  public func counts() -> Counts {
    Counts(
      counts: folder.names(endingWith: Self.fileSuffix).reduce(into: [:]) { counts, name in
        counts[name.prefix { $0 != "-" }, default: 0] += 1
      })
  }

  /// Adds the entries that others made since a record was read.
  private func refresh(_ record: inout LogbookRecord, of plant: String) throws(RegistryDefect) {
    while folder.bytes(of: Self.name(plant, number: record.entries.count + 1)) != nil {
      try add(Self.name(plant, number: record.entries.count + 1), plant: plant, to: &record)
    }
  }

  private func add(_ name: String, plant: String, to record: inout LogbookRecord) throws(RegistryDefect) {
    let path = "\(folder.path)/\(name)"
    guard let bytes = folder.bytes(of: name) else { throw RegistryDefect("\(path): cannot be read") }
    let (entry, checksum) = try LogbookEntry.unsealed(bytes, file: path)
    guard entry.plant == plant, entry.previous == record.checksum,
      name == Self.name(plant, number: record.entries.count + 1)
    else {
      throw RegistryDefect(
        "\(path): does not follow the entry before it; an entry of plant '\(plant)' was replaced or removed in "
          + "\(folder.path); put the files back from a backup")
    }
    record.add(entry, checksum: checksum)
  }

  /// Adds an entry that depends on those before.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - entry: Returns the entry for what the logbook says; `nil` if nothing is to be added.
  /// - Returns: What the logbook says then.
  /// - Throws: ``RegistryDefect`` if the folder cannot be read or written.
  @discardableResult
  public func append(
    of plant: String, _ entry: (LogbookRecord) throws(RegistryDefect) -> LogbookEntry?
  ) throws(RegistryDefect) -> LogbookRecord {
    var record = try record(of: plant)
    for _ in 0..<Self.attempts {
      guard var next = try entry(record) else { return record }
      next.previous = record.checksum
      guard let (bytes, checksum) = try? next.sealed() else {
        throw RegistryDefect("an entry of plant '\(plant)' has a number that is none and cannot be kept")
      }
      let isAdded: Bool
      do throws(SystemError) {
        isAdded = try folder.keep(bytes, name: Self.name(plant, number: record.entries.count + 1))
      } catch {
        throw RegistryDefect(
          "the entry cannot be kept: \(error); run the command as the user of the service, which writes to "
            + folder.path)
      }
      if isAdded {
        record.add(next, checksum: checksum)
        return record
      }
      try refresh(&record, of: plant)
    }
    throw RegistryDefect("the logbook of plant '\(plant)' is written by many at once; try again")
  }
}
