import PlantModel

/// Slots of values by name, and the series that they belong to.
struct SlotTable {
  private(set) var slots: [ValueSlot] = []
  /// Names of slots whose series is admitted with the first value.
  private var unresolved: [Int: ValueName] = [:]
  /// Conversions by ``ValueSlot/conversion``; a fleet has few.
  private(set) var conversions: [Conversion] = []
  private var conversionPositions: [Conversion: Int32] = [:]
  /// Slots by route and name, for names from payloads.
  private var names = ByteTable()
  /// Units from payloads.
  var units: UnitTexts
  /// Number of the current message or record, for claims.
  private var claimNumber: UInt64 = 0

  /// Creates a table without slots, for plants by their positions in the share.
  init(plants: [Plant]) { units = UnitTexts(plants: plants) }

  /// Number of cached names from payloads.
  var nameCount: Int { names.count }
  /// Size of those names [bytes].
  var nameBytes: Int { names.keyBytes }
  /// Number of slots.
  var count: Int { slots.count }

  /// Clears the slots and names. The next value of each name creates its slot again.
  mutating func removeAll() {
    names.removeAll()
    slots.removeAll()
    unresolved.removeAll()
  }

  /// Adds a slot for a value; `nil` adds an ignored slot.
  mutating func add(_ value: ValueName?) -> Int {
    slots.appendSparingly(ValueSlot(series: value == nil ? ValueSlot.ignored : ValueSlot.unresolved))
    if let value { unresolved[slots.count - 1] = value }
    return slots.count - 1
  }

  /// Returns the slot with a key, if there is one.
  func slot(of key: UnsafeRawBufferPointer) -> Int? { names.value(of: key).map(Int.init) }

  /// Adds a slot with a key.
  mutating func add(_ value: ValueName?, key: UnsafeRawBufferPointer) -> Int {
    let slot = add(value.flatMap { $0.isUsable ? $0 : nil })
    names.insert(key, value: Int32(truncatingIfNeeded: slot))
    return slot
  }

  /// Returns whether values for a slot are ignored.
  func isIgnored(_ slot: Int) -> Bool { slots[slot].series == ValueSlot.ignored }

  /// Begins a message or record, which may provide one value for each slot.
  mutating func beginClaims() { claimNumber &+= 1 }

  /// Records that the message or record provides a value for a slot. Returns `false` if it already did.
  mutating func claim(_ slot: Int) -> Bool {
    guard slots[slot].claim != claimNumber else { return false }
    slots[slot].claim = claimNumber
    return true
  }

  /// Returns the series of a slot, admitted with its first value; negative if it has none.
  ///
  /// - Parameters:
  ///   - slot: the slot.
  ///   - unit: unit of its first value, if any.
  ///   - register: the plant's register.
  ///   - firstSight: called before a series is admitted.
  mutating func series(
    of slot: Int, unit: Unit?, in register: inout PlantRegister, firstSight: (ValueName, PlantRegister) -> Void
  ) -> Int32 {
    if slots[slot].series == ValueSlot.unresolved { resolve(slot, unit: unit, in: &register, firstSight: firstSight) }
    return slots[slot].series
  }

  private mutating func resolve(
    _ slot: Int, unit: Unit?, in register: inout PlantRegister, firstSight: (ValueName, PlantRegister) -> Void
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
    // A sensor without a configured unit gets that of the rule or of its first value.
    let index = register.admit(asset: asset, sensor: sensor, unit: value.unit ?? unit)
    slots[slot].series = index.rawValue
    slots[slot].conversion = position(of: conversion(of: value, own: register.series[index.position].profile.unit))
  }

  private func conversion(of value: ValueName, own: Unit?) -> Conversion {
    var conversion = Conversion(
      scale: value.scale, offset: value.offset, unitScale: own?.scale ?? 1, unitOffset: own?.offset ?? 0,
      isUnscaled: value.scale == 1 && value.offset == 0)
    if let stated = value.unit, let own, stated != own, own.scale != 0 {
      // Validation of the plant's file refuses units of another quantity; NaN here makes such a value invalid.
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
    // A conversion with NaN equals no other, so it is added each time. This happens only for errors in files.
    conversionPositions[conversion] = position
    return position
  }
}
