import PlantModel

/// Units as written in payloads, looked up without a `String` once known.
struct UnitTexts {
  static let none: Int32 = -1
  /// Stands for the word of a switch, which is not valid for a sensor with a unit.
  static let word: Int32 = -2
  /// Maximum number of cached spellings.
  private static let capacity = 4_096

  private var table = ByteTable()
  /// Units by spelling, one for each of ``currencies``.
  private var units: [Unit?] = []
  private var spellings: [String] = []
  private var senMLKey: [UInt8] = []
  /// Distinct currencies of the plants, which determine the meaning of `Rp`.
  private let currencies: [String]
  /// Position in ``currencies`` by plant.
  private let currencyOfPlant: [Int]

  /// Creates an empty table for plants, by their positions in the share.
  init(plants: [Plant]) {
    var known: [String] = []
    currencyOfPlant = plants.map { plant in
      if let position = known.firstIndex(of: plant.currency) { return position }
      known.append(plant.currency)
      return known.count - 1
    }
    currencies = known
  }

  /// Returns the position of a spelling used by plant files and devices.
  mutating func position(of text: UnsafeRawBufferPointer) -> Int32 {
    table.value(of: text) ?? add(text, key: text) { Unit.named($0, currency: $1) }
  }

  /// Returns the position of a unit that topic or rule names.
  mutating func position(named text: String) -> Int32 {
    if text.isEmpty { return UnitTexts.none }
    var text = text
    return text.withUTF8 { position(of: UnsafeRawBufferPointer($0)) }
  }

  /// Returns the position of a unit given as a text in JSON.
  mutating func position(of value: JSONValue, payload: UnsafeRawBufferPointer) -> Int32 {
    guard value.hasEscapes else {
      return position(of: ByteText.slice(payload, range: ByteText.trimmed(payload, range: value.range)))
    }
    let plain = JSONEscapes.plain(ByteText.slice(payload, range: value.range))
    return plain.withUnsafeBytes { position(of: ByteText.trimmed($0)) }
  }

  /// Returns the position of a spelling in SenML, which allows only the symbols of its registry.
  mutating func position(ofSenML text: [UInt8]) -> Int32 {
    // The key begins with a byte that begins no other spelling.
    senMLKey.removeAll(keepingCapacity: true)
    senMLKey.append(1)
    senMLKey.append(contentsOf: text)
    let key = senMLKey
    return key.withUnsafeBytes { key in
      table.value(of: key)
        ?? add(UnsafeRawBufferPointer(rebasing: key.dropFirst()), key: key) { symbol, _ in Unit.senML(symbol) }
    }
  }

  private mutating func add(
    _ text: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, unit: (String, _ currency: String) -> Unit?
  ) -> Int32 {
    // Position 0 stands for spellings beyond the capacity, which are not units.
    if spellings.isEmpty { append("…") { _ in nil } }
    guard spellings.count < UnitTexts.capacity else { return 0 }
    let position = Int32(truncatingIfNeeded: spellings.count)
    let name = ByteText.string(text)
    append(String(decoding: text.prefix(40), as: UTF8.self)) { currency in name.flatMap { unit($0, currency) } }
    table.insert(key, value: position)
    return position
  }

  private mutating func append(_ spelling: String, unit: (_ currency: String) -> Unit?) {
    spellings.append(spelling)
    for currency in currencies { units.append(unit(currency)) }
  }

  /// Returns the spelling at a position.
  func spelling(at position: Int32) -> String { spellings[Int(position)] }

  /// Returns the unit of a spelling at a plant; `nil` if it is not a unit.
  subscript(position: Int32, plant plant: Int) -> Unit? {
    units[Int(position) * currencies.count + currencyOfPlant[plant]]
  }

  /// Converts a value with a unit, or a word, to the sensor's own unit. Returns the reason if that is impossible.
  ///
  /// Separate from the common path of values without a unit.
  ///
  /// - Parameters:
  ///   - value: the pending value.
  ///   - own: the sensor's unit.
  ///   - conversion: the rule's conversion; a scaled value ignores its unit.
  ///   - plant: position of the plant in the share.
  ///   - raw: set to the number in the sensor's unit.
  @inline(never)
  func settle(
    _ value: PendingValue, own: Unit?, conversion: Conversion, plant: Int, raw: inout Double
  ) -> RefusalReason? {
    if value.unit == UnitTexts.word { return own == nil ? nil : .unknownWord }
    guard conversion.isUnscaled else { return nil }
    guard let number = number(of: value, in: own, plant: plant) else { return .unknownUnit }
    raw = number
    return nil
  }

  /// Returns a number with a unit in the sensor's own unit; unchanged if the sensor has none.
  ///
  /// - Parameters:
  ///   - value: the pending value.
  ///   - own: the sensor's unit.
  ///   - plant: position of the plant in the share.
  /// - Returns: `nil` if the value's unit is unknown or of another quantity.
  private func number(of value: PendingValue, in own: Unit?, plant: Int) -> Double? {
    guard let written = self[value.unit, plant: plant] else { return nil }
    guard let own, own != written else { return value.number }
    guard own.quantity == written.quantity, own.scale != 0 else { return nil }
    return written.converted(value.number, to: own)
  }
}
