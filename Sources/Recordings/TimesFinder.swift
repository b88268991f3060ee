import PlantModel

/// Finder of the columns that hold the times of rows.
struct TimesFinder {
  private static let names: Set<String> = [
    "time", "timestamp", "date", "datetime", "date_time", "start", "from", "begin", "utc", "zeit", "datum", "uhrzeit",
    "zeitstempel", "day", "tag", "von", "hour", "stunde", "periode", "interval", "ts", "moment", "fecha", "hora",
    "heure",
    "end", "to", "bis", "until", "ende", "epoch", "unix", "local_time", "zeitpunkt", "tid",
    "dato", "fra", "til", "tijd", "van", "tot", "ora", "czas", "aika", "dag", "jour", "giorno",
  ]
  private static let ends: Set<String> = ["end", "ending", "ende", "to", "bis", "until", "he", "til", "tot", "hasta"]
  private static let hours: Set<String> = ["hour", "hours", "stunde", "he", "hora", "heure"]
  private static let periods: Set<String> = [
    "hour", "hours", "stunde", "he", "period", "periode", "interval", "qh", "quarter", "viertelstunde", "sp", "hora",
    "heure", "isp",
  ]

  let file: String
  let sample: Sample
  let rows: HeaderFinder.Rows
  let options: RecordingOptions

  /// Returns whether a heading is a usual one of times.
  static func isTimeName(_ heading: String) -> Bool {
    names.contains(heading.lowercased()) || hasWord(heading, of: names)
  }

  private static func hasWord(_ heading: String, of words: Set<String>) -> Bool {
    heading.lowercased().split { !$0.isLetter && $0 != "_" }.contains { word in
      words.contains(String(word)) || word.split(separator: "_").contains { words.contains(String($0)) }
    }
  }

  /// Returns the columns of times.
  ///
  /// - Throws: ``RecordingError`` that lists the columns and the option to use.
  func times() throws(RecordingError) -> RecordingLayout.Times {
    if let found = possibleTimes() { return found }
    if let wanted = options.time {
      throw RecordingError(
        file, message: "there is no column '\(wanted)'; there are \(named.joined(separator: ", "))",
        line: rows.headerLine ?? 1)
    }
    guard let cell = rows.headings.firstIndex(where: TimesFinder.isTimeName) else {
      throw RecordingError(
        file, message: "has no column 'time'; it has \(named.joined(separator: ", "))", line: rows.headerLine ?? 1,
        question: RecordingError.Question(option: "time", values: ["COL for the column that tells when"]))
    }
    var times = RecordingLayout.Times(cell: cell)
    times.headings = [rows.headings[cell]]
    return times
  }

  private var named: [String] { rows.headings.filter { !$0.isEmpty } }

  /// Returns the columns of times; `nil` if no column looks like one.
  func possibleTimes() -> RecordingLayout.Times? {
    let kinds = rows.headings.indices.map(kind)
    func first(_ kind: CellKind) -> [Int] { kinds.indices.filter { kinds[$0] == kind } }
    if let wanted = options.time {
      guard
        let cell = rows.headings.firstIndex(of: wanted)
          ?? rows.headings.firstIndex(where: {
            $0.lowercased() == wanted.lowercased()
          })
      else { return nil }
      return completed(cell, kinds: kinds)
    }
    let moments = first(.dateTime)
    if let start = moments.first(where: { !isEnd($0) && TimesFinder.isTimeName(rows.headings[$0]) })
      ?? moments.first(where: { !isEnd($0) }) ?? moments.first
    {
      return completed(start, kinds: kinds)
    }
    if let date = first(.date).first { return completed(date, kinds: kinds) }
    let numbers = first(.number).filter { clock(of: $0) != nil }
    let named = numbers.first { TimesFinder.isTimeName(rows.headings[$0]) }
    guard let cell = named ?? numbers.first(where: { $0 == 0 && (rows.headerLine == nil || isRising($0)) }) else {
      return nil
    }
    return completed(cell, kinds: kinds)
  }

