import PlantModel

/// Slots of names from payloads.
extension MessageScope {
  /// Returns the slot of a sensor named by the payload, with the asset of topic or rule. An invalid name gives an
  /// ignored slot.
  mutating func sensorSlot(named name: ArraySlice<UInt8>, plan: ReadingPlan) -> Int {
    beginNameKey()
    nameKey.append(contentsOf: name)
    return namedSlot { scope in
      let bytes = Array(name)
      guard let text = bytes.withUnsafeBytes({ ByteText.string($0) }) else { return nil }
      return scope.valueName(ofPayload: text, plan: plan, asset: scope.names?.asset ?? Plant.wholePlant)
    }
  }

  /// Returns the value name for a name from the payload, after stripping and renaming.
  ///
  /// - Parameters:
  ///   - name: name in the payload.
  ///   - plan: plan of the rule.
  ///   - asset: the asset, unless the rule's renaming includes another.
  func valueName(ofPayload name: String, plan: ReadingPlan, asset: String) -> ValueName {
    let stripped = ValueName.stripped(name, prefix: plan.rule.strip)
    return ValueName(
      asset: asset, listed: name, name: stripped, rule: plan.rule, detail: plan.rule.detail, isWritten: false,
      assets: plan.assets, names: names)
  }
}

extension ValueName {
  /// Returns a name without a prefix; unchanged if it lacks the prefix or has nothing else.
  static func stripped(_ name: String, prefix: String?) -> String {
    guard let prefix, name.hasPrefix(prefix), name.utf8.count > prefix.utf8.count else { return name }
    return String(name.dropFirst(prefix.count))
  }
}
