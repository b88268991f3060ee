import Foundation
import Glibc
import PlantModel
public import WattlineTime

/// The dead letters of a sink, for listing and retrying. Safe to use while the sink runs.
public struct DeadLetters: Sendable {
  /// Contents of one dead-letter file.
  public struct Summary: Sendable, Equatable {
    /// Name in the folder.
    public var name: String
    /// Size [bytes].
    public var bytes: Int
    /// Number of points.
    public var points: UInt64
    /// Points by reason.
    public var reasons: [WriteRefusalReason: UInt64]
    /// The server's message of the latest refusal.
    public var words: String
    /// Time of the first refusal.
    public var first: Timestamp
    /// Time of the last refusal.
    public var last: Timestamp
  }

  /// Result of a retry.
  public struct Outcome: Sendable, Equatable {
    /// Points that the database accepted this time.
    public var accepted: UInt64 = 0
    /// Points refused again. They are in a new file with the new message.
    public var refused: UInt64 = 0
    /// Points left in their file because the database accepted nothing.
    public var left: UInt64 = 0
    /// Reason why the database accepted nothing; `nil` if every letter was answered.
    public var trouble: String?
  }

  private let directory: String

  /// Refers to the dead letters in a folder.
  public init(directory: String) { self.directory = directory }

  /// Lists the files, oldest first. Files without a readable letter are omitted.
  public func list() -> [Summary] {
    files().compactMap { file in
      let letters = DeadLetter.frames(in: Self.contents(of: file.path)).flatMap { $0.letters ?? [] }
      guard let first = letters.first, let last = letters.last else { return nil }
      var reasons: [WriteRefusalReason: UInt64] = [:]
      for letter in letters { reasons[letter.reason, default: 0] += letter.tally.points }
      return Summary(
        name: file.name, bytes: file.bytes, points: reasons.values.reduce(0, +), reasons: reasons, words: last.words,
        first: first.time, last: last.time)
    }
  }

  /// Posts every letter again. Accepted letters are removed; those refused again go into a new file. Letters that the
  /// database did not evaluate stay.
  ///
  /// - Parameters:
  ///   - connect: creates the endpoint of the database.
  ///   - options: sizes and time spans.
  /// - Returns: the number of points by outcome.
  /// - Throws: `SinkError.cannotStart` if the endpoint cannot be created.
  public func retry(
    through connect: SinkConnector, options: SinkOptions = SinkOptions()
  ) throws(SinkError) -> Outcome {
    let delivery = Delivery(
      to: try connect { false }, options: options, deadLetters: directory, status: SinkStatus(), isOver: { false },
      stateChanged: { _ in })
    var outcome = Outcome()
    for file in files() {
      guard let taken = claim(file) else { continue }
      defer { close(taken.descriptor) }
      retry(taken.path, delivery: delivery, options: options, outcome: &outcome)
    }
    return outcome
  }

  private func retry(_ path: String, delivery: Delivery, options: SinkOptions, outcome: inout Outcome) {
    let contents = Self.contents(of: path)
    // Frames that are unreadable or were not evaluated stay.
    var rest: [UInt8] = []
    for frame in DeadLetter.frames(in: contents) {
      guard let letters = frame.letters else {
        rest += contents[frame.range]
        continue
      }
      for letter in letters where outcome.trouble == nil {
        post(letter, delivery: delivery, options: options, outcome: &outcome)
      }
      guard outcome.trouble != nil else { continue }
      rest += contents[frame.range]
      outcome.left += letters.reduce(0) { $0 + $1.tally.points }
    }
    if rest.isEmpty { unlink(path) } else { Self.replace(path, with: rest[...]) }
  }

  private func post(_ letter: DeadLetter, delivery: Delivery, options: SinkOptions, outcome: inout Outcome) {
    var job = delivery.job(letter.lines)
    var tries = 0
    while case .later(let span) = delivery.advance(&job, more: { [] }) {
      tries += 1
      if tries > options.faultTries {
        outcome.trouble = delivery.trouble ?? "no answer"
        return
      }
      usleep(UInt32(clamping: min(span, options.shortestBackoff).nanoseconds / 1000))
    }
    outcome.accepted += job.written.points
    outcome.refused += job.deadLetters.values.reduce(0) { $0 + $1.points }
  }

  /// Renames a file so that no letter is added to it any more, and locks it against a concurrent retry.
  private func claim(_ file: File) -> (descriptor: Int32, path: String)? {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let name = file.name.hasPrefix(Self.takenPrefix) ? file.name : Self.takenPrefix + file.name
    let path = "\(directory)/\(name)"
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, rename(file.path, path) == 0 else {
      close(descriptor)
      return nil
    }
    return (descriptor, path)
  }

  /// A dead-letter file with its path, size [bytes] and modification time.
  struct File {
    var name: String
    var path: String
    var bytes: Int
    var changed: Date
  }

  private static let takenPrefix = "retried-"

  /// Returns the files, oldest first.
  func files() -> [File] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasSuffix(".lp.zst") }.compactMap { name in
      let path = "\(directory)/\(name)"
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
      return File(
        name: name, path: path, bytes: (attributes[.size] as? Int) ?? 0,
        changed: (attributes[.modificationDate] as? Date) ?? .distantPast)
    }.sorted { ($0.changed, $0.name) < ($1.changed, $1.name) }
  }

  private static func contents(of path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map(Array.init) ?? []
  }

  /// Atomically replaces a file by its remaining frames.
  private static func replace(_ path: String, with rest: ArraySlice<UInt8>) {
    let descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let isWhole = DeadLetterFile.append(rest, to: descriptor) && fdatasync(descriptor) == 0
    close(descriptor)
    // If the replacement fails, the next retry posts the frames once more, which is harmless.
    if !isWhole || rename(path + ".new", path) != 0 { unlink(path + ".new") }
  }
}
