import PlantModel

extension RecoveryReport {
  /// Findings and repairs of the recovery, for the log. Example: `2 bytes of an unfinished record cut off`.
  package var words: String {
    var parts: [String] = []
    if truncatedBytes > 0 { parts.append("\(truncatedBytes.counted("byte")) of an unfinished record cut off") }
    if removedSegments > 0 { parts.append("\(removedSegments.counted("last segment")) without a whole record removed") }
    if removedLeftovers > 0 {
      parts.append("\(removedLeftovers.counted("file")) of an interrupted compression removed")
    }
    if damagedSegments > 0 { parts.append("\(damagedSegments.counted("segment")) with a damaged header or index") }
    if damage.places > 0 { parts.append("damaged and stepped over: \(damage)") }
    if missing.places > 0 { parts.append("missing: \(missing)") }
    return parts.joined(separator: ", ")
  }
}
