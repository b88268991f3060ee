/// Names that an expression may use.
public struct ExpressionNames: Sendable {
  /// Declared assets, longest first.
  let assets: [[Character]]
  /// Sensor names that the plant's file uses, longest first.
  let sensors: [[Character]]

  /// Creates the set of names. One that contains `-` or other special characters is recognised without quotes.
  ///
  /// - Parameters:
  ///   - assets: Declared assets.
  ///   - sensors: Sensor names that the plant's file uses.
  public init(assets: [String], sensors: [String] = []) {
    self.assets = assets.map(Array.init).sorted { $0.count > $1.count }
    self.sensors = Set(sensors).map(Array.init).filter { !$0.isEmpty }.sorted { $0.count > $1.count }
  }

  /// Returns a name split into asset and sensor after the longest matching asset; `nil` if none matches or no sensor
  /// follows.
  public func split(_ text: String) -> SensorName? {
    let text = Array(text)
    for asset in assets where text.count > asset.count + 1 && text.starts(with: asset) && text[asset.count] == "." {
      return SensorName(asset: String(asset), sensor: String(text[(asset.count + 1)...]))
    }
    return nil
  }
}

extension DerivedExpression {
  /// Parses an expression: `+`, `-`, `*`, `/` (also `−`, `×`, `·`, `÷`), parentheses, numbers, `positive(…)` and
  /// sensors as `asset.sensor`.
  ///
  /// A name consists of letters, digits, `_` and `.`. A name with other characters is quoted with double quotes or
  /// backquotes (`"Hall 3.power"`). Without quotes, `-` belongs to a name only within a declared asset or a sensor that
  /// the file names elsewhere; the longest match applies. Otherwise it is a minus. A number may be followed by a unit
  /// (`40 kWh`) and then has its canonical value.
  ///
  /// - Parameters:
  ///   - text: Expression of at most ``longest`` bytes.
  ///   - names: Names that it may use.
  /// - Throws: ``ExpressionMistake`` with the position and the remedy.
  public init(parsing text: String, names: ExpressionNames) throws(ExpressionMistake) {
    guard text.utf8.count <= Self.longest else {
      throw ExpressionMistake(message: "it is longer than \(Self.longest) bytes; derive parts of it first")
    }
    var parser = ExpressionParser(text: Array(text), names: names)
    try parser.parse()
    guard !parser.inputs.isEmpty else {
      throw ExpressionMistake(message: "it names no sensor; a derived sensor needs one, such as grid.import")
    }
    self.init(text: text, inputs: parser.inputs, steps: parser.steps)
  }
}

/// Recursive-descent parser that produces a postfix program.
private struct ExpressionParser {
  let text: [Character]
  let names: ExpressionNames
  var position = 0
  var depth = 0
  var steps: [DerivedExpression.Step] = []
  var inputs: [SensorName] = []

  private static let deepest = 64
  private static let function = "positive"

  init(text: [Character], names: ExpressionNames) {
    self.text = text
    self.names = names
  }

  mutating func parse() throws(ExpressionMistake) {
    try sum()
    skipSpaces()
    if position < text.count { throw expected("an operator or the end") }
  }

  private mutating func sum() throws(ExpressionMistake) {
    try product()
    while let sign = consume("+-−") {
      try product()
      steps.append(sign == "+" ? .add : .subtract)
    }
  }

  private mutating func product() throws(ExpressionMistake) {
    try factor()
    while let sign = consume("*×·/÷") {
      try factor()
      steps.append("/÷".contains(sign) ? .divide : .multiply)
    }
  }

