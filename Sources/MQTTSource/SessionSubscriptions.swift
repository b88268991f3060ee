import PlantModel

/// State of the subscriptions: confirmed filters, awaited answers and surplus filters.
struct SessionSubscriptions {
  /// Maximum number of filters in one SUBSCRIBE or UNSUBSCRIBE.
  static let batchSize = 100

  private(set) var wanted: [String]
  private var sent: Set<String> = []
  private var awaited: [UInt16: [String]] = [:]
  private var refused: Set<String> = []
  private var hasChanged = true
  /// Filters that the broker's session has but that are no longer wanted.
  private var surplus: Set<String> = []
  private var awaitedRemovals: [UInt16: [String]] = [:]

  init(_ wanted: [String]) { self.wanted = SessionSubscriptions.unique(wanted) }

  /// Whether the broker has answered for every filter, with acceptance or refusal.
  var isSettled: Bool { !hasChanged && awaited.isEmpty && sent.count + refused.count == wanted.count }

  /// Whether every filter is confirmed and every surplus filter is removed.
  var isComplete: Bool { isSettled && refused.isEmpty && surplus.isEmpty && awaitedRemovals.isEmpty }

  /// All filters that the broker's session may have.
  var held: Set<String> { surplus.union(wanted).union(awaitedRemovals.values.joined()) }

  /// Returns the filters to subscribe to, in batches; empty until the list or the connection changes again.
  mutating func drainUnsent() -> [[String]] {
    guard hasChanged else { return [] }
    hasChanged = false
    return Self.batches(wanted.filter { !sent.contains($0) && !refused.contains($0) })
  }

  /// Returns the filters to unsubscribe from, in batches.
  mutating func drainSurplus() -> [[String]] {
    defer { surplus = [] }
    return Self.batches(surplus.sorted())
  }

  /// Replaces the list of wanted filters.
  mutating func replace(by list: [String]) {
    wanted = SessionSubscriptions.unique(list)
    let kept = Set(wanted)
    surplus = surplus.union(sent).subtracting(kept)
    sent.formIntersection(kept)
    refused = []
    hasChanged = true
  }

  mutating func markSent(_ filters: [String], as identifier: UInt16) {
    sent.formUnion(filters)
    awaited[identifier] = filters
  }

  mutating func markRemoved(_ filters: [String], as identifier: UInt16) { awaitedRemovals[identifier] = filters }

  mutating func markRefused(_ filter: String) {
    sent.remove(filter)
    refused.insert(filter)
  }

  /// Processes the answer to a SUBSCRIBE and returns the refused filters. Codes of 128 and above are refusals.
  mutating func confirm(_ identifier: UInt16, codes: UnsafeRawBufferPointer) -> [(filter: String, code: UInt8)] {
    guard let filters = awaited.removeValue(forKey: identifier) else { return [] }
    let wanted = Set(wanted)
    var refusedNow: [(filter: String, code: UInt8)] = []
    for (position, filter) in filters.enumerated() where wanted.contains(filter) {
      let code = position < codes.count ? codes[position] : 0x80
      if code >= 0x80 { refusedNow.append((filter, code)) }
    }
    for refusal in refusedNow { markRefused(refusal.filter) }
    return refusedNow
  }

  /// Processes the answer to an UNSUBSCRIBE.
  mutating func confirmRemoval(_ identifier: UInt16) { awaitedRemovals[identifier] = nil }

  /// Starts a new connection: everything must be sent again. `remembered` contains the filters of the broker's session.
  mutating func reset(remembered: Set<String>) {
    sent = []
    awaited = [:]
    refused = []
    awaitedRemovals = [:]
    surplus = remembered.subtracting(wanted)
    hasChanged = true
  }

  /// Returns whether MQTT allows a filter.
  ///
  /// It has 1 to 65,535 bytes without U+0000. `+` and `#` occur only as whole levels, `#` only as the last. After
  /// `$share` follow a group and a filter.
  static func isValid(_ filter: String) -> Bool {
    guard (1...65_535).contains(filter.utf8.count), !filter.utf8.contains(0) else { return false }
    guard SharedSubscription(filter)?.isValid ?? true else { return false }
    let levels = filter.split(separator: "/", omittingEmptySubsequences: false)
    for (position, level) in levels.enumerated() {
      if level.contains("+"), level != "+" { return false }
      if level.contains("#"), level != "#" || position != levels.count - 1 { return false }
    }
    return true
  }

  private static func batches(_ filters: [String]) -> [[String]] {
    stride(from: 0, to: filters.count, by: batchSize).map {
      Array(filters[$0..<min($0 + batchSize, filters.count)])
    }
  }

  private static func unique(_ list: [String]) -> [String] {
    var seen: Set<String> = []
    return list.filter { seen.insert($0).inserted }
  }
}
