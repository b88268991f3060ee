import Alerts
import Foundation
import InfluxSink
import Journal
public import PlantConfig
import PlantModel
import Settings
import SinkCore
import StreamCore
import SystemCore
public import WattlineTime

/// Whether this version reads what an earlier one has left in the folder of a journal, found without changing anything.
///
/// The saved state is restored completely in memory, as a start would do. A process may run meanwhile.
public struct UpgradeCheck: Sendable {
  /// The messages from which windows and models are rebuilt.
  public struct History: Sendable, Equatable {
    /// Receive time of the first record; `nil` without records.
    public var from: Timestamp?
    /// Receive time of the last record.
    public var to: Timestamp?
    /// Number of messages.
    public var messages: UInt64 = 0
    /// Size of the records before compression [bytes].
    public var bytes: UInt64 = 0

    /// Time from the first record to the last.
    public var span: TimeSpan { from.flatMap { from in to.map { $0 - from } } ?? .zero }
  }

  /// The effect of a start of this version on the saved state.
  public enum Outcome: Sendable, Equatable {
    /// There is none.
    case nothingSaved
    /// It goes on where the process ended.
    case goesOn
    /// It rebuilds windows and models of these plants from the history; `nil` for all plants.
    case rebuilds(plants: [String]?, reason: String)
    /// Not even the offset is known, so that all of the journal is worked through and written again.
    case worksThroughAll(reason: String)
  }

  /// History that windows and models use at most; forecasts of similar days look back the farthest.
  public static let longestUse = TimeSpan.days(70)
  /// Time that is spent on measuring how fast the history is rebuilt [ns].
  private static let measuringTime: Int64 = 2_000_000_000

  /// The effect of a start.
  public let outcome: Outcome
  /// Further files that this version cannot read, each with what that means.
  public let problems: [String]
  /// Messages below the saved offset; all messages where that is unknown.
  public let history: History
  /// Estimated time of a rebuild on this machine [s]; `nil` without history.
  public let rebuildSeconds: Double?

  /// Whether a start of this version goes on as if nothing had happened.
  public var isSmooth: Bool { problems.isEmpty && [.nothingSaved, .goesOn].contains(outcome) }

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - directory: folder of the journal.
  ///   - otherwise: configuration by which messages are read where no saved one can be.
  /// - Throws: `JournalError` if the folder or a segment cannot be read, such as one of a later version.
  public init(directory: String, otherwise: PlantSources) throws {
    guard FileManager.default.fileExists(atPath: directory) else {
      (outcome, problems, history, rebuildSeconds) = (.nothingSaved, [], History(), nil)
      return
    }
    let found = try CheckpointStore(directory: directory).open()
    let (outcome, sources) = Self.outcome(of: found.parts, damage: found.damage)
    self.outcome = outcome
    problems = Self.problems(in: directory)
    let end = found.parts?.offset ?? .max
    (history, rebuildSeconds) = try Self.read(directory, upTo: end, sources: sources ?? otherwise)
  }

  private static func outcome(of parts: CheckpointParts?, damage: [String]) -> (Outcome, PlantSources?) {
    guard let parts else {
      return (damage.isEmpty ? .nothingSaved : .worksThroughAll(reason: damage.joined(separator: "; ")), nil)
    }
    do {
      let saved = try SavedState(parts)
      let (_, misfits) = saved.processor(configured: saved.sources.plants, share: .whole)
      return misfits.isEmpty
        ? (.goesOn, saved.sources)
        : (.rebuilds(plants: misfits, reason: "their saved state is of another version"), saved.sources)
    } catch { return (.rebuilds(plants: nil, reason: "\(error)"), nil) }
  }

  private static func problems(in directory: String) -> [String] {
    var problems: [String] = []
    let spool = directory + "/spool"
    if FileManager.default.fileExists(atPath: spool) {
      do {
        for words in try CheckpointStore(directory: spool).open().damage {
          problems.append("\(words): points in the spool are written once more, and accounts begin anew")
        }
        if let words = try Spool.mistake(inFolder: spool) { problems.append("\(spool): \(words)") }
        _ = try JournalArchive(directory: spool)
      } catch { problems.append("\(spool): \(error)") }
    }
    let redelivery = directory + "/redelivery"
    if FileManager.default.fileExists(atPath: redelivery) {
      do {
        problems += try RedeliveryMemory.mistakes(inFolder: redelivery)
      } catch { problems.append("\(redelivery): \(error)") }
    }
    let outbox = directory + "/alerts/outbox"
    if let words = AlertDelivery.mistake(inOutbox: outbox) { problems.append(words) }
    return problems
  }

  /// Counts the history, and measures how fast its beginning is rebuilt.
  private static func read(
    _ directory: String, upTo end: UInt64, sources: PlantSources
  ) throws -> (History, seconds: Double?) {
    let archive = try JournalArchive(directory: directory)
    let reader = archive.reader(from: archive.startOffset)
    var processor = RecordProcessor(sources: sources)
    var history = History()
    var rebuilt: UInt64 = 0
    var nanoseconds: Int64 = 0
    while let record = try reader.next(), record.endOffset <= end {
      history.from = history.from ?? record.received
      history.to = record.received
      history.bytes += record.endOffset - record.offset
      let start = SystemClock.threadTime()
      record.withBody { body in
        if record.kind == .messages {
          var cursor = MessageFrameCursor(body)
          while cursor.next() != nil { history.messages += 1 }
        }
        if nanoseconds < measuringTime {
          _ = processor.process(kind: record.kind, received: record.received, body: body)
          processor.encoder.reset()
          rebuilt = history.bytes
        }
      }
      nanoseconds += SystemClock.threadTime() - start
    }
    guard rebuilt > 0 else { return (history, nil) }
    return (history, Double(nanoseconds) / 1e9 * Double(history.bytes) / Double(rebuilt))
  }
}
