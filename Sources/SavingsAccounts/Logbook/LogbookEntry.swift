import Foundation

/// Entry of a plant's logbook of savings: what was found, decided or done, by whom and when. It is never changed.
public struct LogbookEntry: Codable, Sendable, Equatable {
  /// Kind of an entry. The raw value is in files and never changes.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// A deviation raised its alert, and an investigation was opened if none was open.
    case raised
    /// The meter tracks again, or its model follows it.
    case cleared
    /// An investigation got a cause.
    case assigned
    /// An investigation was closed.
    case closed
    /// A non-routine event was found.
    case found
    /// A person says that an event is no effect of a measure; it is taken out of the saving.
    case confirmed
    /// A person says that an event belongs to the saving.
    case rejected
    /// Work on the plant, such as a changed filter.
    case maintenance
    /// A change of operation, such as another schedule.
    case operation
  }

  /// Layout of the document that this program writes.
  static let currentLayout = 1

  /// Layout of the document.
  var layout = LogbookEntry.currentLayout
  /// Name of the plant.
  public var plant: String
  /// Kind.
  public var kind: Kind
  /// Investigation (`I1`), event (`E1`) or entry (`M1`) that it is about.
  public var subject: String
  /// Name of the meter; empty for an entry about the plant.
  public var meter = ""
  /// Time at which it was made [ms since 1970-01-01].
  public var milliseconds: Int64
  /// Person or program that made it.
  public var author: String
  /// Cause, note or text.
  public var words = ""
  /// First day concerned [days since 1970-01-01].
  public var first = 0
  /// Last day concerned [days since 1970-01-01].
  public var last = 0
  /// Deviation or effect [kWh].
  public var energy = 0.0
  /// Half of its interval [kWh].
  public var half = 0.0
  /// Deviation [%].
  public var percent = 0.0
  /// Severity of the alert.
  public var severity = ""
  /// Day on which the change was noticed [days since 1970-01-01].
  public var detected = 0
  /// Version of the model that expected another use.
  public var model = ""
  /// Candidates for the cause, in words.
  public var candidates: [String] = []
  /// Asset that was worked on.
  public var asset = ""
  /// Identity of the request that made it, so that a repetition makes no second one.
  public var source = ""
  /// Checksum of the entry before; empty for the first.
  var previous = ""

  /// Creates an entry without details.
  ///
  /// - Parameters:
  ///   - kind: Kind.
  ///   - subject: Investigation, event or entry.
  ///   - plant: Name of the plant.
  ///   - meter: Name of the meter.
  ///   - milliseconds: Time at which it is made [ms since 1970-01-01].
  ///   - author: Person or program that makes it.
  public init(
    _ kind: Kind, subject: String, plant: String, meter: String = "", milliseconds: Int64, author: String
  ) {
    (self.kind, self.subject, self.plant, self.meter) = (kind, subject, plant, meter)
    (self.milliseconds, self.author) = (milliseconds, author)
  }

  /// Returns the bytes of the entry's file: a line with the checksum of the rest, and the document.
  func sealed() throws -> (bytes: [UInt8], checksum: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let document = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    let checksum = SHA256.hex(document)
    return (Array("sha256 \(checksum)\n".utf8) + document, checksum)
  }

  /// Reads the bytes of an entry's file.
  static func unsealed(_ bytes: [UInt8], file: String) throws(RegistryDefect) -> (LogbookEntry, checksum: String) {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), bytes.starts(with: "sha256 ".utf8) else {
      throw RegistryDefect("\(file): is no entry of a logbook; its first line must be 'sha256' and a checksum")
    }
    let document = bytes[(end + 1)...]
    let checksum = SHA256.hex(document)
    guard String(decoding: bytes[7..<end], as: UTF8.self) == checksum else {
      throw RegistryDefect(
        "\(file): its checksum does not fit; the entry was altered or damaged; put the file back from a backup")
    }
    guard let entry = try? JSONDecoder().decode(LogbookEntry.self, from: Data(document)),
      entry.layout == currentLayout
    else {
      throw RegistryDefect(
        "\(file): cannot be read by this version of the program, which knows layout \(currentLayout)")
    }
    return (entry, checksum)
  }
}
