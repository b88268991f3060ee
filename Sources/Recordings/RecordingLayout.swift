import PlantModel

/// A column of a recording that is no time.
public struct RecordingColumn: Sendable, Equatable {
  /// The heading as the file has it.
  public var heading: String
  /// The heading without its unit.
  public var name: String
  /// What its numbers are of, where that is told.
  public var unit: ColumnUnit?
  /// Whether most of its cells are words.
  public var isText: Bool
  /// Its position among the cells of a line; −1 for the values of a wide file.
  var cell: Int

  /// Whether its values are the slots of a file with a day in each line.
  public var isUnfolded: Bool { cell < 0 }

  /// Whether its numbers are told to be powers or energies.
  public var isPowerOrEnergy: Bool {
    switch unit {
    case .power, .energy: true
    case .other, nil: false
    }
  }
}

/// How a recording is laid out, as far as its own lines and the options tell.
public struct RecordingLayout: Sendable {
  /// How the moment of a row is written.
  enum Clock: Sendable, Equatable {
    /// A date with or without a time of day, as text.
    case text
    /// A number since 1970; one is so many nanoseconds.
    case epoch(Int64)
    /// Days since 1899-12-30, as spreadsheets count them.
    case serial
  }

  /// Which cells tell the time.
  struct Times: Sendable, Equatable {
    var clock = Clock.text
    /// The cell of the date, or of date and time.
    var cell: Int
    /// The cell of the time of day, where it stands apart.
    var timeOfDay: Int?
    /// The cell of the number of the interval in its local day, and its length [ns], where that stands for a time of day.
    var period: (cell: Int, length: Int64, first: Int64)?
    /// Whether a heading says that times are in UTC.
    var isUniversal = false
    /// Whether rows carry the end of their interval.
    var isEnd = false
    /// The cell of the end of the interval, where both are there.
    var end: Int?
    var headings: [String] = []

    static func == (a: Times, b: Times) -> Bool { a.cell == b.cell && a.timeOfDay == b.timeOfDay && a.end == b.end }
  }

  /// Cells of a day, one a slot.
  struct Wide: Sendable, Equatable {
    var cells: Range<Int>
    /// Length of a slot [ns].
    var length: Int64
    /// What the wall shows when each cell's slot starts [ns since midnight]; empty where cells are only counted.
    var clocks: [Int64]
  }

  /// How characters are stored.
  public internal(set) var encoding: TextEncoding
  /// What ends a cell.
  public internal(set) var delimiter: Delimiter
  /// The decimal mark.
  public internal(set) var decimal: DecimalMark
  /// Number of the line with the headings; `nil` where there is none.
  public internal(set) var headerLine: Int?
  /// How ambiguous dates are read; `nil` where none is.
  public internal(set) var dates: DateOrder?
  /// Columns that are no times.
  public internal(set) var columns: [RecordingColumn]
  /// The zone of times without offset.
  public internal(set) var zone: String
  /// Whether times carry their offset from UTC.
  public internal(set) var hasOffsets = false
  /// Cells of a line.
  var width: Int
  var times: Times?
  var wide: Wide?
  /// Where data start: a position in the text, and the number of the line before.
  var start: (position: Int, line: Int)

  /// The position of a column by its heading or its name, in whatever case if no other differs in that alone.
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
