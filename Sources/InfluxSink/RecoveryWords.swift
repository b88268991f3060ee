import Journal

extension RecoveryReport {
  /// What was found and mended, for the log. Example: `2 bytes of an unfinished record cut off`.
  package var words: String {
    func some(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
    var parts: [String] = []
    if truncatedBytes > 0 { parts.append("\(some(truncatedBytes, "byte")) of an unfinished record cut off") }
    if removedSegments > 0 { parts.append("\(some(removedSegments, "last segment")) without a whole record removed") }
    if removedLeftovers > 0 { parts.append("\(some(removedLeftovers, "file")) of an interrupted compression removed") }
    if damagedSegments > 0 { parts.append("\(some(damagedSegments, "segment")) with a damaged header or index") }
    if damage.places > 0 { parts.append("damaged and stepped over: \(damage)") }
    if missing.places > 0 { parts.append("missing: \(missing)") }
    return parts.joined(separator: ", ")
  }
}
