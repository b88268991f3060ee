import PlantModel

/// Slots of names that payloads bring.
extension MessageScope {
  /// The slot of a sensor that the payload names; the asset is that of topic or rule. It is ignored where that is no name.
  mutating func sensorSlot(named name: ArraySlice<UInt8>, _ plan: ReadingPlan) -> Int {
    beginNameKey()
    nameKey.append(contentsOf: name)
    return namedSlot { scope in
      let bytes = Array(name)
      guard let text = bytes.withUnsafeBytes({ ByteText.string($0) }) else { return nil }
      return scope.valueName(ofPayload: text, plan, asset: scope.names?.asset ?? Plant.wholePlant)
    }
  }

  /// What a name of the payload leads to: without the prefix that is stripped, renamed.
  func valueName(ofPayload name: String, _ plan: ReadingPlan, asset: String) -> ValueName {
    let stripped = ValueName.stripped(name, plan.rule.strip)
    return ValueName(
      asset: asset, listed: name, name: stripped, rule: plan.rule, detail: plan.rule.detail, isWritten: false,
      assets: plan.assets, names: names)
  }
}

extension ValueName {
  /// A name without a prefix; as it stands where it does not begin so, or has nothing else.
  static func stripped(_ name: String, _ prefix: String?) -> String {
    guard let prefix, name.hasPrefix(prefix), name.utf8.count > prefix.utf8.count else { return name }
    return String(name.dropFirst(prefix.count))
  }
}
