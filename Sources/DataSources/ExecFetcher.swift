import Foundation
import Glibc
import PayloadDecoding
import PlantModel
import SystemCore
import WattlineTime

/// Runs of a program that prints readings: a JSON document, a line of line protocol or a row of a table in each line.
///
/// Lines are taken as they come. If the program fails, the next run asks for the whole span again, and what was taken
/// is known then. Exit codes are those of `sysexits.h`: 0 is success, and 77 says that credentials are refused, so that
/// no account is locked by further tries.
final class ExecFetcher: Fetcher {
  private let access: ExecAccess
  private let directory: String
  private let command: [TimeTemplate]
  private var calendar: LocalCalendar
  /// A program that is kept between fetches.
  private var kept: Run?

  /// Exit code of a program whose credentials are refused: `EX_NOPERM`.
  static let refusedCode: Int32 = 77
  /// Longest line [bytes].
  private static let longestLine = 16 << 20
  /// Longest time between two looks at the memory of a program.
  private static let look = TimeSpan.seconds(1)
  /// Variables that a program has from this process.
  private static let inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]

  /// A program that runs.
  private struct Run {
    var session: ProgramSession
    var headings: ColumnHeadings?
    var lines = 0
    var rest: [UInt8] = []
  }

  /// Creates a fetcher; the program's folder and paths are those of `directory`.
  init(_ access: ExecAccess, directory: String, calendar: LocalCalendar) {
    (self.access, self.directory, self.calendar) = (access, directory, calendar)
    command = access.command.compactMap { try? TimeTemplate($0, allowsBraces: true) }
  }

  func fetch(
    _ span: ClosedRange<Timestamp>, into intake: SourceIntake, isOver: @escaping @Sendable () -> Bool
  ) throws(FetchError) -> FetchResult {
    var run: Run
    if let known = kept { run = known } else { run = Run(session: try start(span)) }
    kept = nil
    var result = FetchResult()
    let deadline = Monitor.Deadline(in: access.isKept ? Self.look : access.timeout)
    var weighed = Monitor.Deadline(in: Self.look)
    while true {
      if isOver() {
        run.session.stop()
        throw FetchError(kind: .stopped, words: "stopped")
      }
      switch run.session.look(milliseconds: 200) {
      case .output(let bytes): try take(bytes, of: &run, into: intake, result: &result)
      case .silence: break
      case .end:
        try take([], of: &run, isLast: true, into: intake, result: &result)
        try end(run)
        return result
      }
      if weighed.hasPassed {
        try weigh(run)
        weighed = Monitor.Deadline(in: Self.look)
      }
      guard deadline.hasPassed else { continue }
      if access.isKept {
        kept = run
        return result
      }
      run.session.stop()
      throw .passing("\(name) ran for more than \(access.timeout.text) and was ended\(saying(run))")
    }
  }

  private var name: String { "the program '\(access.command.first ?? "")'" }

  private func saying(_ run: Run) -> String { run.session.words.isEmpty ? "" : "; it says: \(run.session.words)" }

  // MARK: Start and end

  private func start(_ span: ClosedRange<Timestamp>) throws(FetchError) -> ProgramSession {
    let own = ProcessInfo.processInfo.environment
    var variables = Self.inherited.compactMap { name in own[name].map { "\(name)=\($0)" } }
    variables += ["WATTLINE_SINCE=\(span.lowerBound)", "WATTLINE_UNTIL=\(span.upperBound)"]
    for (name, text) in access.environment.sorted(by: { $0.key < $1.key }) {
      variables.append("\(name)=\(try text.content(directory: directory, name: "the variable \(name)"))")
    }
    let words = command.map { $0.text(of: span, calendar: &calendar) }
    return try ProgramSession(words, environment: variables, folder: directory)
  }

  private func end(_ run: Run) throws(FetchError) {
    let code = run.session.exitCode()
    switch code {
    case 0 where !access.isKept: return
    case 0: throw .passing("\(name) has ended, though it is to keep running; it is started again\(saying(run))")
    case Self.refusedCode:
      throw FetchError(kind: .refused, words: "\(name) says that its credentials are refused\(saying(run))")
    case nil: throw .passing("\(name) closed its output, did not end and was ended\(saying(run))")
    case .some(let code) where code > 128: throw .passing("\(name) was ended by signal \(code - 128)\(saying(run))")
    case .some(let code): throw .passing("\(name) failed with exit code \(code)\(saying(run))")
    }
  }

  private func weigh(_ run: Run) throws(FetchError) {
    let memory = run.session.memory
    guard memory > access.mostMemory else { return }
    run.session.stop()
    throw .passing(
      "\(name) took \(memory >> 20) MB of memory, more than memory_mb: \(access.mostMemory >> 20), and was ended")
  }

  // MARK: Lines

  private func take(
    _ bytes: [UInt8], of run: inout Run, isLast: Bool = false, into intake: SourceIntake, result: inout FetchResult
  ) throws(FetchError) {
    run.rest += bytes
    var (lines, taken) = TextRows.whole(run.rest, isLast: isLast)
    guard taken > 0 || run.rest.count <= Self.longestLine else {
      run.session.stop()
      throw .passing("\(name) printed a line of more than \(Self.longestLine >> 20) MB")
    }
    if intake.source.hasHeadings, run.headings == nil, let first = lines.firstIndex(where: { !$0.isEmpty }) {
      run.headings = ColumnHeadings(
        String(decoding: run.rest[lines[first]], as: UTF8.self), separator: intake.source.rule.separator)
      run.lines += first + 1
      lines.removeFirst(first + 1)
    }
    var news = SourceIntake.News()
    var part = FetchResult()
    for (number, line) in lines.enumerated() where !line.isEmpty {
      try TableReader.row(
        run.rest[line], number: run.lines + number + 1, headings: run.headings, into: intake, news: &news, result: &part
      )
    }
    try intake.append(news)
    part.add(news)
    result.rows += part.rows
    result.unreadable += part.unreadable
    result.hint = result.hint ?? part.hint
    run.lines += lines.count
    run.rest.removeFirst(taken)
  }
}

extension StatedText {
  /// Returns the text, or the trimmed content of its file.
  ///
  /// - Parameters:
  ///   - directory: Folder from which relative paths start.
  ///   - name: Name of what has the text, for messages.
  /// - Throws: ``FetchError`` if the file cannot be read or has several lines.
  func content(directory: String, name: String) throws(FetchError) -> String {
    switch self {
    case .text(let text): return text
    case .file(let path):
      let full = path.hasPrefix("/") ? path : "\(directory)/\(path)"
      guard let content = FileManager.default.contents(atPath: full) else {
        throw .passing("the file '\(full)' of \(name) cannot be read")
      }
      let text = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
        throw .passing("the file '\(full)' of \(name) has more than one line")
      }
      return text
    }
  }
}
