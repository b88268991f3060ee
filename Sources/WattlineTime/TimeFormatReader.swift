/// Parser of the text of a ``TimeFormat``, which also checks that the items define a time.
enum TimeFormatReader {
  private typealias Item = TimeFormat.Item

  /// Maximum length of a format [bytes].
  private static let maximumLength = 128

  private static let known =
    "%Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %Z %s %a %A %F %T %R %D %%"

  static func items(of text: String) throws(TimeFormatError) -> [TimeFormat.Item] {
    let characters = Array(text)
    guard text.utf8.count <= maximumLength else {
      throw mistake(text, "is longer than \(maximumLength) bytes")
    }
    var items: [Item] = []
    var seen: [Part: Character] = [:]
    var position = 0
    while position < characters.count {
      let character = characters[position]
      position += 1
      guard character == "%" else {
        if !character.isWhitespace {
          items += String(character).utf8.map(Item.literal)
        } else if items.last != .space {
          items.append(.space)
        }
        continue
      }
      guard position < characters.count else { throw mistake(text, "ends with %; a percent sign is %%") }
      let letter = characters[position]
      position += 1
      guard let new = meaning(letter) else {
        throw mistake(text, "has %\(letter), which is unknown; known are \(known)")
      }
      for item in new {
        if let part = Part(item), let before = seen.updateValue(letter, forKey: part) {
          let hint = part == .month ? "; minutes are %M" : part == .minute ? "; months are %m" : ""
          let letters = before == letter ? "%\(letter) twice" : "both %\(before) and %\(letter)"
          throw mistake(text, "has \(letters), which is the \(part.rawValue)\(hint)")
        }
        if item == .space, items.last == .space { continue }
        items.append(item)
      }
    }
    try check(text, parts: Set(seen.keys))
    return withOptionalDecimals(items)
  }

  private enum Part: String {
    case year, month, day, dayOfYear = "day of the year", hour, halfDayHour = "hour of 12", halfDay = "half of the day"
    case minute, second, fraction = "decimals of the second", zone, epoch = "seconds since 1970"

    init?(_ item: Item) {
      switch item {
      case .year, .shortYear: self = .year
      case .month, .monthName: self = .month
      case .day: self = .day
      case .dayOfYear: self = .dayOfYear
      case .hour: self = .hour
      case .halfDayHour: self = .halfDayHour
      case .halfDay: self = .halfDay
      case .minute: self = .minute
      case .second: self = .second
      case .fraction, .optionalFraction: self = .fraction
      case .offset, .zoneName: self = .zone
      case .epoch: self = .epoch
      case .literal, .space, .weekday: return nil
      }
    }
  }

  private static func meaning(_ letter: Character) -> [Item]? {
    switch letter {
    case "Y": [.year]
    case "y": [.shortYear]
    case "m": [.month]
    case "b", "B", "h": [.monthName]
    case "d", "e": [.day]
    case "j": [.dayOfYear]
    case "H": [.hour]
    case "I": [.halfDayHour]
    case "p": [.halfDay]
    case "M": [.minute]
    case "S": [.second]
    case "f": [.fraction]
    case "z": [.offset]
    case "Z": [.zoneName]
    case "s": [.epoch]
    case "a", "A": [.weekday]
    case "n", "t": [.space]
    case "F": [.year, literal("-"), .month, literal("-"), .day]
    case "T": [.hour, literal(":"), .minute, literal(":"), .second]
    case "R": [.hour, literal(":"), .minute]
    case "D": [.month, literal("/"), .day, literal("/"), .shortYear]
    case "%": [literal("%")]
    default: nil
    }
  }

  private static func literal(_ scalar: Unicode.Scalar) -> Item { .literal(UInt8(ascii: scalar)) }

  private static func check(_ text: String, parts: Set<Part>) throws(TimeFormatError) {
    if parts.contains(.epoch) {
      if let other = parts.subtracting([.epoch, .fraction]).map(\.rawValue).min() {
        throw mistake(text, "has %s, the seconds since 1970, beside the \(other); %s stands alone")
      }
      return
    }
    if parts.contains(.halfDayHour) != parts.contains(.halfDay) {
      throw mistake(text, "needs %I and %p (AM, PM) together; the hour of 24 is %H")
    }
    if parts.contains(.halfDayHour), parts.contains(.hour) { throw mistake(text, "has both %H and %I; it needs one") }
    if parts.contains(.dayOfYear), !parts.isDisjoint(with: [.month, .day]) {
      throw mistake(text, "has %j, the day of the year, beside month or day; it needs one")
    }
    var missing: [String] = []
    if !parts.contains(.year) { missing.append("the year (%Y or %y)") }
    if !parts.contains(.dayOfYear) {
      if !parts.contains(.month) { missing.append("the month (%m or %b)") }
      if !parts.contains(.day) { missing.append("the day (%d)") }
    }
    let hasHour = parts.contains(.hour) || parts.contains(.halfDayHour)
    if !hasHour, parts.contains(.minute) { missing.append("the hour (%H)") }
    if !parts.contains(.minute), parts.contains(.second) { missing.append("the minute (%M)") }
    if !parts.contains(.second), parts.contains(.fraction) { missing.append("the second (%S)") }
    guard missing.isEmpty else { throw mistake(text, "lacks \(missing.joined(separator: ", "))") }
  }

  private static func mistake(_ text: String, _ what: String) -> TimeFormatError {
    TimeFormatError(description: "the time format '\(text)' \(what)")
  }

  /// Makes decimals and their mark optional, because clocks omit both for whole seconds.
  private static func withOptionalDecimals(_ items: [Item]) -> [Item] {
    guard let place = items.firstIndex(of: .fraction), place >= 2, case .literal(let mark) = items[place - 1],
      mark == UInt8(ascii: ".") || mark == UInt8(ascii: ","),
      items[place - 2] == .second || items[place - 2] == .epoch
    else { return items }
    var result = items
    result.replaceSubrange(place - 1...place, with: [.optionalFraction(after: mark)])
    return result
  }
}
