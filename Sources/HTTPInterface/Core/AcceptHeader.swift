/// The header `accept` (RFC 9110, section 12.5.1).
enum AcceptHeader {
  /// Returns the type that a client likes best; the earlier in the header of several.
  ///
  /// - Parameters:
  ///   - header: The header; the first type is meant without one.
  ///   - types: Types that there are, in small letters and without parameters, at least one.
  /// - Returns: The type; `nil` if the client takes none of them.
  static func best(_ header: String?, of types: [String]) -> String? {
    guard let header, header.contains(where: { $0 != " " }) else { return types.first }
    let ranges = header.split(separator: ",").enumerated().map { Range($1, place: $0) }
    let liked = types.enumerated().compactMap { order, type -> (type: String, quality: Double, place: Int)? in
      // The range that names most of a type decides about it.
      let fitting = ranges.filter { $0.names(type) }
      guard let range = fitting.max(by: { ($0.weight, $0.quality) < ($1.weight, $1.quality) }), range.quality > 0
      else { return nil }
      return (type, range.quality, range.place * types.count + order)
    }
    return liked.min { ($1.quality, $0.place) < ($0.quality, $1.place) }?.type
  }

  /// A range of types with its weight for the client.
  private struct Range {
    let name: Substring
    let place: Int
    /// From 0, which means never, to 1.
    let quality: Double

    init(_ part: Substring, place: Int) {
      let words = part.split(separator: ";", omittingEmptySubsequences: false).map {
        $0.lowercased().filter { $0 != " " }
      }
      let given = words.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
      (name, self.place) = (words[0][...], place)
      quality = given.map { $0.isFinite ? min(1, max(0, $0)) : 1 } ?? 1
    }

    /// How much of a type the range names.
    var weight: Int { name == "*/*" ? 0 : name.hasSuffix("/*") ? 1 : 2 }

    func names(_ type: String) -> Bool {
      weight == 0 || name == type || (weight == 1 && type.hasPrefix(name.dropLast()))
    }
  }
}