  /// Returns whether a column's numbers increase from row to row.
  private func isRising(_ cell: Int) -> Bool {
    let numbers = rows.data.compactMap { line in
      line.cells.count > cell ? NumberText.number(sample.bytes, range: line.cells[cell].range, mark: .point) : nil
    }
    return numbers.count > 1 && zip(numbers.dropFirst(), numbers).allSatisfy { $0 > $1 }
  }

  private func completed(_ cell: Int, kinds: [CellKind]) -> RecordingLayout.Times {
    var times = RecordingLayout.Times(cell: cell)
    times.headings = [rows.headings[cell]]
    times.isEnd = isEnd(cell)
    switch kinds[cell] {
    case .dateTime: times.end = kinds.indices.first { $0 != cell && kinds[$0] == .dateTime && isEnd($0) }
    case .date:
      let clocks = kinds.indices.filter { kinds[$0] == .timeOfDay }
      if let clock = clocks.first(where: { !isEnd($0) }) ?? clocks.first {
        times.timeOfDay = clock
        times.headings.append(rows.headings[clock])
        times.isEnd = isEnd(clock)
        times.end = clocks.first { $0 != clock && isEnd($0) }
      } else if let period = period(kinds) {
        times.period = period
        times.headings.append(rows.headings[period.cell])
      }
    case .number: times.clock = clock(of: cell) ?? .text
    case .empty, .timeOfDay, .text: break
    }
    times.isUniversal = times.headings.contains { TimesFinder.hasWord($0, of: ["utc", "gmt"]) }
    return times
  }

  private func isEnd(_ cell: Int) -> Bool { TimesFinder.hasWord(rows.headings[cell], of: TimesFinder.ends) }

  /// Returns the most frequent kind of a column's cells.
  private func kind(_ cell: Int) -> CellKind {
    var counts: [(kind: CellKind, count: Int)] = []
    for line in rows.data.prefix(60) where line.cells.count > cell && line.kinds[cell] != .empty {
      if let place = counts.firstIndex(where: { $0.kind == line.kinds[cell] }) {
        counts[place].count += 1
      } else {
        counts.append((line.kinds[cell], 1))
      }
    }
    // Midnight may be written as a date alone.
    if counts.contains(where: { $0.kind == .dateTime }), counts.allSatisfy({ $0.kind == .dateTime || $0.kind == .date })
    {
      return .dateTime
    }
    return counts.max { $0.count < $1.count }?.kind ?? .empty
  }

  private func clock(of cell: Int) -> RecordingLayout.Clock? {
    let found = rows.data.prefix(20).compactMap { line -> RecordingLayout.Clock? in
      line.cells.count > cell ? Sample.clock(of: line.cells[cell], bytes: sample.bytes) : nil
    }
    return found.first { first in found.allSatisfy { $0 == first } }
  }

  /// Returns a column that numbers the hours, half hours or quarter hours of a day.
  ///
  /// - Returns: Column, length of an interval [ns] and first number (0 or 1).
  private func period(_ kinds: [CellKind]) -> (cell: Int, length: Int64, first: Int64)? {
    for cell in kinds.indices
    where kinds[cell] == .number && TimesFinder.hasWord(rows.headings[cell], of: TimesFinder.periods) {
      let numbers = rows.data.compactMap { line -> Double? in
        line.cells.count > cell ? NumberText.number(sample.bytes, range: line.cells[cell].range, mark: .point) : nil
      }
      guard let least = numbers.min(), let most = numbers.max(), numbers.allSatisfy({ $0 == $0.rounded() }),
        least == 0 || least == 1, most - least <= 100
      else { continue }
      // The range of a whole day's numbers gives the length. With fewer rows, the heading must name hours.
      let isHour = TimesFinder.hasWord(rows.headings[cell], of: TimesFinder.hours)
      guard most - least >= 22 || isHour else { continue }
      let minutes: Int64 = most - least < 25 ? 60 : most - least < 50 ? 30 : 15
      return (cell, minutes * 60_000_000_000, Int64(least))
    }
    return nil
  }
}
