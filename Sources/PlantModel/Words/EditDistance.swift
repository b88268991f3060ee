/// Distance between words, for suggestions.
public enum EditDistance {
  /// Returns the least number of insertions, deletions and replacements of letters (Levenshtein 1966).
  ///
  /// Case is ignored, as are letters after the first 64 of each word. Example: `kitten`, `sitting`: 3.
  public static func between(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased().prefix(64)), Array(b.lowercased().prefix(64)))
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let change = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
