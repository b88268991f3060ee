/// Validation of a Sparkplug rule's `match`.
package enum SparkplugMatch {
  private static let example = "spBv1.0/{group}/+/{edge}/{device}"

  /// Returns the error of a `match` for Sparkplug, with its correction; `nil` if it is valid.
  package static func mistake(_ match: String) -> String? {
    var levels = match.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if levels.first == "$share", levels.count > 2 { levels.removeFirst(2) }
    guard levels.first == SparkplugTopic.namespace else {
      return "'\(match)' is no topic of Sparkplug, which begin with \(SparkplugTopic.namespace); write \"\(example)\""
    }
    let hasRest = levels.last == "#"
    guard hasRest ? levels.count <= 5 : levels.count == 4 || levels.count == 5 else {
      return "'\(match)' has \(levels.count) levels, and topics of Sparkplug have five, the last for devices; write "
        + "\"\(example)\""
    }
    let isOpen =
      levels.count < 3 || ["+", "#"].contains(levels[2]) || levels[2].hasPrefix("{") && levels[2].hasSuffix("}")
    if !isOpen {
      return
        "'\(match)' takes messages of one kind alone, and data cannot be read without the births and deaths; write "
        + "+ in place of '\(levels[2])'"
    }
    return nil
  }
}
