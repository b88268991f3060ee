/// Unit of a number.
enum Unit: String, Sendable {
  case none, count = "short", share = "percentunit", percent, seconds = "s", days = "d"
  case kilowatt = "kwatt", kilowattHour = "kwatth", volt, ampere = "amp", hertz = "hertz", ohm
  case kilogram = "masskg", bytes = "decbytes", perSecond = "none "
  /// Milliseconds since 1970, shown as the time that has passed.
  case ago = "dateTimeFromNow"
  /// Milliseconds since 1970, shown as a date.
  case date = "dateTimeAsIso"
}

extension Unit {
  /// Grafana's name of the unit.
  var id: String { rawValue.filter { $0 != " " } }
}

/// How serious something is. All is grey while it is well (ISA-101): there is one amber and one red.
enum Level: Sendable { case calm, amber, red }

/// Colours that hold on light and dark ground. A colour never stands alone: a word or a number is beside it.
enum Palette {
  /// Text and lines.
  static let text = "text", red = "red", green = "semi-dark-green", blue = "blue", purple = "purple"

  /// Returns the ground of a tile or a cell.
  static func ground(_ level: Level) -> String {
    switch level {
    case .calm: "transparent"
    case .amber: "dark-yellow"
    case .red: "dark-red"
    }
  }
}

/// Rule by which a number is amber or red.
struct Threshold: Sendable {
  /// Levels from their least value on; the first has none.
  var steps: [(from: Double?, level: Level)]

  /// Returns a rule by which greater is worse.
  static func above(amber: Double?, red: Double? = nil) -> Threshold {
    Threshold(
      steps: [(nil, .calm)] + (amber.map { [($0, .amber)] } ?? []) + (red.map { [($0, .red)] } ?? []))
  }

  /// Returns a rule by which less is worse. What is not known counts as nothing, not as bad.
  static func below(amber: Double, red: Double? = nil) -> Threshold {
    Threshold(
      steps: [(nil, .calm)] + (red.map { [(-1e12, .red), ($0, .amber)] } ?? [(-1e12, .amber)]) + [(amber, .calm)])
  }

  /// Returns a rule by which greater is worse, and where nothing is known is bad already.
  static func aboveOrUnknown(amber: Double? = nil, red: Double) -> Threshold {
    Threshold(steps: [(nil, .amber), (-1e12, .calm)] + (amber.map { [($0, .amber)] } ?? []) + [(red, .red)])
  }

  /// Returns a rule by which less, or nothing known, is bad.
  static func belowOrUnknown(red: Double) -> Threshold { Threshold(steps: [(nil, .red), (red, .calm)]) }

  /// Returns a rule by which a value off zero is worse, to either side.
  static func off(amber: Double, red: Double) -> Threshold {
    Threshold(
      steps: [(nil, .calm), (-1e12, .red), (-red, .amber), (-amber, .calm), (amber, .amber), (red, .red)])
  }
}

/// How a number or a text is shown.
struct Format: Sendable {
  var unit: Unit
  var decimals: Int?
  var threshold: Threshold?
  /// Words in place of numbers.
  var words: [(value: Int, word: String)] = []
  /// The text where there is no value.
  var missing: String?

  /// Returns how a number is shown.
  ///
  /// - Parameters:
  ///   - unit: Unit of the number.
  ///   - decimals: Digits after the point; `nil` lets Grafana choose.
  ///   - threshold: When it is amber or red.
  ///   - missing: What stands where there is none.
  static func number(
    _ unit: Unit, decimals: Int? = nil, threshold: Threshold? = nil, missing: String? = nil
  ) -> Format { Format(unit: unit, decimals: decimals, threshold: threshold, missing: missing) }

  /// Returns how a code is shown: as a word.
  static func code(_ words: [(Int, String)], threshold: Threshold? = nil, missing: String? = nil) -> Format {
    Format(unit: .none, decimals: 0, threshold: threshold, words: words.map { ($0.0, $0.1) }, missing: missing)
  }

  /// A text or a tag.
  static let text = Format(unit: .none)

  /// The severity of an alert, from its number.
  static let severity = Format.code(
    [(1, "info"), (2, "WARNING"), (3, "CRITICAL")], threshold: .above(amber: 2, red: 3))
}
