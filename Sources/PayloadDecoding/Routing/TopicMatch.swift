extension TopicPattern {
  /// What each placeholder stands for in a topic, as ranges of its bytes; `nil` where the topic is of another form.
  ///
  /// Captures are as they stand; see ``decodedName(_:)``. A whole level may be empty.
  public func captures(in topic: UnsafeRawBufferPointer) -> [Range<Int>]? {
    var captures: [Range<Int>?] = Array(repeating: nil, count: placeholders.count)
    var start = 0
    for (position, level) in levels.enumerated() {
      if position == 0, topic.first == UInt8(ascii: "$"), !level.beginsLiterally { return nil }
      // `a/#` matches `a` too: there, the levels before it have used up the topic and the slash behind it.
      if level == .rest { return captures.compactMap(\.self) }
      guard start <= topic.count else { return nil }
      var end = start
      while end < topic.count, topic[end] != UInt8(ascii: "/") { end += 1 }
      guard matches(level, start..<end, of: topic, &captures) else { return nil }
      start = end + 1
    }
    return start == topic.count + 1 ? captures.compactMap(\.self) : nil
  }

  /// A name as a topic carries it: `%2F` and other percent codes are resolved, unless what comes out is not UTF-8 or has
  /// control characters. `nil` where the bytes are not UTF-8.
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

  /// Patterns with filters of their own that no other one's covers: what has to be subscribed to.
  ///
  /// A broker serves a shared subscription apart from every other, so that a message that matches two filters comes
  /// twice. A shared filter is therefore left out if another one, shared or not, lets all its messages through. A filter
  /// that is not shared brings every message, and is left out only for another one that does.
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
    _ level: Level, _ range: Range<Int>, of topic: UnsafeRawBufferPointer, _ captures: inout [Range<Int>?]
  ) -> Bool {
    switch level {
    case .literal(let bytes): bytes.elementsEqual(topic[range])
    case .single, .rest: true
    case .pieces(let pieces):
      if pieces.count == 1, case .placeholder(let name) = pieces[0] {
        keep(range, as: name, of: topic, &captures)
      } else {
        matches(pieces, range, of: topic, &captures)
      }
    }
  }

  /// Each literal is taken at its first place, the last one at the end; with placeholders between literals that finds a
  /// match wherever there is one, in linear time.
  private func matches(
    _ pieces: [Piece], _ range: Range<Int>, of topic: UnsafeRawBufferPointer, _ captures: inout [Range<Int>?]
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
          guard start + bytes.count <= range.upperBound, keep(at..<start, as: name, of: topic, &captures) else {
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
    return at < range.upperBound && keep(at..<range.upperBound, as: name, of: topic, &captures)
  }

  private func isLiteral(_ bytes: [UInt8], at start: Int, of topic: UnsafeRawBufferPointer) -> Bool {
    bytes.elementsEqual(topic[start..<start + bytes.count])
  }

  private func keep(
    _ range: Range<Int>, as name: Int, of topic: UnsafeRawBufferPointer, _ captures: inout [Range<Int>?]
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
