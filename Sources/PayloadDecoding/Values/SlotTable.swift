import PlantModel

/// Slots of values by the names that lead to them, and the series that they belong to.
struct SlotTable {
  private(set) var slots: [ValueSlot] = []
  /// What is to be admitted with the first value of a slot.
  private var unresolved: [Int: ValueName] = [:]
  /// By ``ValueSlot/conversion``; a fleet has few.
  private(set) var conversions: [Conversion] = []
  private var conversionPositions: [Conversion: Int32] = [:]
  /// Slots by route and name, for names that come from payloads.
  private var names = ByteTable()
  /// Units that payloads name.
  var units: UnitTexts

  /// A table without slots, for the values of plants whose order is that of their numbers.
  init(plants: [Plant]) { units = UnitTexts(plants: plants) }

  /// How many names of payloads are remembered.
  var nameCount: Int { names.count }
  /// Bytes of those names.
  var nameBytes: Int { names.keyBytes }
  /// How many slots there are.
  var count: Int { slots.count }

  /// Forgets everything; the next value of each name is taken in again.
  mutating func removeAll() {
    names.removeAll()
    slots.removeAll()
    unresolved.removeAll()
  }

  /// Keeps a slot for a value; one that is not to be taken is ignored from then on.
  mutating func add(_ value: ValueName?) -> Int {
    slots.appendSparingly(ValueSlot(series: value == nil ? ValueSlot.ignored : ValueSlot.unresolved))
    if let value { unresolved[slots.count - 1] = value }
    return slots.count - 1
  }

  /// The slot known under a key, if any.
  func slot(of key: UnsafeRawBufferPointer) -> Int? { names.value(of: key).map(Int.init) }

  /// Keeps a slot under a key.
  mutating func add(_ value: ValueName?, key: UnsafeRawBufferPointer) -> Int {
    let slot = add(value.flatMap { $0.isUsable ? $0 : nil })
    names.insert(key, value: Int32(truncatingIfNeeded: slot))
    return slot
  }

  /// Whether a slot takes no values.
  func isIgnored(_ slot: Int) -> Bool { slots[slot].series == ValueSlot.ignored }

  /// Notes that a message gives a slot a value; false where it has given one already.
  mutating func claim(_ slot: Int, message: UInt64) -> Bool {
    guard slots[slot].message != message else { return false }
    slots[slot].message = message
    return true
  }

  /// The series of a slot, negative where it has none. Admits it with its first value.
  mutating func series(
    of slot: Int, unit: Unit?, _ register: inout PlantRegister, firstSight: (ValueName, PlantRegister) -> Void
  ) -> Int32 {
    if slots[slot].series == ValueSlot.unresolved { resolve(slot, unit: unit, &register, firstSight: firstSight) }
    return slots[slot].series
  }

  private mutating func resolve(
    _ slot: Int, unit: Unit?, _ register: inout PlantRegister, firstSight: (ValueName, PlantRegister) -> Void
  ) {
    guard let value = unresolved.removeValue(forKey: slot) else { return }
    let (asset, sensor) = (value.asset, value.sensor)
    if register.isDerived(asset: asset, sensor: sensor) {
      slots[slot].series = ValueSlot.derived
      return
    }
    if register.series(asset: asset, sensor: sensor) == nil, !register.isDeclared(asset: asset, sensor: sensor) {
      let limits = register.plant.limits
      if register.asset(named: asset) == nil, asset != Plant.wholePlant, register.assets.count >= limits.assets {
        slots[slot].series = ValueSlot.fullOfAssets
        return
      }
      if register.series.count >= limits.sensors {
        slots[slot].series = ValueSlot.full
        return
      }
    }
    firstSight(value, register)
    // Without a unit of its own a sensor has the one that the rule or its first value states.
    let index = register.admit(asset: asset, sensor: sensor, unit: value.unit ?? unit)
    slots[slot].series = index.rawValue
    slots[slot].conversion = position(of: conversion(of: value, register.series[index.position].profile.unit))
  }

  private func conversion(of value: ValueName, _ own: Unit?) -> Conversion {
    var conversion = Conversion(
      scale: value.scale, offset: value.offset, unitScale: own?.scale ?? 1, unitOffset: own?.offset ?? 0,
      isUnscaled: value.scale == 1 && value.offset == 0)
    if let stated = value.unit, let own, stated != own, own.scale != 0 {
      // The check of a plant's file has refused units of another quantity; here such a value would be none.
      let fits = stated.quantity == own.quantity
      let toOwn = fits ? stated.scale / own.scale : .nan
      conversion.scale *= toOwn
      conversion.offset = conversion.offset * toOwn + (stated.offset - own.offset) / own.scale
    }
    return conversion
  }

  private mutating func position(of conversion: Conversion) -> Int32 {
    if let known = conversionPositions[conversion] { return known }
    conversions.append(conversion)
    let position = Int32(truncatingIfNeeded: conversions.count - 1)
    // A conversion with a NaN in it equals none, not even itself; there are as few of them as mistakes in files.
    conversionPositions[conversion] = position
    return position
  }
}
