import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import Synchronization
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

/// A sink on a fake database, with short waits and a folder of its own.
final class SinkBench {
  let database: FakeDatabase
  private(set) var sink: InfluxSink
  let folder: String
  let offsets = Log<UInt64>()
  let states = Log<SinkState>()
  let notes = Log<String>()
  private let make: () throws -> InfluxSink

  /// - Parameter spool: bytes of the spool; without one, points wait in memory.
  init(
    version: DatabaseSettings.Version = .v1, spool bytes: Int64? = nil,
    whenFull: JournalSettings.WhenFull = .pause, change: (inout SinkOptions) -> Void = { _ in },
    script: @escaping FakeDatabase.Script
  ) throws {
    database = try FakeDatabase(script)
    let folder = NSTemporaryDirectory() + "sink-\(UUID().uuidString)"
    self.folder = folder
    let settings = Self.settings(of: database, version: version)
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(2)
    options.longestBackoff = .milliseconds(20)
    options.slowRetry = .milliseconds(20)
    options.totalTimeout = .seconds(10)
    change(&options)
    let spool = bytes.map { SpoolSettings(directory: folder + "/spool", maximumBytes: $0, whenFull: whenFull) }
    make = { [offsets, states, notes] in
      try InfluxSink(
        settings, options: options, spool: spool, deadLetters: folder + "/dead-letter",
        note: { notes.append("\($0)") }, stateChanged: { states.append($0) }, accepted: { offsets.append($0) })
    }
    sink = try make()
  }

  deinit {
    database.stop()
    sink.stop(within: .zero)
    try? FileManager.default.removeItem(atPath: folder)
  }

  static func settings(of database: FakeDatabase, version: DatabaseSettings.Version = .v1) -> DatabaseSettings {
    var settings = DatabaseSettings()
    settings.url = database.url
    settings.version = version
    settings.username = "user"
    settings.password = Secret("pa:ss")
    return settings
  }

  /// Points that differ in a tag and in their time.
  static func lines(_ range: Range<Int>) -> [String] { range.map { "m,n=\($0) v=1 \($0)" } }

  /// Ends the sink and starts another in the same folder.
  func restart() throws {
    sink.stop(within: .seconds(5))
    sink = try make()
  }

  /// Copies the spool as a kill at one moment would leave it: again, until nothing of it changed while it was copied.
  /// Returns the copy's folder.
  func spoolOfOneMoment() throws -> String {
    let copy = folder + "/copy"
    for _ in 0..<10_000 {
      let before = spoolFiles
      try? FileManager.default.removeItem(atPath: copy)
      let isCopied = (try? FileManager.default.copyItem(atPath: folder + "/spool", toPath: copy)) != nil
      if isCopied, before == spoolFiles { return copy }
      usleep(2000)
    }
    throw CocoaError(.fileReadUnknown)
  }

  /// Every file of the spool with what changes when it is written or replaced.
  private var spoolFiles: [String: [Int]] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/spool")) ?? []
    return names.reduce(into: [:]) { files, name in
      var found = stat()
      guard stat(folder + "/spool/" + name, &found) == 0 else { return files[name] = [] }
      files[name] = [Int(found.st_ino), found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec]
    }
  }

  func submit(_ lines: [String], upTo: UInt64, keepsAccounts: Bool = false) {
    let text = lines.map { $0 + "\n" }.joined()
    var batch = WriteBatch(bytes: Array(text.utf8), lines: lines.count, upTo: upTo)
    batch.keepsAccounts = keepsAccounts
    #expect(sink.submit(batch))
  }

  /// Waits until something is so; `false` after twenty seconds.
  func wait(_ isSo: () -> Bool) -> Bool { Waiting.until(seconds: 20, condition: isSo) }

  var deadLetterFiles: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/dead-letter")) ?? []
    return names.sorted().map { folder + "/dead-letter/" + $0 }
  }

  /// The lines of all dead letters, comments included.
  var deadLetters: [String] {
    deadLetterFiles.flatMap { path in
      let file = FileManager.default.contents(atPath: path).map(Array.init) ?? []
      return DeadLetter.frames(in: file).flatMap { $0.letters ?? [] }.flatMap { letter in
        String(decoding: letter.text, as: UTF8.self).split(separator: "\n").map(String.init)
      }
    }
  }
}

/// Items that callbacks told, in order.
final class Log<Element: Sendable>: Sendable {
  private let items = Mutex<[Element]>([])
  func append(_ item: Element) { items.withLock { $0.append(item) } }
  var all: [Element] { items.withLock { $0 } }
}

/// A database in memory: what it took last of every series and time, and whether it is there.
final class FakeStore: Sendable {
  private let points = Mutex<[String: String]>([:])
  let isUp: Atomic<Bool>

  init(isUp: Bool = true) { self.isUp = Atomic(isUp) }

  /// Takes every line, or answers 503.
  func answer(_ request: FakeRequest) -> FakeAnswer {
    guard isUp.load(ordering: .relaxed) else { return .status(503) }
    points.withLock { points in
      for line in request.lines {
        let parts = line.split(separator: " ")
        points["\(parts[0]) \(parts[2])"] = String(parts[1])
      }
    }
    return .status(204)
  }

  var script: FakeDatabase.Script { { request, _ in self.answer(request) } }
  var count: Int { points.withLock { $0.count } }
  func fields(_ key: String) -> String? { points.withLock { $0[key] } }
  func come() { isUp.store(true, ordering: .relaxed) }
  func go() { isUp.store(false, ordering: .relaxed) }
}
