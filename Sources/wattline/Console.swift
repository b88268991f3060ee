import Foundation
import Glibc
import Synchronization

/// Results on stdout, everything else on stderr.
enum Console {
  /// Whether stderr is a terminal, so that progress may be redrawn in place.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// The code of the first write to stdout that failed; 0 while none has.
  private static let lost = Atomic<Int32>(0)

  /// Prints a line on stdout at once. What cannot be written is told at the end, by ``finish()``.
  static func print(_ line: String) {
    let code = write(line + "\n", to: STDOUT_FILENO)
    // A reader that has seen enough is no failure.
    if code != EPIPE { _ = lost.compareExchange(expected: 0, desired: code, ordering: .relaxed) }
  }

  /// Throws if any line on stdout was lost.
  static func finish() throws(Failure) {
    let code = lost.load(ordering: .relaxed)
    if code != 0 { throw Failure(description: "standard output cannot be written: \(String(cString: strerror(code)))") }
  }

  /// Prints one JSON document on stdout; a number that is not finite is null there.
  static func print(
    json value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
  ) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // The encoder writes such numbers as text only; nobody's own text is this one.
    let none = UUID().uuidString
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: none, negativeInfinity: none, nan: none)
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    print(text.replacingOccurrences(of: "\"\(none)\"", with: "null"))
  }

  /// Prints a line on stderr, in place of a line of progress that may stand there.
  static func note(_ line: String) { write((isTerminal ? "\r\u{1B}[K" : "") + line + "\n", to: STDERR_FILENO) }

  /// Prints without a line end on stderr, for lines that are redrawn.
  static func redraw(_ text: String) { write(text, to: STDERR_FILENO) }

  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { OutputFile.write(UnsafeRawBufferPointer($0), to: descriptor) }
  }
}

/// One line of progress with share, rate and time left; redrawn on a terminal, silent elsewhere.
struct Progress {
  private let what: String
  private let total: Double
  private let started = Date()
  private var drawn = Date.distantPast

  /// Progress of `what` towards `total` (in any unit).
  init(_ what: String, total: Double) {
    self.what = what
    self.total = max(total, .leastNonzeroMagnitude)
  }

  /// Shows that `done` of the total is done, five times a second at the most.
  mutating func update(_ done: Double, note: String = "") {
    guard Console.isTerminal, Date().timeIntervalSince(drawn) > 0.2 else { return }
    drawn = Date()
    let share = min(1, max(0, done / total))
    let elapsed = drawn.timeIntervalSince(started)
    let left = share > 0.01 ? String(format: "%.0f s left", elapsed / share - elapsed) : ""
    let filled = Int(share * 30)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    Console.redraw("\r\u{1B}[K\(what) \(bar) \(Int(share * 100)) % \(note) \(left)")
  }

  /// Clears the line.
  func finish() { if Console.isTerminal { Console.redraw("\r\u{1B}[K") } }
}

/// Waits for SIGINT or SIGTERM, and hears SIGHUP, without a handler that could run between any two instructions.
final class SignalWatch: Sendable {
  /// What was heard.
  enum Signal: Sendable { case stop, reload }

  /// Blocks the signals in this thread and all that it starts, so that only ``wait(seconds:)`` hears them. Call it
  /// before any other thread exists. A closed pipe is an error of `write`, not a signal.
  init() {
    signal(SIGPIPE, SIG_IGN)
    var set = SignalWatch.heard
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Waits at most `seconds` for a signal.
  func wait(seconds: Double) -> Signal? {
    var set = SignalWatch.heard
    var timeout = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    switch sigtimedwait(&set, nil, &timeout) {
    case SIGINT, SIGTERM: return .stop
    case SIGHUP: return .reload
    default: return nil
    }
  }

  private static var heard: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
    return set
  }
}
