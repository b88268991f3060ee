import PlantModel
import StreamCore

/// Turns the pending values of a message into readings: admits their series, converts them to the canonical unit, and
/// appends them to the batch of the plant.
struct ReadingAppender {
  /// Readings of sensors beyond a plant's limits, by plant.
  private(set) var beyondLimits: [UInt64]
  /// Sum of ``beyondLimits``.
  private(set) var beyondLimitsInAll: UInt64 = 0

  /// Creates an appender for a number of plants.
  init(plants count: Int) { beyondLimits = Array(repeating: 0, count: count) }

  /// Appends the pending values, admitting series that report for the first time.
  ///
  /// - Parameters:
  ///   - scope: the message's scope.
  ///   - batch: batch of the plant.
  ///   - plant: position of the plant in the share.
  ///   - register: register of the plant.
  mutating func append(
    pendingOf scope: inout MessageScope, to batch: inout ReadingBatch, plant: Int, register: inout PlantRegister
  ) -> DecodeOutcome {
    var count = 0
    for position in 0..<scope.pending.count {
      let value = scope.pending[position]
      var series = scope.slots.slots[value.slot].series
      if series == ValueSlot.unresolved { series = admit(value, plant: plant, in: &register, scope: &scope) }
      guard series >= 0 else {
        recordNoSeries(ValueSlot.reason(series), plant: plant, scope: &scope)
        continue
      }
      let conversion = scope.slots.conversions[Int(scope.slots.slots[value.slot].conversion)]
      var raw = value.number * conversion.scale + conversion.offset
      if value.unit != UnitTexts.none {
        let own = register.series[Int(series)].profile.unit
        if let reason = scope.slots.units.settle(value, own: own, conversion: conversion, plant: plant, raw: &raw) {
          refuse(reason, value: value, series: Int(series), in: register, scope: &scope)
          continue
        }
      }
      let canonical = raw * conversion.unitScale + conversion.unitOffset
      guard raw.isFinite, canonical.isFinite else {
        refuse(.notFinite, value: value, series: Int(series), in: register, scope: &scope)
        continue
      }
      batch.append(
        series: SeriesIndex(Int(series)), time: value.time, raw: raw, value: canonical,
        hasSourceTime: value.hasSourceTime)
      count += 1
    }
    return count > 0 ? .readings(plant: plant, count: count) : .refused(scope.refusals.setback)
  }

  /// Records that a value has no series.
  private mutating func recordNoSeries(_ reason: RefusalReason, plant: Int, scope: inout MessageScope) {
    scope.refusals.setback = reason
    guard reason == .tooManyAssets || reason == .tooManySensors else { return }
    beyondLimits[plant] &+= 1
    beyondLimitsInAll &+= 1
  }

  /// Records that a value of a known series was refused.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - value: the pending value.
  ///   - series: position of its series.
  ///   - register: register of the plant.
  ///   - scope: the message's scope.
  @inline(never)
  private func refuse(
    _ reason: RefusalReason, value: PendingValue, series: Int, in register: PlantRegister, scope: inout MessageScope
  ) {
    let unit =
      value.unit >= 0 ? scope.slots.units.spelling(at: value.unit) : value.unit == UnitTexts.word ? "by a word" : ""
    scope.refusals.refuse(reason, slot: value.slot, rule: scope.step.rule) {
      let found = register.series[series]
      let own = found.profile.unit.map { " of a sensor in \($0.symbol)" } ?? ""
      return "\(value.number) \(unit)\(own), \(register.assets[found.asset.position].name).\(found.sensor)"
    }
  }

  /// Admits the series of a value that reports for the first time.
  ///
  /// - Parameters:
  ///   - value: the pending value.
  ///   - plant: position of the plant in the share.
  ///   - register: register of the plant.
  ///   - scope: the message's scope.
  /// - Returns: the position of the series, negative if it is refused.
  private func admit(
    _ value: PendingValue, plant: Int, in register: inout PlantRegister, scope: inout MessageScope
  ) -> Int32 {
    var notices: [String] = []
    let unit = value.unit >= 0 ? scope.slots.units[value.unit, plant: plant] : nil
    let series = scope.slots.series(of: value.slot, unit: unit, in: &register) { name, register in
      notices = ReadingAppender.notices(of: name, in: register)
    }
    scope.notices += notices
    return series
  }

  /// Returns log messages about a sensor that reports for the first time.
  private static func notices(of name: ValueName, in register: PlantRegister) -> [String] {
    guard name.unit == nil, let units = SensorCatalogue.ambiguousUnits(ofSensor: name.sensor),
      !register.plant.sensors.contains(where: { $0.unit != nil && $0.matches(asset: name.asset, sensor: name.sensor) })
    else { return [] }
    return [
      "plant \(register.plant.name): the end of \(name.asset).\(name.sensor) may mean \(units.0) or \(units.1), so that it is "
        + "taken without a unit; say it in the plant's file: sensors: [{match: \"*.\(name.sensor)\", unit: \(units.1)}]"
    ]
  }
}
