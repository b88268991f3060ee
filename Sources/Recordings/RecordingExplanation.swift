import PlantModel
import WattlineTime

extension RecordingFile {
  /// Returns the interpretation of the file and the findings in its rows, one line each, for a person to check.
  ///
  /// - Parameters:
  ///   - recording: Result of ``rows(of:atMost:)``, in chronological order.
  ///   - hasOptions: Whether to name the command-line options that change the interpretation.
  public func explanation(_ recording: Recording, hasOptions: Bool = true) -> [String] {
    var lines = [
      "\(name): \(layout.encoding.rawValue); cells end at \(RecordingFile.text(layout.delimiter)), decimal \(layout.decimal.rawValue)"
    ]
    if let line = layout.headerLine {
      lines.append("headings in line \(line)" + (line > 1 ? ", what stands above them is left out" : ""))
    } else {
      lines.append("no headings; columns are named by their number")
    }
    if let times = layout.times { lines.append("times: \(text(times, hasOptions: hasOptions))") }
    for column in layout.columns {
      lines.append("column '\(column.heading)': \(text(column, recording: recording, hasOptions: hasOptions))")
    }
    return lines + RecordingFile.findings(recording)
  }

  private static func text(_ delimiter: Delimiter) -> String {
    switch delimiter {
    case .comma: "commas"
    case .semicolon: "semicolons"
    case .tab: "tabulators"
    case .pipe: "pipes"
    }
  }

  private func text(_ times: RecordingLayout.Times, hasOptions: Bool) -> String {
    let cells = times.headings.map { $0.isEmpty ? "the first column" : "'\($0)'" }.joined(separator: " and ")
    var parts = [cells]
    switch times.clock {
    case .epoch(let unit):
      let name = [1: "nanoseconds", 1_000: "microseconds", 1_000_000: "milliseconds"][unit] ?? "seconds"
      parts.append("\(name) since 1970")
    case .serial: parts.append("a spreadsheet's days, on the clock of \(layout.zone)")
    case .text:
      if let order = layout.dates { parts.append("\(order == .dayFirst ? "day" : "month") first") }
      parts.append(
        times.isUniversal
          ? "in UTC, as the heading says"
          : layout.hasOffsets
            ? "each with its offset from UTC"
            : "on the clock of \(layout.zone)" + (hasOptions ? " (--zone TZ says another)" : ""))
    }
    if let wide = layout.wide {
      parts.append("a day in each line, \(wide.cells.count) cells of \(wide.length / 60_000_000_000) min")
    }
    if times.isEnd { parts.append("the end of what a row stands for") }
    if times.end != nil { parts.append("the end beside it") }
    return parts.joined(separator: ", ")
  }

  private func text(_ column: RecordingColumn, recording: Recording, hasOptions: Bool) -> String {
    if column.isText { return "words, left out" }
    switch column.unit {
    case nil:
      return hasOptions
        ? "numbers as they are; no unit is told (--unit '\(column.heading)=kW' tells one)" : "numbers as they are"
    case .other(let unit): return "numbers in \(unit), as they are"
    case .power(let factor): return factor == 1 ? "power in kW" : "power, times \(factor) in kW"
    case .energy(let factor):
      let isCounter =
        recording.columns.firstIndex(of: column).map { recording.kilowatts($0).isCounter } ?? false
      let what = isCounter ? "a counter of energy" : "energy of an interval"
      return "\(what)\(factor == 1 ? "" : ", times \(factor) in kWh"), as a mean power in kW"
    }
  }

  /// Returns a description of the findings in the rows.
  public static func findings(_ recording: Recording) -> [String] {
    let tally = recording.tally
    var lines: [String] = []
    if let first = recording.times.first, let last = recording.times.last, let step = recording.step {
      lines.append(
        "\(tally.rows.counted("row")) from \(min(first, last)) to \(max(first, last)), \(text(step)) apart")
    } else {
      lines.append(tally.rows.counted("row"))
    }
    for (count, text) in [
      (tally.duplicates, "with a time that is there already; the later line counts"),
      (tally.unsorted, "not in the order of time, sorted"), (tally.missing, "missing by the usual distance"),
      (tally.skippedHours, "at a local time that the clock leaves out, taken as that after it"),
      (tally.unevenDays, "of days whose cells do not fit the day's length by the clock"),
      (tally.unreadable, "that cannot be read, left out"),
    ] where count > 0 { lines.append("\(count.counted("row")) \(text)") }
    lines += tally.problems.prefix(3).map { "line \($0.line): \($0.reason)" }
    return lines
  }

  private static func text(_ step: TimeSpan) -> String {
    let seconds = step.inSeconds
    func number(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
    if seconds < 60 { return "\(number(seconds)) s" }
    return seconds < 3600 ? "\(number(seconds / 60)) min" : "\(number(seconds / 3600)) h"
  }
}
