public import PlantModel

/// The headings of a table's columns.
public struct ColumnHeadings: Sendable, Equatable {
  /// A column that the table does not have.
  public struct Missing: Error, Sendable, Equatable {
    /// The heading, as the rule has it.
    public var heading: String
  }

  /// Headings without surrounding white space and quotation marks, in the order of columns.
  public let names: [String]
  /// Separator of columns.
  public let separator: String

  /// Usual headings of a time, in lower case and in the order of preference.
  public static let times = ["time", "timestamp", "datetime", "date_time", "date", "ts", "zeit", "zeitstempel"]

  /// Reads the line of headings.
  ///
  /// - Parameters:
  ///   - line: The line.
  ///   - separator: Separator of columns; `nil` for the most frequent one of `,`, `;` and the tabulator.
  public init(_ line: String, separator: String?) {
    let given = separator?.first ?? [",", ";", "\t"].max { a, b in line.count { $0 == a } < line.count { $0 == b } }
    let mark = given ?? ","
    self.separator = String(mark)
    var (names, name, isQuoted): ([String], String, Bool) = ([], "", false)
    for character in line where !"\u{FEFF}\r\n".contains(character) {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == mark, !isQuoted {
        names.append(name)
        name = ""
      } else {
        name.append(character)
      }
    }
    self.names = (names + [name]).map { name in
      String(name.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
  }

  /// Returns the number of a column; a heading is found regardless of case if no other has its exact spelling.
  public func column(_ heading: String) -> Int? {
    names.firstIndex(of: heading) ?? names.firstIndex { $0.lowercased() == heading.lowercased() }
  }

  /// Returns a rule with headings as the rule with the numbers of columns.
  ///
  /// - Throws: ``Missing`` with the first heading that the table does not have.
  public func rule(of headed: TopicRule) throws(Missing) -> TopicRule {
    var rule = headed
    (rule.payload, rule.separator) = (.csv, separator)
    for position in rule.values.indices {
      rule.values[position].path = String(try number(rule.values[position].path))
      if let place = rule.values[position].detail.scalePlace {
        rule.values[position].detail.scalePlace = String(try number(place))
      }
      if let place = rule.values[position].detail.unitPlace {
        rule.values[position].detail.unitPlace = "/\(try number(place))"
      }
    }
    for position in rule.conditions.indices {
      rule.conditions[position].path = String(try number(rule.conditions[position].path))
    }
    func place(_ text: String?) throws(Missing) -> String? {
      guard let text, text.hasPrefix("/") else { return text }
      return "/\(try number(text))"
    }
    rule.asset = try place(rule.asset)
    rule.sensor = try place(rule.sensor)
    rule.unit = try place(rule.unit)
    if let time = rule.time {
      rule.time = "/\(try number(time))"
    } else if let found = Self.times.lazy.compactMap({ column($0) }).first {
      rule.time = "/\(found)"
    } else {
      throw Missing(heading: "time")
    }
    return rule
  }

  private func number(_ heading: String) throws(Missing) -> Int {
    if let found = column(heading) { return found }
    if heading.hasPrefix("/"), let found = column(String(heading.dropFirst())) { return found }
    throw Missing(heading: heading)
  }
}
