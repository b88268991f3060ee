import Foundation
import Glibc
import Synchronization

/// Output of the program: results on stdout, everything else on stderr.
enum Console {
  /// Whether stderr is a terminal, so that progress can be redrawn in place.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// `errno` of the first failed write to stdout; 0 if none has failed.
  private static let lost = Atomic<Int32>(0)

  /// Prints a line on stdout immediately. Failures are reported by ``finish()``.
  static func print(_ line: String) {
    let code = write(line + "\n", to: STDOUT_FILENO)
    // A closed pipe means that the reader needs no more output, which is not a failure.
    if code != EPIPE { _ = lost.compareExchange(expected: 0, desired: code, ordering: .relaxed) }
  }

  /// Throws if any line on stdout was lost.
  ///
  /// - Throws: ``Failure`` with the reason of the first lost line.
  static func finish() throws(Failure) {
    let code = lost.load(ordering: .relaxed)
    if code != 0 { throw Failure(description: "standard output cannot be written: \(String(cString: strerror(code)))") }
  }

  /// Prints a JSON document on stdout, with `null` for numbers that are not finite.
  static func print(
    json value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
  ) throws {
    print(try json(value, keys: keys, formatting: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
  }

  /// Returns a JSON document, with `null` for numbers that are not finite.
  ///
  /// - Parameters:
  ///   - value: The document.
  ///   - keys: Form of the members' names.
  ///   - formatting: Form of the document.
  /// - Returns: The text.
  static func json(
    _ value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys,
    formatting: JSONEncoder.OutputFormatting
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.outputFormatting = formatting
    // The encoder can only write such numbers as text; a UUID cannot collide with any other text.
    let none = UUID().uuidString
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: none, negativeInfinity: none, nan: none)
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    return text.replacingOccurrences(of: "\"\(none)\"", with: "null")
  }

  /// Prints a line on stderr, replacing a progress line.
  static func report(_ line: String) { write((isTerminal ? "\r\u{1B}[K" : "") + line + "\n", to: STDERR_FILENO) }

  /// Prints on stderr without a line end, for lines that are redrawn.
  static func redraw(_ text: String) { write(text, to: STDERR_FILENO) }

  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { OutputFile.write(UnsafeRawBufferPointer($0), to: descriptor) }
  }
}

/// Progress line with share, note and remaining time; redrawn on a terminal, silent otherwise.
struct ProgressBar {
  private let what: String
  private let total: Double
  private let started = Date()
  private var drawn = Date.distantPast

  /// Creates the progress of `what` towards `total`, in any unit.
  init(_ what: String, total: Double) {
    self.what = what
    self.total = max(total, .leastNonzeroMagnitude)
  }

  /// Displays that `done` of the total is done, at most five times a second.
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

  /// Clears the progress line.
  func finish() { if Console.isTerminal { Console.redraw("\r\u{1B}[K") } }
}

/// Synchronous receiver of SIGINT, SIGTERM and SIGHUP, without an asynchronous handler.
final class SignalWatch: Sendable {
  /// Request made by a signal.
  enum Signal: Sendable { case stop, reload }

  /// Blocks the signals in this thread and all threads that it starts, so that only ``wait(seconds:)`` receives them.
  ///
  /// To be called before any other thread exists. SIGPIPE is ignored, so a closed pipe is an error of `write`.
  init() {
    signal(SIGPIPE, SIG_IGN)
    var set = SignalWatch.heard
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Waits at most `seconds` for a signal; returns `nil` if none arrives.
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
