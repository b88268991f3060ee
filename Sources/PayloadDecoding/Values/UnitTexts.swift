import PlantModel

/// Units as payloads write them, looked up without a `String` once they are known.
struct UnitTexts {
  static let none: Int32 = -1
  /// In place of a unit, for the words of switches, which are no value of a sensor with a unit.
  static let word: Int32 = -2
  /// Most spellings that are remembered.
  private static let capacity = 4_096

  private var table = ByteTable()
  /// By spelling, one for each of ``currencies``.
  private var units: [Unit?] = []
  private var spellings: [String] = []
  private var senMLKey: [UInt8] = []
  /// The money of the plants, each once: what `Rp` means depends on it.
  private let currencies: [String]
  /// By plant.
  private let currencyOfPlant: [Int]

  /// Units as they are written at plants, whose order is that of the plant's numbers.
  init(plants: [Plant]) {
    var known: [String] = []
    currencyOfPlant = plants.map { plant in
      if let position = known.firstIndex(of: plant.currency) { return position }
      known.append(plant.currency)
      return known.count - 1
    }
    currencies = known
  }

  /// The position of a spelling, as plant files and devices write units.
  mutating func position(of text: UnsafeRawBufferPointer) -> Int32 {
    table.value(of: text) ?? add(text, key: text) { Unit.named($0, currency: $1) }
  }

  /// The position of a spelling in SenML, where the symbols of its registry hold and no others.
  mutating func position(ofSenML text: [UInt8]) -> Int32 {
    // Behind a byte that begins no other spelling.
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
    _ text: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, _ unit: (String, _ currency: String) -> Unit?
  ) -> Int32 {
    // What is beyond the capacity is no unit.
    if spellings.isEmpty { append("…") { _ in nil } }
    guard spellings.count < UnitTexts.capacity else { return 0 }
    let position = Int32(truncatingIfNeeded: spellings.count)
    let name = ByteText.string(text)
    append(String(decoding: text.prefix(40), as: UTF8.self)) { currency in name.flatMap { unit($0, currency) } }
    table.insert(key, value: position)
    return position
  }

  private mutating func append(_ spelling: String, _ unit: (_ currency: String) -> Unit?) {
    spellings.append(spelling)
    for currency in currencies { units.append(unit(currency)) }
  }

  /// The spelling at a position.
  func spelling(at position: Int32) -> String { spellings[Int(position)] }

  /// The unit that the spelling at a position means at a plant; `nil` where it means none.
  subscript(position: Int32, plant plant: Int) -> Unit? {
    units[Int(position) * currencies.count + currencyOfPlant[plant]]
  }
}
