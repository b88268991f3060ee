import PlantModel

/// A column of a recording that holds no times.
public struct RecordingColumn: Sendable, Equatable {
  /// Heading as written in the file.
  public var heading: String
  /// Heading without its unit.
  public var name: String
  /// Unit of the values, if the heading or an option gives one.
  public var unit: ColumnUnit?
  /// Whether most of its cells are text.
  public var isText: Bool
  /// Index among the cells of a line; −1 for the values of a wide file.
  var cell: Int

  /// Whether the values are the slots of a wide file, which has a day in each line.
  public var isUnfolded: Bool { cell < 0 }

  /// Whether the unit is one of power or energy.
  public var isPowerOrEnergy: Bool {
    switch unit {
    case .power, .energy: true
    case .other, nil: false
    }
  }
}

/// Layout of a recording, derived from its lines and the options.
public struct RecordingLayout: Sendable {
  /// Notation of the time of a row.
  enum Clock: Sendable, Equatable {
    /// A date with or without a time of day, as text.
    case text
    /// A number of units since 1970; the associated value is the unit [ns].
    case epoch(Int64)
    /// Days since 1899-12-30, as in spreadsheets.
    case serial
  }

  /// Cells that hold the time.
  struct Times: Sendable, Equatable {
    var clock = Clock.text
    /// Cell of the date, or of date and time.
    var cell: Int
    /// Cell of the time of day, if it is separate.
    var timeOfDay: Int?
    /// Cell of an interval's number in its local day, its length [ns] and the first number, in place of a time of day.
    var period: (cell: Int, length: Int64, first: Int64)?
    /// Whether a heading marks times as UTC.
    var isUniversal = false
    /// Whether rows carry the end of their interval.
    var isEnd = false
    /// Cell of the interval's end, if the file has both start and end.
    var end: Int?
    var headings: [String] = []

    static func == (a: Times, b: Times) -> Bool { a.cell == b.cell && a.timeOfDay == b.timeOfDay && a.end == b.end }
  }

  /// Cells of a day, one a slot.
  struct Wide: Sendable, Equatable {
    var cells: Range<Int>
    /// Length of a slot [ns].
    var length: Int64
    /// Local clock time at the start of each slot [ns since midnight]; empty if slots are only numbered.
    var clocks: [Int64]
  }

  /// Character encoding of the file.
  public internal(set) var encoding: TextEncoding
  /// Character that separates cells.
  public internal(set) var delimiter: Delimiter
  /// Decimal mark of numbers.
  public internal(set) var decimal: DecimalMark
  /// Number of the header line, from 1; `nil` if there is none.
  public internal(set) var headerLine: Int?
  /// Order of day and month in ambiguous dates; `nil` if no date is ambiguous.
  public internal(set) var dates: DateOrder?
  /// Columns that hold no times.
  public internal(set) var columns: [RecordingColumn]
  /// Time zone of times without an offset.
  public internal(set) var zone: String
  /// Whether times carry their offset from UTC.
  public internal(set) var hasOffsets = false
  /// Number of cells of a line.
  var width: Int
  var times: Times?
  var wide: Wide?
  /// Byte position at which data start, and the number of the line before.
  var start: (position: Int, line: Int)

  /// Returns the index of a column by its heading or name. Case is ignored if that identifies a single column.
  public func column(named name: String) -> Int? {
    if let exact = columns.firstIndex(where: { $0.heading == name }) ?? columns.firstIndex(where: { $0.name == name }) {
      return exact
    }
    let wanted = name.lowercased()
    let near = columns.indices.filter {
      columns[$0].heading.lowercased() == wanted || columns[$0].name.lowercased() == wanted
    }
    return near.count == 1 ? near[0] : nil
  }
}
