import Foundation
import Glibc
import PlantModel

/// The dead letters of a sink, for the person who looks after them; may be used while the sink runs.
public struct DeadLetters: Sendable {
  /// What a file has.
  public struct Summary: Sendable, Equatable {
    /// Its name in the folder.
    public var name: String
    /// Its size [bytes].
    public var bytes: Int
    /// How many points.
    public var points: UInt64
    /// Points by reason.
    public var reasons: [RefusalReason: UInt64]
    /// The server's words of the latest refusal.
    public var words: String
    /// When the first were refused.
    public var first: Timestamp
    /// When the last were refused.
    public var last: Timestamp
  }

  /// What trying again came to.
  public struct Outcome: Sendable, Equatable {
    /// Points that the database accepted now.
    public var accepted: UInt64 = 0
    /// Points that it refused again; they are in a new file with its new words.
    public var refused: UInt64 = 0
    /// Points that stay where they are, because it took nothing.
    public var left: UInt64 = 0
    /// Why it took nothing; `nil` if it answered to all.
    public var trouble: String?
  }

  private let directory: String

  /// The letters in a folder.
  public init(directory: String) { self.directory = directory }

  /// The files, oldest first.
  public func list() -> [Summary] {
    files().compactMap { file in
      let letters = DeadLetter.frames(in: Self.contents(of: file.path)).flatMap { $0.letters ?? [] }
      guard let first = letters.first, let last = letters.last else { return nil }
      var reasons: [RefusalReason: UInt64] = [:]
      for letter in letters { reasons[letter.reason, default: 0] += letter.tally.points }
      return Summary(
        name: file.name, bytes: file.bytes, points: reasons.values.reduce(0, +), reasons: reasons, words: last.words,
        first: first.time, last: last.time)
    }
  }

  /// Posts every letter again. What is accepted is removed; what is refused again goes into a new file; what the
  /// database does not judge stays.
  public func retry(to settings: DatabaseSettings, options: SinkOptions = SinkOptions()) throws(SinkError) -> Outcome {
    let made = Delivery(
      settings: settings, options: options, deadLetters: directory, status: SinkStatus(), isOver: { false },
      stateChanged: { _ in })
    guard let delivery = made else { throw .cannotStart("libcurl") }
    var outcome = Outcome()
    for file in files() {
      guard let taken = takeAway(file) else { continue }
      defer { close(taken.descriptor) }
      retry(taken.path, delivery, options, &outcome)
    }
    return outcome
  }

  private func retry(_ path: String, _ delivery: Delivery, _ options: SinkOptions, _ outcome: inout Outcome) {
    let contents = Self.contents(of: path)
    // What cannot be read or is not judged stays.
    var rest: [UInt8] = []
    for frame in DeadLetter.frames(in: contents) {
      guard let letters = frame.letters else {
        rest += contents[frame.range]
        continue
      }
      for letter in letters where outcome.trouble == nil { post(letter, delivery, options, &outcome) }
      guard outcome.trouble != nil else { continue }
      rest += contents[frame.range]
      outcome.left += letters.reduce(0) { $0 + $1.tally.points }
    }
    if rest.isEmpty { unlink(path) } else { Self.replace(path, with: rest[...]) }
  }

  private func post(_ letter: DeadLetter, _ delivery: Delivery, _ options: SinkOptions, _ outcome: inout Outcome) {
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

  /// Renames a file so that nothing is added to it any more, and locks it against a second retry.
  private func takeAway(_ file: File) -> (descriptor: Int32, path: String)? {
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

  /// A file of letters.
  struct File {
    var name: String
    var path: String
    var bytes: Int
    var changed: Date
  }

  private static let takenPrefix = "retried-"

  /// The files, oldest first.
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

  /// Puts what is left of a file in its place, whole or not at all.
  private static func replace(_ path: String, with rest: ArraySlice<UInt8>) {
    let descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let isWhole = DeadLetterFile.append(rest, to: descriptor) && fdatasync(descriptor) == 0
    close(descriptor)
    // What is not replaced is posted once more at the next retry, which is harmless.
    if !isWhole || rename(path + ".new", path) != 0 { unlink(path + ".new") }
  }
}
