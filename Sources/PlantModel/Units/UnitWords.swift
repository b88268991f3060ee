/// Units written in words: `kilowatt hours`, `degrees Celsius`, `cubic metres`, `volt-amperes reactive`.
enum UnitWords {
  /// Returns the symbol that words denote, such as `kWh`; `nil` for other words. The table need not contain it.
  ///
  /// - Parameter folded: Words in lower case, without separators. Each one may be a plural.
  static func symbol(_ folded: String) -> String? {
    var rest = folded[...]
    var power = ""
    for (word, sign) in [("square", "²"), ("cubic", "³")] where consume(word, rest: &rest) { power = sign }
    let prefix = prefixes.first { rest.hasPrefix($0.word) && rest.count > $0.word.count }
    if let prefix { rest = rest.dropFirst(prefix.word.count) }
    var symbol = ""
    while !rest.isEmpty {
      if symbol.hasSuffix("VA"), consume("reactive", rest: &rest) {
        symbol = symbol.dropLast(2) + "var"
      } else if !symbol.isEmpty, consume("squared", rest: &rest) {
        power = "²"
      } else if !symbol.isEmpty, consume("cubed", rest: &rest) {
        power = "³"
      } else if let next = words.first(where: { rest.hasPrefix($0.word) }) {
        rest = rest.dropFirst(next.word.count)
        symbol += next.symbol
      } else {
        return nil
      }
      let isPlural = rest.first == "s" && !rest.hasPrefix("sec") && !rest.hasPrefix("squared")
      if isPlural { rest = rest.dropFirst() }
    }
    return symbol.isEmpty ? nil : (prefix?.symbol ?? "") + symbol + power
  }

  private static func consume(_ word: String, rest: inout Substring) -> Bool {
    guard rest.hasPrefix(word) else { return false }
    rest = rest.dropFirst(word.count)
    return true
  }

  private static let prefixes: [(word: String, symbol: String)] = [
    ("micro", "µ"), ("milli", "m"), ("centi", "c"), ("deci", "d"), ("hecto", "h"), ("kilo", "k"), ("mega", "M"),
    ("giga", "G"), ("tera", "T"),
  ]

  /// Words and their symbols. If one word begins with another, the longer one comes first.
  private static let words: [(word: String, symbol: String)] = [
    ("watt", "W"), ("volt", "V"), ("ampere", "A"), ("amp", "A"), ("var", "var"), ("joule", "J"), ("calorie", "cal"),
    ("btu", "BTU"), ("hertz", "Hz"), ("ohm", "Ω"), ("coulomb", "A·s"), ("hour", "h"), ("second", "s"), ("sec", "s"),
    ("minute", "min"), ("day", "d"), ("pascal", "Pa"), ("bar", "bar"), ("lux", "lx"), ("bel", "B"), ("metre", "m"),
    ("meter", "m"), ("inches", "in"), ("inch", "in"), ("feet", "ft"), ("foot", "ft"), ("mile", "mi"), ("litre", "L"),
    ("liter", "L"), ("gallon", "gal"), ("gramme", "g"), ("gram", "g"), ("tonne", "t"), ("pound", "lb"), ("knot", "kn"),
    ("degree", "°"), ("deg", "°"), ("celsius", "C"), ("celcius", "C"), ("centigrade", "C"), ("fahrenheit", "F"),
    ("kelvin", "K"), ("percent", "%"), ("radian", "rad"), ("revolution", "rev"), ("rotation", "rev"),
  ]
}
