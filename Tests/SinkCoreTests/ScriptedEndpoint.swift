import LocalServers
import PlantTesting
import SinkCore
import Synchronization
import WattlineTime

/// A destination in memory that answers by a script, and the sink in front of it.
final class ScriptedDestination: Sendable {
  /// Answers the post of some lines; `number` counts posts from 0.
  typealias Script = @Sendable (_ lines: [String], _ number: Int) -> SinkAnswer

  private let posts = Mutex<[[String]]>([])
  private let script: Script

  init(_ script: @escaping Script) { self.script = script }

  /// The lines of every post so far.
  var posted: [[String]] { posts.withLock { $0 } }

  /// The endpoint that posts to this destination.
  var connector: SinkConnector { { _ throws(SinkError) in ScriptedEndpoint(self) } }

  fileprivate func answer(_ lines: [String]) -> SinkAnswer {
    let number = posts.withLock { posts in
      posts.append(lines)
      return posts.count - 1
    }
    return script(lines, number)
  }
}

/// The one type that a destination needs.
private final class ScriptedEndpoint: SinkEndpoint {
  private let destination: ScriptedDestination

  init(_ destination: ScriptedDestination) { self.destination = destination }

  func post(_ lines: ArraySlice<UInt8>) -> SinkAnswer {
    destination.answer(String(decoding: lines, as: UTF8.self).split(separator: "\n").map(String.init))
  }
}

/// A sink with short waits in a folder of its own.
final class ScriptedSink {
  let destination: ScriptedDestination
  let sink: any Sink
  let folder: TemporaryFolder

  init(spool: Bool = true, script: @escaping ScriptedDestination.Script) throws {
    let destination = ScriptedDestination(script)
    self.destination = destination
    folder = try TemporaryFolder(prefix: "sink-core")
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(2)
    options.longestBackoff = .milliseconds(20)
    options.slowRetry = .milliseconds(20)
    sink = try SpooledSink(
      through: destination.connector, options: options,
      spool: spool ? SpoolSettings(directory: folder.path + "/spool", maximumBytes: 1 << 20) : nil,
      deadLetters: folder.path + "/dead-letter", accepted: { _ in })
  }

  deinit {
    sink.stop(within: .zero)
    folder.remove()
  }

  func submit(_ lines: [String], upTo offset: UInt64) -> Bool {
    let text = lines.map { $0 + "\n" }.joined()
    return sink.submit(WriteBatch(bytes: Array(text.utf8), lines: lines.count, upTo: offset))
  }

  /// Points in dead-letter files.
  var deadPoints: UInt64 {
    DeadLetters(directory: folder.path + "/dead-letter").list().reduce(0) { $0 + $1.points }
  }
}
