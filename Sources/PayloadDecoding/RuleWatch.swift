import PlantModel

/// Notices values of a rule that no message ever has: most often a slip in their place.
struct RuleWatch {
  /// Messages after which a value that none of them had is told.
  static let messages = 10

  private var unseen: UInt64
  private var count = 0
  private var isTold = false

  init(rule: TopicRule) {
    let listed = min(64, rule.values.count)
    unseen = listed == 64 ? .max : (1 << UInt64(listed)) - 1
  }

  /// Whether there are values that no message has had.
  var isWatching: Bool { unseen != 0 }

  /// Whether it is time to tell.
  var isTelling: Bool { unseen != 0 && count == Self.messages && !isTold }

  /// How many values no message has had, once that is told.
  var unseenCount: Int { isTold ? unseen.nonzeroBitCount : 0 }

  /// Notes a message with the bits of the values that stood in it.
  mutating func note(_ seen: UInt64) {
    unseen &= ~seen
    if count < Self.messages { count += 1 }
  }

  /// The places that no message has had.
  func unseen(of rule: TopicRule) -> [String] {
    missing(rule).map { "\(rule.match): \(rule.values[$0].path)" }
  }

  private func missing(_ rule: TopicRule) -> [Int] {
    rule.values.indices.prefix(64).filter { unseen >> UInt64($0) & 1 == 1 }
  }

  /// What to tell of the values that are missing; `places` are those that a message has.
  mutating func tell(_ rule: TopicRule, places: [String]) -> [String] {
    isTold = true
    return missing(rule).map { position in
      let value = rule.values[position]
      let nearest = places.min { EditDistance.between($0, value.path) < EditDistance.between($1, value.path) }
      let hint = nearest.map { "; the nearest that is there is \"\($0)\"" } ?? ""
      return
        "no message on '\(rule.match)' has had \"\(value.path)\" for '\(value.name)', of \(Self.messages) so far\(hint)"
    }
  }
}
