/// Suggestions for misspelt names.
public enum NearestName {
  /// Returns a hint for messages: the most similar name, or the first 20 names if none is similar.
  public static func hint(_ name: String, of names: [String]) -> String {
    if names.isEmpty { return "the plant declares none" }
    let ranked = names.sorted().map { ($0, EditDistance.between($0, name)) }
    if let nearest = ranked.min(by: { $0.1 < $1.1 }), nearest.1 <= max(2, name.count / 3) {
      return "perhaps it is '\(nearest.0)'"
    }
    let more = names.count > 20 ? " and \(names.count - 20) more" : ""
    return "the plant has \(names.sorted().prefix(20).joined(separator: ", "))\(more)"
  }
}
