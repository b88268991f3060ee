import PlantModel

/// A topic pattern, as written in `match` of a plant file.
///
/// Levels are separated by `/`. `{name}` stands for a whole level or for a non-empty part of one (`sensor-{asset}_x`).
/// `+` stands for any one level, and a final `#` for all remaining levels. A name that occurs twice must stand for the
/// same bytes. As in MQTT, a wildcard at the start does not match topics that begin with `$`. A pattern that begins
/// with `$share/{group}/` is subscribed to as written, and matches topics without that prefix.
///
/// Example: `riverside/{asset}/{sensor}` subscribes to `riverside/+/+`, and extracts `pv1` and `power` from
/// `riverside/pv1/power`.
public struct TopicPattern: Hashable, Sendable {
  /// Error in a pattern.
  public enum ParseError: Error, Hashable, Sendable {
    /// The pattern is empty.
    case empty
    /// A `{` without its `}`, a `}` without its `{`, or nested braces.
    case unbalancedBrace
    /// `{}`, a placeholder without a name.
    case emptyPlaceholder
    /// `{a}{b}`: the boundary between the two values is ambiguous.
    case adjacentPlaceholders
    /// A `+` that is not a whole level.
    case wildcardInsideLevel
    /// A `#` that is not the whole last level.
    case hashNotLast
    /// A control character, or more than 65,535 bytes.
    case invalidTopic
    /// `$share` without a group or filter, or a group with wildcards or braces.
    case invalidShare
  }

  enum Piece: Hashable, Sendable {
    case literal([UInt8])
    /// Position in ``TopicPattern/placeholders``.
    case placeholder(Int)
  }

  enum Level: Hashable, Sendable {
    case literal([UInt8])
    case single
    case rest
    case pieces([Piece])
  }

  /// The pattern as written.
  public let text: String
  /// Names of the placeholders in order of first occurrence.
  public let placeholders: [String]
  /// The topic filter for the subscription, including the prefix of a shared subscription.
  public let filter: String
  /// Group of a shared subscription.
  public let share: String?
  let levels: [Level]

  /// Parses a pattern.
  ///
  /// - Throws: `ParseError` if the pattern is invalid.
  public init(_ text: String) throws(ParseError) {
    guard !text.isEmpty else { throw .empty }
    guard text.utf8.count <= 65_535, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .invalidTopic }
    let shared = SharedSubscription(text)
    if shared?.isValid == false { throw .invalidShare }
    var names: [String] = []
    var levels: [Level] = []
    var filters: [String] = []
    let parts = (shared?.filter ?? text[...]).split(separator: "/", omittingEmptySubsequences: false)
    for (position, part) in parts.enumerated() {
      let level = try TopicPattern.level(String(part), names: &names)
      if level == .rest, position != parts.count - 1 { throw .hashNotLast }
      levels.append(level)
      switch level {
      case .literal: filters.append(String(part))
      case .rest: filters.append("#")
      case .single, .pieces: filters.append("+")
      }
    }
    self.text = text
    self.placeholders = names
    self.levels = levels
    share = (shared?.group).map { String($0) }
    let prefix = share.map { ["$share", $0] } ?? []
    filter = (prefix + filters).joined(separator: "/")
  }

  /// The filter without the prefix of a shared subscription, for comparison with topics.
  var topicFilter: Substring { SharedSubscription.unshared(filter) }

  private static func level(_ text: String, names: inout [String]) throws(ParseError) -> Level {
    if text == "+" { return .single }
    if text == "#" { return .rest }
    var pieces: [Piece] = []
    var literal: [UInt8] = []
    var name: [UInt8]?
    for byte in text.utf8 {
      switch (byte, name) {
      case (UInt8(ascii: "{"), nil):
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        if literal.isEmpty, !pieces.isEmpty { throw .adjacentPlaceholders }
        literal = []
        name = []
      case (UInt8(ascii: "}"), .some(let bytes)):
        guard !bytes.isEmpty else { throw .emptyPlaceholder }
        pieces.append(.placeholder(position(of: String(decoding: bytes, as: UTF8.self), in: &names)))
        name = nil
      case (UInt8(ascii: "{"), _), (UInt8(ascii: "}"), _): throw .unbalancedBrace
      case (_, .some): name?.append(byte)
      case (UInt8(ascii: "+"), nil): throw .wildcardInsideLevel
      case (UInt8(ascii: "#"), nil): throw .hashNotLast
      default: literal.append(byte)
      }
    }
    guard name == nil else { throw .unbalancedBrace }
    if pieces.isEmpty { return .literal(literal) }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    return .pieces(pieces)
  }

  private static func position(of name: String, in names: inout [String]) -> Int {
    if let known = names.firstIndex(of: name) { return known }
    names.append(name)
    return names.count - 1
  }
}