  private mutating func factor() throws(ExpressionMistake) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else {
      throw ExpressionMistake(
        column: position + 1, message: "parentheses and signs go deeper than \(Self.deepest); derive parts of it first")
    }
    if let sign = consume("+-−") {
      try factor()
      if sign != "+" { steps.append(.negate) }
    } else if consume("(") != nil {
      try parenthesis(openedAt: position)
    } else {
      try operand()
    }
  }

  private mutating func parenthesis(openedAt column: Int) throws(ExpressionMistake) {
    try sum()
    guard consume(")") == nil else { return }
    if position < text.count { throw expected("an operator or ')'") }
    throw ExpressionMistake(column: column, message: "'(' has no ')'")
  }

  private mutating func operand() throws(ExpressionMistake) {
    skipSpaces()
    let start = position
    guard position < text.count else { throw expected("a sensor, a number or '('") }
    if text[position] == "\"" || text[position] == "`" { return try quoted() }
    if let number = number() {
      steps.append(.constant(number.value, number.quantity))
      return
    }
    if let name = declaredName() { return try input(name, at: start) }
    let word = run()
    guard !word.isEmpty else { throw expected("a sensor, a number or '('") }
    if consume("(") != nil {
      guard word == Self.function else {
        throw ExpressionMistake(
          column: start + 1, message: "there is no function '\(word)'; there is \(Self.function)(x)")
      }
      try parenthesis(openedAt: position)
      steps.append(.positive)
      return
    }
    throw unknown(word, at: start)
  }

  private mutating func quoted() throws(ExpressionMistake) {
    let start = position
    guard let end = text[(start + 1)...].firstIndex(of: text[start]) else {
      throw ExpressionMistake(column: start + 1, message: "\(text[start]) has no end; quote a name on both sides")
    }
    let name = String(text[(start + 1)..<end])
    position = end + 1
    guard let split = names.split(name) else { throw unknown(name, at: start) }
    try input(split, at: start)
  }

  private mutating func input(_ name: SensorName, at start: Int) throws(ExpressionMistake) {
    let known = inputs.firstIndex(of: name)
    if known == nil, inputs.count == DerivedExpression.mostInputs {
      throw ExpressionMistake(
        column: start + 1, message: "it has more than \(DerivedExpression.mostInputs) sensors; derive parts of it first"
      )
    }
    if known == nil { inputs.append(name) }
    steps.append(.input(known ?? inputs.count - 1))
  }

  // MARK: Words

  private static func isOfName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "."
  }

  /// Consumes a declared asset and one of its sensors at the current position.
  private mutating func declaredName() -> SensorName? {
    for asset in names.assets {
      let dot = position + asset.count
      guard dot + 1 < text.count, text[dot] == ".", text[position..<dot].elementsEqual(asset) else { continue }
      var end = dot + 1
      while end < text.count, Self.isOfName(text[end]) { end += 1 }
      // A sensor name from the file may contain characters that end a plain name.
      for sensor in names.sensors where dot + 1 + sensor.count > end {
        let last = dot + 1 + sensor.count
        guard last <= text.count, text[(dot + 1)..<last].elementsEqual(sensor) else { continue }
        if last == text.count || !Self.isOfName(text[last]) {
          end = last
          break
        }
      }
      guard end > dot + 1 else { continue }
      position = end
      return SensorName(asset: String(asset), sensor: String(text[(dot + 1)..<end]))
    }
    return nil
  }

  /// Consumes the characters of a plain name.
  private mutating func run() -> String {
    let start = position
    while position < text.count, Self.isOfName(text[position]) { position += 1 }
    return String(text[start..<position])
  }

  /// Consumes a number and a unit after it; `nil` if there is none, or if a name begins with digits.
  private mutating func number() -> (value: Double, quantity: Quantity?)? {
    func isDigit(_ at: Int) -> Bool { at < text.count && text[at].isASCII && text[at].isNumber }
    var end = position
    while isDigit(end) { end += 1 }
    if end < text.count, text[end] == "." { end += 1 }
    while isDigit(end) { end += 1 }
    if end < text.count, text[end] == "e" || text[end] == "E" {
      let sign = end + 1 < text.count && "+-".contains(text[end + 1]) ? 1 : 0
      if isDigit(end + 1 + sign) {
        end += 1 + sign
        while isDigit(end) { end += 1 }
      }
    }
    guard isDigit(position) || isDigit(position + 1), end == text.count || !Self.isOfName(text[end]),
      let value = Double(String(text[position..<end])), value.isFinite
    else { return nil }
    position = end
    guard let unit = unit() else { return (value, nil) }
    return (unit.canonical(value), unit.quantity)
  }

  private mutating func unit() -> Unit? {
    var start = position
    while start < text.count, text[start] == " " { start += 1 }
    var end = start
    while end < text.count, text[end].isLetter || "°%²³µ".contains(text[end]) { end += 1 }
    guard end > start, let unit = Unit.named(String(text[start..<end])) else { return nil }
    position = end
    return unit
  }

  private mutating func skipSpaces() {
    while position < text.count, text[position].isWhitespace { position += 1 }
  }

  /// Consumes one of the given characters, after spaces.
  private mutating func consume(_ characters: String) -> Character? {
    skipSpaces()
    guard position < text.count, characters.contains(text[position]) else { return nil }
    position += 1
    return text[position - 1]
  }

  // MARK: Mistakes

  private func expected(_ what: String) -> ExpressionMistake {
    let found = position < text.count ? "'\(text[position])'" : "the end"
    return ExpressionMistake(column: position + 1, message: "\(found) stands where \(what) is expected")
  }

  private func unknown(_ name: String, at start: Int) -> ExpressionMistake {
    let quoting = "quote a name that holds spaces or signs"
    guard let dot = name.firstIndex(of: "."), dot != name.startIndex, name.index(after: dot) != name.endIndex else {
      return ExpressionMistake(
        column: start + 1, message: "'\(name)' is no sensor; write asset.sensor, and \(quoting)")
    }
    let asset = String(name[..<dot])
    return ExpressionMistake(
      column: start + 1,
      message: "there is no asset '\(asset)'; \(NearestName.hint(asset, of: names.assets.map { String($0) })), and "
        + quoting)
  }
}
