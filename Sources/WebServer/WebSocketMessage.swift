import Synchronization

/// A text, or several, for any number of sessions, encoded once.
///
/// Its memory is freed once the last session has sent it.
public final class WebSocketMessage: Sendable {
  /// The frames, as they are sent.
  let frame: [UInt8]

  /// Length of all frames in memory [bytes].
  private static let kept = Atomic<Int>(0)

  /// Length of all frames in memory [bytes].
  static var keptBytes: Int { kept.load(ordering: .relaxed) }

  /// Encodes a text, which must be UTF-8.
  public init(text: some Collection<UInt8>) {
    frame = WebSocketFrame.encode(.text, payload: text)
    Self.kept.add(frame.count, ordering: .relaxed)
  }

  /// Encodes texts, which must be UTF-8, that are sent one after another.
  public init(texts: some Sequence<[UInt8]>) {
    frame = texts.reduce(into: []) { $0 += WebSocketFrame.encode(.text, payload: $1) }
    Self.kept.add(frame.count, ordering: .relaxed)
  }

  deinit { Self.kept.subtract(frame.count, ordering: .relaxed) }
}

/// Frames of RFC 6455 as a server sends them: whole and unmasked.
enum WebSocketFrame {
  /// Meaning of a frame.
  enum Opcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Whether the frame is about the connection, and so short and whole.
    var isControl: Bool { rawValue & 0x8 != 0 }
  }

  /// Maximum length of a control frame's content [bytes].
  static let mostControlBytes = 125

  /// Returns a frame.
  static func encode(_ opcode: Opcode, payload: some Collection<UInt8>) -> [UInt8] {
    let count = payload.count
    var frame: [UInt8] = []
    frame.reserveCapacity(count + 10)
    frame.append(0x80 | opcode.rawValue)
    switch count {
    case ...125: frame.append(UInt8(count))
    case ...65_535:
      frame.append(126)
      frame += [UInt8(count >> 8), UInt8(count & 0xFF)]
    default:
      frame.append(127)
      for shift in stride(from: 56, through: 0, by: -8) { frame.append(UInt8(truncatingIfNeeded: count >> shift)) }
    }
    frame.append(contentsOf: payload)
    return frame
  }

  /// Returns a close frame. A reason that is too long is cut.
  ///
  /// - Parameters:
  ///   - code: Close code; `nil` for none.
  ///   - reason: Words for people.
  static func close(_ code: UInt16?, reason: String = "") -> [UInt8] {
    guard let code else { return encode(.close, payload: []) }
    var words = reason[...]
    while words.utf8.count > mostControlBytes - 2 { words.removeLast() }
    return encode(.close, payload: [UInt8(code >> 8), UInt8(code & 0xFF)] + words.utf8)
  }
}
