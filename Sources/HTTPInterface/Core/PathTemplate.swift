/// A path with parameters in braces, such as `/api/v1/alerts/{id}/acknowledge`.
///
/// Names of plants, assets and alerts may have slashes, and the server resolves the percent-encoding before it gives
/// the path. So a parameter takes as many parts as the rest of the template leaves.
struct PathTemplate: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  private enum Part: Hashable {
    case text(Substring)
    case parameter(String)
  }

  /// The template as text.
  let description: String
  private let parts: [Part]

  init(stringLiteral text: String) { self.init(text) }

  init(_ text: String) {
    description = text
    parts = text.split(separator: "/", omittingEmptySubsequences: false).map { part in
      part.hasPrefix("{") && part.hasSuffix("}") ? .parameter(String(part.dropFirst().dropLast())) : .text(part)
    }
  }

  /// Names of the parameters in order.
  var parameters: [String] {
    parts.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  /// Number of parts that are text. Of several templates that match, the one with most is meant.
  var weight: Int { parts.count - parameters.count }

  /// Returns the values of the parameters in a path; `nil` if it does not match.
  func match(_ path: String) -> [String: String]? {
    let levels = path.split(separator: "/", omittingEmptySubsequences: false)
    guard levels.count >= parts.count else { return nil }
    if parameters.isEmpty { return path == description ? [:] : nil }
    var found: [String: String] = [:]
    guard Self.match(parts[...], levels: levels[...], into: &found) else { return nil }
    return found
  }

  private static func match(
    _ parts: ArraySlice<Part>, levels: ArraySlice<Substring>, into found: inout [String: String]
  ) -> Bool {
    guard let part = parts.first else { return levels.isEmpty }
    let rest = parts.dropFirst()
    switch part {
    case .text(let text):
      guard levels.first == text else { return false }
      return match(rest, levels: levels.dropFirst(), into: &found)
    case .parameter(let name):
      let spare = levels.count - rest.count
      guard spare >= 1 else { return false }
      // The shortest that fits is tried first; names with slashes are the exception.
      for count in 1...spare {
        guard match(rest, levels: levels.dropFirst(count), into: &found) else { continue }
        found[name] = levels.prefix(count).joined(separator: "/")
        return found[name] != ""
      }
      return false
    }
  }
}

/// Names in paths.
enum PathName {
  /// Returns a name as the server gives it, which drops repeated slashes and dots between slashes.
  static func sanitized(_ name: String) -> String {
    var parts: [Substring] = []
    for part in name.split(separator: "/", omittingEmptySubsequences: true) {
      if part == "." { continue }
      if part == ".." {
        _ = parts.popLast()
        continue
      }
      parts.append(part)
    }
    return parts.joined(separator: "/")
  }

  /// Returns the known name that a path means: itself, or the only one that the server changes into it.
  static func resolve(_ given: String, among known: some Sequence<String>) -> String? {
    var near: [String] = []
    for name in known {
      if name == given { return name }
      if sanitized(name) == given { near.append(name) }
    }
    return near.count == 1 ? near[0] : nil
  }
}
