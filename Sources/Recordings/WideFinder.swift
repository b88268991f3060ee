import PlantModel

/// Detector of wide files: a day in each line, with a date and one cell a slot.
struct WideFinder {
  private static let minute: Int64 = 60_000_000_000

  let sample: Sample
  let rows: HeaderFinder.Rows
  let times: RecordingLayout.Times

  /// Returns the cells of the slots; `nil` if each row is a single time.
  func wide() -> RecordingLayout.Wide? {
    guard times.clock == .text, times.timeOfDay == nil, times.period == nil, rows.headerLine != nil else { return nil }
    let labels = rows.headings.map { Label(ColumnUnit.split($0).name) }
    var best = 0..<0
    var start = 0
    for cell in 0...labels.count {
      let goesOn = cell < labels.count && cell != times.cell && labels[cell] != nil
      if goesOn { continue }
      if cell - start > best.count { best = start..<cell }
      start = cell + 1
    }
    let found = best.compactMap { labels[$0] }
    guard let length = length(found) else { return nil }
    guard found.allSatisfy(\.isClock) else { return RecordingLayout.Wide(cells: best, length: length, clocks: []) }
    // Labels mark ends if the first is one slot after midnight and the last is midnight.
    let isEnd = found[0].value == length && [0, 86_400_000_000_000].contains(found[found.count - 1].value)
    let clocks = found.map { isEnd ? ($0.value + 86_400_000_000_000 - length) % 86_400_000_000_000 : $0.value }
    return RecordingLayout.Wide(cells: best, length: length, clocks: clocks)
  }

  /// Returns the length of a slot [ns]; `nil` if the labels are not those of a day.
  private func length(_ labels: [Label]) -> Int64? {
    let isClock = labels.allSatisfy(\.isClock)
    guard labels.count >= 12, isClock || labels.allSatisfy({ !$0.isClock }) else { return nil }
    let steps = zip(labels.dropFirst(), labels).map { $0.value - $1.value }
    if isClock {
      let usual = Dictionary(steps.map { ($0, 1) }, uniquingKeysWith: +).max { $0.value < $1.value }
      guard let usual, usual.key >= WideFinder.minute, usual.value * 10 >= steps.count * 8,
        86_400_000_000_000 % usual.key == 0, labels.count * 10 >= Int(86_400_000_000_000 / usual.key) * 9
      else { return nil }
      return usual.key
    }
    guard steps.allSatisfy({ $0 == 1 }), labels[0].value <= 1 else { return nil }
    let minutes: Int64? =
      switch labels.count {
      case 23...25: 60
      case 46...50: 30
      case 92...100: 15
      case 276...300: 5
      case 1380...1500: 1
      default: nil
      }
    return minutes.map { $0 * WideFinder.minute }
  }

  /// Meaning of a slot's heading: the clock time of its start or end [ns since midnight], or its number.
  private struct Label {
    var value: Int64
    var isClock: Bool

    init?(_ heading: String) {
      let words = heading.split(separator: " ").map(String.init)
      for word in [heading] + words {
        // Of `00:00-00:15`, only the start counts.
        let first = word.split { "-–".contains($0) }.first.map(String.init) ?? word
        let clean = String(first.prefix { $0.isNumber || $0 == ":" })
        let bytes = Array((clean.isEmpty ? first : clean).utf8)
        guard bytes.contains(UInt8(ascii: ":")), let text = CivilText(bytes, range: 0..<bytes.count), !text.hasDate,
          let clock = text.timeOfDay
        else { continue }
        (value, isClock) = (clock, true)
        return
      }
      let digits = heading.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
      guard (1...4).contains(digits.count), let number = Int64(String(digits)),
        heading.dropLast(digits.count).allSatisfy({ !$0.isNumber }), heading.count - digits.count <= 12
      else { return nil }
      (value, isClock) = (number, false)
    }
  }
}
