extension TopicPattern {
  /// Returns the range of each placeholder's value in a topic; `nil` if the topic does not match.
  ///
  /// Values are not decoded; see ``decodedName(_:)``. A value that fills a level may be empty.
  public func captures(in topic: UnsafeRawBufferPointer) -> [Range<Int>]? {
    var captures: [Range<Int>?] = Array(repeating: nil, count: placeholders.count)
    var start = 0
    for (position, level) in levels.enumerated() {
      if position == 0, topic.first == UInt8(ascii: "$"), !level.beginsLiterally { return nil }
      // `a/#` also matches `a`: the preceding levels have then consumed the topic and the slash after it.
      if level == .rest { return captures.compactMap(\.self) }
      guard start <= topic.count else { return nil }
      var end = start
      while end < topic.count, topic[end] != UInt8(ascii: "/") { end += 1 }
      guard matches(level, range: start..<end, of: topic, captures: &captures) else { return nil }
      start = end + 1
    }
    return start == topic.count + 1 ? captures.compactMap(\.self) : nil
  }

  /// Decodes a name from a topic. Percent codes such as `%2F` are resolved, unless the result is not UTF-8 or contains
  /// control characters. Returns `nil` if the bytes are not UTF-8.
  ///
  /// Example: `line%2F2` is `line/2`; `100%` is itself.
  public static func decodedName(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard let plain = ByteText.string(bytes) else { return nil }
    guard bytes.contains(UInt8(ascii: "%")) else { return plain }
    var decoded: [UInt8] = []
    var i = 0
    while i < bytes.count {
      if bytes[i] == UInt8(ascii: "%"), i + 2 < bytes.count, let high = JSONEscapes.digit(bytes[i + 1]),
        let low = JSONEscapes.digit(bytes[i + 2])
      {
        decoded.append(high << 4 | low)
        i += 3
      } else {
        decoded.append(bytes[i])
        i += 1
      }
    }
    guard decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return plain }
    return decoded.withUnsafeBytes { ByteText.string($0) } ?? plain
  }

  /// Returns the patterns to subscribe to: those with distinct filters that no other filter covers.
  ///
  /// A broker serves a shared subscription separately from every other one, so a message that matches two filters
  /// arrives twice. A shared filter is therefore left out if another one, shared or not, passes all its messages. A
  /// filter that is not shared delivers every message, and is left out only for another unshared one.
  public static func subscriptions(_ patterns: [TopicPattern]) -> [TopicPattern] {
    let plain = Set(patterns.filter { $0.share == nil }.map(\.filter))
    var known: Set<Substring> = []
    let different = patterns.filter { pattern in
      if pattern.share != nil, plain.contains(String(pattern.topicFilter)) { return false }
      return known.insert(pattern.topicFilter).inserted
    }
    let index = PatternIndex(different)
    return different.indices.filter { !index.isCovered($0) }.map { different[$0] }
  }

  private func matches(
    _ level: Level, range: Range<Int>, of topic: UnsafeRawBufferPointer, captures: inout [Range<Int>?]
  ) -> Bool {
    switch level {
    case .literal(let bytes): bytes.elementsEqual(topic[range])
    case .single, .rest: true
    case .pieces(let pieces):
      if pieces.count == 1, case .placeholder(let name) = pieces[0] {
        keep(range, as: name, of: topic, captures: &captures)
      } else {
        matches(pieces, range: range, of: topic, captures: &captures)
      }
    }
  }

  /// Matches each literal at its first possible position, the last one at the end. Because placeholders separate the
  /// literals, this finds a match if there is one, in linear time.
  ///
  /// - Parameters:
  ///   - pieces: the pieces of a level.
  ///   - range: range of the level in the topic.
  ///   - topic: the topic.
  ///   - captures: ranges of the placeholders' values, by placeholder.
  private func matches(
    _ pieces: [Piece], range: Range<Int>, of topic: UnsafeRawBufferPointer, captures: inout [Range<Int>?]
  ) -> Bool {
    var at = range.lowerBound
    var pending: Int?
    for (position, piece) in pieces.enumerated() {
      switch piece {
      case .placeholder(let name): pending = name
      case .literal(let bytes):
        let isLast = position == pieces.count - 1
        var start = at
        if let name = pending {
          start = isLast ? range.upperBound - bytes.count : at + 1
          guard start > at else { return false }
          while start + bytes.count <= range.upperBound, !isLiteral(bytes, at: start, of: topic) { start += 1 }
          guard start + bytes.count <= range.upperBound, keep(at..<start, as: name, of: topic, captures: &captures)
          else {
            return false
          }
        } else if start + bytes.count > range.upperBound || !isLiteral(bytes, at: start, of: topic) {
          return false
        }
        pending = nil
        at = start + bytes.count
      }
    }
    guard let name = pending else { return at == range.upperBound }
    return at < range.upperBound && keep(at..<range.upperBound, as: name, of: topic, captures: &captures)
  }

  private func isLiteral(_ bytes: [UInt8], at start: Int, of topic: UnsafeRawBufferPointer) -> Bool {
    bytes.elementsEqual(topic[start..<start + bytes.count])
  }

  private func keep(
    _ range: Range<Int>, as name: Int, of topic: UnsafeRawBufferPointer, captures: inout [Range<Int>?]
  ) -> Bool {
    if let earlier = captures[name] { return topic[earlier].elementsEqual(topic[range]) }
    captures[name] = range
    return true
  }
}

extension TopicPattern.Level {
  fileprivate var beginsLiterally: Bool {
    switch self {
    case .literal: true
    case .single, .rest: false
    case .pieces(let pieces):
      if case .literal = pieces[0] { true } else { false }
    }
  }
}
