/// Topic filters of MQTT, compared level by level as a broker compares them.
enum TopicFilter {
  /// Returns whether a topic matches a filter. Wildcards at the start do not match topics that begin with `$`.
  ///
  /// - Parameters:
  ///   - topic: A topic without wildcards.
  ///   - filter: A filter, with `+` and `#` as whole levels.
  static func matches(_ topic: some StringProtocol, filter: some StringProtocol) -> Bool {
    meet(topic, filter, isTopic: true)
  }

  /// Returns whether one topic can match both filters.
  static func overlap(_ one: some StringProtocol, _ two: some StringProtocol) -> Bool {
    meet(one, two, isTopic: false)
  }

  /// Returns whether a filter matches every topic that another one matches.
  ///
  /// - Parameters:
  ///   - filter: The wider filter.
  ///   - other: The narrower filter.
  static func covers(_ filter: String, _ other: String) -> Bool {
    let (wide, narrow) = (levels(filter), levels(other))
    if wide[0] == "+" || wide[0] == "#", narrow[0].hasPrefix("$") { return false }
    for (position, level) in wide.enumerated() {
      if level == "#" { return true }
      guard position < narrow.count, narrow[position] != "#" else { return false }
      guard level == "+" || level == narrow[position] else { return false }
    }
    return wide.count == narrow.count
  }

  private static func meet(_ one: some StringProtocol, _ two: some StringProtocol, isTopic: Bool) -> Bool {
    let (one, two) = (levels(one), levels(two))
    let (isOneOpen, isTwoOpen) = (!isTopic && isWildcard(one[0]), isWildcard(two[0]))
    if (one[0].hasPrefix("$") && isTwoOpen) || (two[0].hasPrefix("$") && isOneOpen) { return false }
    var position = 0
    while position < one.count, position < two.count {
      if one[position] == "#" || two[position] == "#" { return true }
      let isFree = one[position] == "+" || two[position] == "+"
      guard isFree || one[position] == two[position] else { return false }
      position += 1
    }
    // A final `#` includes the level above it.
    let rest = one.count > two.count ? one[position...] : two[position...]
    return rest.isEmpty || (rest.count == 1 && rest.first == "#")
  }

  private static func isWildcard(_ level: Substring) -> Bool { level == "+" || level == "#" }

  /// Returns the levels of a filter or topic.
  static func levels(_ text: some StringProtocol) -> [Substring] {
    String(text).split(separator: "/", omittingEmptySubsequences: false)
  }
}
