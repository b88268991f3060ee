import PlantModel

/// Names that differ from a known one by a slip of the keyboard.
enum NearName {
  /// Returns the known name that a name is a slip of: one letter too many, missing or wrong, or two exchanged.
  ///
  /// Numbers tell devices apart, so `pv1` is no slip of `pv2`; neither is a name of fewer than four letters.
  static func slip(_ name: String, of known: some Sequence<String>) -> String? {
    let own = Array(name.lowercased())
    guard own.count >= 4 else { return nil }
    return known.filter { $0 != name && isSlip(own, of: Array($0.lowercased())) }.min()
  }

  /// Returns `; perhaps 'x' is meant`, or an empty text if no name is similar.
  static func hint(_ name: String, of known: [String]) -> String {
    let near = known.sorted().map { ($0, EditDistance.between($0, name)) }.min { $0.1 < $1.1 }
    guard let near, name.count >= 3, near.1 <= max(1, name.count / 3) else { return "" }
    return "; perhaps '\(near.0)' is meant"
  }

  private static func isSlip(_ a: [Character], of b: [Character]) -> Bool {
    guard (a.count - b.count).magnitude <= 1, b.count >= 4 else { return false }
    let start = zip(a, b).prefix { $0 == $1 }.count
    let (restA, restB) = (a[start...], b[start...])
    let end = zip(restA.reversed(), restB.reversed()).prefix { $0 == $1 }.count
    let (odd, right) = (Array(restA.dropLast(end)), Array(restB.dropLast(end)))
    // Spaces, dots and digits tell names apart, and a plural is a name of its own.
    if (odd + right).contains(where: { !$0.isLetter }) { return false }
    if odd == ["s"], right.isEmpty, end == 0 { return false }
    switch (odd.count, right.count) {
    case (0, 0): return a != b
    case (0...1, 0...1): return true
    case (2, 2): return odd[0] == right[1] && odd[1] == right[0]
    default: return false
    }
  }
}
