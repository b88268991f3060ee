import PlantModel

/// Detects values of a rule that no message has, most often because of an error in their place.
struct RuleWatch {
  /// Number of messages after which a value that was in none of them is reported.
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

  /// Whether the missing values must be reported now.
  var isTelling: Bool { unseen != 0 && count == Self.messages && !isTold }

  /// Number of values that no message has had, once they were reported.
  var unseenCount: Int { isTold ? unseen.nonzeroBitCount : 0 }

  /// Records a message by the bit mask of the values in it.
  mutating func record(_ seen: UInt64) {
    unseen &= ~seen
    if count < Self.messages { count += 1 }
  }

  /// Returns the places that no message has had.
  func unseen(of rule: TopicRule) -> [String] {
    missing(rule).map { "\(rule.match): \(rule.values[$0].path)" }
  }

  private func missing(_ rule: TopicRule) -> [Int] {
    rule.values.indices.prefix(64).filter { unseen >> UInt64($0) & 1 == 1 }
  }

  /// Returns messages about the missing values. `places` are those that a message has.
  mutating func notices(_ rule: TopicRule, places: [String]) -> [String] {
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
