/// Values that were refused or missing: their number by reason, and examples.
struct ValueRefusals {
  typealias Bytes = UnsafeRawBufferPointer

  /// Reason why the last found value of the message was refused.
  var setback = RefusalReason.missingValue
  /// Values missing although their place existed, since the decoder was created.
  private(set) var missingInAll: UInt64 = 0
  /// Number of values refused since the decoder was created.
  private(set) var countInAll: UInt64 = 0
  /// Refused values by reason, not yet collected.
  private var counts: [RefusalReason: UInt64] = [:]
  /// Examples of the refused values.
  var problems = ProblemLog()

  /// Prepares for the next message.
  mutating func begin() {
    setback = .missingValue
    problems.begin()
  }

  /// Returns the number of refused values by reason since the last call.
  mutating func drainCounts() -> [RefusalReason: UInt64] {
    defer { counts.removeAll(keepingCapacity: true) }
    return counts
  }

  /// Records that a value was refused, with the text found there.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal; `.missingValue` counts as missing only.
  ///   - value: position of the rule's value, or -1.
  ///   - rule: position of the rule.
  ///   - text: the text found there.
  mutating func refuse(_ reason: RefusalReason, value: Int, rule: Int, text: Bytes) {
    if reason == .missingValue {
      missingInAll &+= 1
      problems.recordMissing(value: value, text: text)
    } else {
      count(reason)
      problems.record(reason, value: value, rule: rule, text: text)
    }
  }

  /// Records that a value of a slot was refused. `words` is called only if no similar problem was reported before.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - slot: slot of the value.
  ///   - rule: position of the rule.
  ///   - words: returns a description.
  mutating func refuse(_ reason: RefusalReason, slot: Int, rule: Int, words: () -> String) {
    count(reason)
    problems.record(reason, slot: slot, rule: rule, words: words)
  }

  private mutating func count(_ reason: RefusalReason) {
    setback = reason
    counts[reason, default: 0] &+= 1
    countInAll &+= 1
  }
}

/// Examples of refused values: the first of each kind, and on request every problem of a message.
struct ProblemLog {
  typealias Bytes = UnsafeRawBufferPointer

  /// Maximum number of problems collected for one message.
  private static let maximumCollected = 100
  /// Maximum number of kinds reported.
  private static let maximumTold = 1_000

  /// Every problem of the message, if requested.
  private(set) var collected: [ValueProblem]?
  /// Problems of a kind not reported before.
  private(set) var news: [ValueProblem] = []
  /// Kinds of problems reported before.
  private var told = ByteTable()
  private var key = NameKey()

  /// Whether every problem of a message is collected.
  var collects: Bool {
    get { collected != nil }
    set { collected = newValue ? [] : nil }
  }

  /// Prepares for the next message.
  mutating func begin() {
    if collected != nil { collected = [] }
  }

  /// Discards the problems not reported before.
  mutating func removeNews() { news.removeAll() }

  /// Collects that the place of a value is empty.
  ///
  /// - Parameters:
  ///   - value: position of the rule's value, or -1.
  ///   - text: the text found there, such as `null`.
  mutating func recordMissing(value: Int, text: Bytes = Bytes(start: nil, count: 0)) {
    guard let count = collected?.count, count < Self.maximumCollected else { return }
    collected?.append(Self.problem(.missingValue, value: value, text: text))
  }

  /// Collects that the message has no records at the rule's place.
  mutating func recordMissing(each place: String) {
    guard let count = collected?.count, count < Self.maximumCollected else { return }
    collected?.append(ValueProblem(value: "each", place: place, reason: .missingValue, text: ""))
  }

  /// Collects that a record has no unit at the rule's place.
  mutating func recordMissing(unit place: String) {
    collected?.append(
      ValueProblem(value: "unit", place: place, reason: .missingValue, text: "the sensor's own unit is assumed"))
  }

  /// Records a refused value.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - value: position of the rule's value, or -1.
  ///   - rule: position of the rule.
  ///   - text: the text found there.
  mutating func record(_ reason: RefusalReason, value: Int, rule: Int, text: Bytes) {
    if let count = collected?.count, count >= Self.maximumCollected { return }
    let isNews = isNew(reason, value: value, rule: rule, text: text)
    guard isNews || collects else { return }
    let problem = Self.problem(reason, value: value, text: text)
    collected?.append(problem)
    if isNews { news.append(problem) }
  }

  /// Records a refused value of a slot. `words` is called only if the problem is kept.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - slot: slot of the value.
  ///   - rule: position of the rule.
  ///   - words: returns a description.
  mutating func record(_ reason: RefusalReason, slot: Int, rule: Int, words: () -> String) {
    let isNews = withUnsafeBytes(of: slot) { isNew(reason, value: Self.ofSlot, rule: rule, text: $0) }
    guard isNews || collects else { return }
    let problem = ValueProblem(value: "", place: "", reason: reason, text: words())
    collected?.append(problem)
    if isNews { news.append(problem) }
  }

  /// Returns a problem with the position of the value; the decoder adds its name and place.
  private static func problem(_ reason: RefusalReason, value: Int, text: Bytes) -> ValueProblem {
    ValueProblem(
      value: "\(value)", place: "", reason: reason, text: String(decoding: text.prefix(60), as: UTF8.self))
  }

  /// Position of a value whose text identifies a slot.
  private static let ofSlot = -2

  /// Returns whether no similar problem was reported. Different numbers count as similar, different words do not.
  ///
  /// - Parameters:
  ///   - reason: reason for the refusal.
  ///   - value: position of the rule's value, -1 if it is not listed, ``ofSlot`` if `text` identifies a slot.
  ///   - rule: position of the rule.
  ///   - text: the text found there.
  private mutating func isNew(_ reason: RefusalReason, value: Int, rule: Int, text: Bytes) -> Bool {
    guard told.count < Self.maximumTold else { return false }
    key.begin(route: rule, value: value)
    key.append(reason.rawValue.utf8)
    if value == Self.ofSlot || reason == .unknownWord || reason == .notANumber { key.append(text.prefix(60)) }
    return key.bytes.withUnsafeBytes { key in
      guard told.value(of: key) == nil else { return false }
      told.insert(key, value: 0)
      return true
    }
  }
}
