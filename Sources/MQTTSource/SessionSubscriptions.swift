/// Which filters the broker has confirmed, and which answers are still to come.
struct SessionSubscriptions {
  /// Filters in one SUBSCRIBE at most.
  static let batchSize = 100

  private(set) var wanted: [String]
  private var sent: Set<String> = []
  private var awaited: [Int32: [String]] = [:]
  private var refused: Set<String> = []
  private var hasChanged = true

  init(_ wanted: [String]) { self.wanted = SessionSubscriptions.unique(wanted) }

  /// Whether every filter has been sent and confirmed.
  var isComplete: Bool { awaited.isEmpty && refused.isEmpty && sent.count == wanted.count }

  /// Filters to subscribe to, in batches; empty until the list or the connection changes again.
  mutating func takeUnsent() -> [[String]] {
    guard hasChanged else { return [] }
    hasChanged = false
    let filters = wanted.filter { !sent.contains($0) && !refused.contains($0) }
    return stride(from: 0, to: filters.count, by: Self.batchSize).map {
      Array(filters[$0..<min($0 + Self.batchSize, filters.count)])
    }
  }

  /// Takes a new list and returns the filters that are gone.
  mutating func replace(by list: [String]) -> [String] {
    wanted = SessionSubscriptions.unique(list)
    let kept = Set(wanted)
    let gone = sent.subtracting(kept).sorted()
    sent.formIntersection(kept)
    refused = []
    hasChanged = true
    return gone
  }

  mutating func markSent(_ filters: [String], as identifier: Int32) {
    sent.formUnion(filters)
    awaited[identifier] = filters
  }

  mutating func markRefused(_ filter: String) {
    sent.remove(filter)
    refused.insert(filter)
  }

  /// Takes the answer to a SUBSCRIBE and returns the refused filters; granted levels of 128 and above are refusals.
  mutating func confirm(_ identifier: Int32, granted: UnsafeBufferPointer<Int32>) -> [String] {
    guard let filters = awaited.removeValue(forKey: identifier) else { return [] }
    let wanted = Set(wanted)
    var refusedNow: [String] = []
    for (position, filter) in filters.enumerated() where wanted.contains(filter) {
      if position >= granted.count || granted[position] >= 128 { refusedNow.append(filter) }
    }
    for filter in refusedNow { markRefused(filter) }
    return refusedNow
  }

  /// Everything has to be sent again on a new connection.
  mutating func reset() {
    sent = []
    awaited = [:]
    refused = []
    hasChanged = true
  }

  private static func unique(_ list: [String]) -> [String] {
    var seen: Set<String> = []
    return list.filter { seen.insert($0).inserted }
  }
}
