import PlantModel
import WattlineTime

/// Collector of the rows of a reader; converts their local clock times to UTC.
struct RowCollector {
  private static let day: Int64 = 86_400_000_000_000

  private let columns: [RecordingColumn]
  private let layout: RecordingLayout
  private var moments: [RowReader.Moment] = []
  private var ends: [RowReader.Moment?] = []
  private var values: [[Double]]
  private var lines: [Int] = []
  private var lengths: [Int64] = []
  private var tally = Recording.Tally()

  init(columns: [RecordingColumn], layout: RecordingLayout) {
    self.columns = columns
    self.layout = layout
    values = Array(repeating: [], count: columns.count)
  }

  mutating func append(_ reader: RowReader) {
    var reader = reader
    let hasEnd = layout.times?.end != nil
    while reader.next() {
      if let timestamp = reader.timestamp { moments.append(timestamp) }
      if hasEnd { ends.append(reader.end) }
      lines.append(reader.line)
      for column in values.indices { values[column].append(reader.values[column]) }
    }
    recordTimes(reader)
  }

  private mutating func recordTimes(_ reader: RowReader) {
    tally.unreadable = reader.problemCount
    tally.problems = reader.problems
  }

  /// Splits lines with a day each into their slots.
  mutating func appendWide(_ reader: RowReader, columns wanted: [Int]) {
    guard let wide = layout.wide else { return }
    var reader = reader
    let value = wanted.firstIndex { layout.columns[$0].cell < 0 }
    var unfolding = WideDay(wide, zone: layout.zone)
    while reader.next() {
      guard let day = reader.timestamp else { continue }
      let slots = unfolding.slots(of: day, cells: reader.cells, bytes: reader.bytes, mark: layout.decimal)
      for slot in slots {
        moments.append(RowReader.Moment(nanoseconds: slot.time.nanoseconds, isLocal: false))
        lines.append(reader.line)
        lengths.append(wide.length)
        for column in values.indices { values[column].append(column == value ? slot.value : reader.values[column]) }
      }
    }
    recordTimes(reader)
    tally.unevenDays = unfolding.unevenDays
    tally.unreadable += unfolding.unreadable
  }

  /// Returns the collected rows with their times.
  func recording() -> Recording {
    var recording = Recording(columns: columns, times: [], values: values, lines: lines, tally: tally)
    recording.lengths = lengths
    recording.tally.rows = lines.count
    guard !moments.isEmpty else { return recording }
    if moments.contains(where: \.isLocal) {
      let resolved = resolved(moments)
      recording.times = resolved.times
      recording.tally.skippedHours = resolved.skipped
    } else {
      recording.times = moments.map { Timestamp(nanoseconds: $0.nanoseconds) }
    }
    if !ends.isEmpty {
      let known = ends.enumerated().map { row, end -> RowReader.Moment in
        guard var end else { return moments[row] }
        // An end at midnight may carry the date of the day that it ends. A small step back occurs in the repeated hour
        // as well.
        if end.isLocal, end.nanoseconds < moments[row].nanoseconds - RowCollector.day / 2 {
          end.nanoseconds += RowCollector.day
        }
        return end
      }
      let until = resolved(known).times
      recording.setLengths(until)
    } else if layout.times?.isEnd == true {
      recording.moveToStarts()
    }
    return recording
  }

  /// Converts clock times to UTC. A file with its newest row first is processed from its end.
  private func resolved(_ moments: [RowReader.Moment]) -> (times: [Timestamp], skipped: Int) {
    var calendar = LocalCalendar(identifier: layout.zone) ?? .utc
    let pairs = zip(moments.dropFirst(), moments)
    let isDescending = 2 * pairs.count { $0.nanoseconds < $1.nanoseconds } > moments.count
    // Repeated times are usual in this file if they also occur outside the repeated hour.
    let equal = pairs.count { next, before in
      guard next.nanoseconds == before.nanoseconds, next.elapsed == before.elapsed else { return false }
      let (earlier, later) = calendar.moments(of: CivilTime(utc: Timestamp(nanoseconds: next.nanoseconds)))
      return earlier == later
    }
    let close = pairs.count { 1..<3_600_000_000_000 ~= abs($0.nanoseconds - $1.nanoseconds) }
    var order = LocalOrder(calendar, hasCompanions: 4 * equal > moments.count || 2 * close > moments.count)
    var times = moments.map { Timestamp(nanoseconds: $0.nanoseconds) }
    let rows = isDescending ? Array(moments.indices.reversed()) : Array(moments.indices)
    for row in rows where moments[row].isLocal {
      times[row] = order.timestamp(moments[row].nanoseconds, elapsed: moments[row].elapsed)
    }
    return (times, order.skipped)
  }
}

extension Recording {
  /// Derives interval lengths from the ends of intervals.
  ///
  /// No interval overlaps the next row. An interval that ends a minute or less before the next row, as `00:00` to
  /// `00:14` does, is extended to it.
  fileprivate mutating func setLengths(_ until: [Timestamp]) {
    let minute = TimeSpan.minute.nanoseconds
    let usual = step?.nanoseconds ?? 0
    lengths = times.indices.map { row in
      let length = max(0, (until[row] - times[row]).nanoseconds)
      let next = row + 1 < count ? (times[row + 1] - times[row]).nanoseconds : usual
      if next > minute, next > length, next - length <= minute { return next }
      return row + 1 < count && next > 0 ? min(length, next) : length
    }
  }

  /// Moves times from the end of their interval to its start.
  fileprivate mutating func moveToStarts() {
    guard let step = Recording.step(of: times.sorted()) else { return }
    let usual = step.nanoseconds
    let order = times.indices.sorted { times[$0] < times[$1] }
    var starts = times
    lengths = Array(repeating: usual, count: count)
    for (place, row) in order.enumerated() {
      let distance = place > 0 ? (times[row] - times[order[place - 1]]).nanoseconds : usual
      // After a gap, the usual length applies.
      let isOwn =
        distance > 0
        && (distance <= usual
          || (place + 1 < order.count && distance == (times[order[place + 1]] - times[row]).nanoseconds))
      lengths[row] = isOwn ? distance : usual
      starts[row] = times[row] - TimeSpan(nanoseconds: lengths[row])
    }
    times = starts
  }
}
