package import WattlineTime

/// Text of a CSV file (RFC 4180) with a line feed after each row.
package struct CSVText {
  /// Form of times.
  package enum Times {
    /// ISO 8601 in UTC.
    case utc
    /// ISO 8601 with the offset of a zone.
    case local(LocalCalendar)
    /// Milliseconds since 1970.
    case epoch
  }

  package private(set) var bytes: [UInt8] = []
  private var times: Times
  private var isRowStarted = false

  /// Creates an empty text.
  package init(times: Times) { self.times = times }

  /// Empties the text and keeps its memory.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Appends an absent value.
  package mutating func appendNothing() { separate() }

  /// Appends a number or boolean as it is.
  package mutating func append(plain digits: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: digits)
  }

  /// Appends a text, in quotation marks if it needs them. An empty text differs from an absent one by them.
  package mutating func append(text: some Collection<UInt8>) {
    separate()
    let needsQuotes =
      text.isEmpty
      || text.contains { byte in
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
      }
    guard needsQuotes else { return bytes.append(contentsOf: text) }
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a time, to the millisecond, or finer if it is.
  package mutating func append(_ time: Timestamp) {
    separate()
    switch times {
    case .utc:
      put(CivilTime(utc: time))
      bytes.append(UInt8(ascii: "Z"))
    case .local(var calendar):
      let offset = calendar.utcOffset(at: time)
      times = .local(calendar)
      put(CivilTime(utc: time + .seconds(offset)))
      bytes.append(UInt8(ascii: offset < 0 ? "-" : "+"))
      put(Int(offset.magnitude / 3600), width: 2)
      bytes.append(UInt8(ascii: ":"))
      put(Int(offset.magnitude / 60 % 60), width: 2)
    case .epoch:
      bytes.append(contentsOf: String(time.milliseconds).utf8)
      let rest = Int(time.nanoseconds - time.milliseconds * 1_000_000)
      guard rest != 0 else { return }
      bytes.append(UInt8(ascii: "."))
      put(rest, width: 6)
    }
  }

  /// Ends the row.
  package mutating func endRow() {
    bytes.append(UInt8(ascii: "\n"))
    isRowStarted = false
  }

  private mutating func separate() {
    if isRowStarted { bytes.append(UInt8(ascii: ",")) }
    isRowStarted = true
  }

  private mutating func put(_ civil: CivilTime) {
    put(civil.year, width: 4)
    for (mark, value) in [
      ("-", civil.month), ("-", civil.day), ("T", civil.hour), (":", civil.minute), (":", civil.second),
    ] as [(Unicode.Scalar, Int)] {
      bytes.append(UInt8(ascii: mark))
      put(value, width: 2)
    }
    bytes.append(UInt8(ascii: "."))
    let (milliseconds, rest) = civil.nanosecond.quotientAndRemainder(dividingBy: 1_000_000)
    put(milliseconds, width: 3)
    if rest != 0 { rest % 1000 == 0 ? put(rest / 1000, width: 3) : put(rest, width: 6) }
  }

  private mutating func put(_ value: Int, width: Int) {
    var scale = 1
    for _ in 1..<width { scale *= 10 }
    while scale > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / scale % 10))
      scale /= 10
    }
  }
}

extension CSVText {
  /// Appends a value of the database.
  package mutating func append(_ cell: QueryTable.Cell, of table: QueryTable) {
    switch cell.kind {
    case .null: appendNothing()
    case .number, .boolean: append(plain: table.bytes(of: cell))
    case .text: append(text: table.bytes(of: cell))
    }
  }
}
