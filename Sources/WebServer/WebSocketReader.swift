/// Reader of the frames of one client (RFC 6455, section 5), without extensions.
///
/// It keeps at most one text and one control frame, so that its memory is bounded whatever a client sends.
struct WebSocketReader {
  /// A message of a client.
  enum Event: Equatable {
    /// A whole text, valid UTF-8.
    case text([UInt8])
    /// A question for a sign of life, whose content the answer repeats.
    case ping([UInt8])
    /// A sign of life.
    case pong
    /// The client ends the connection, with its code.
    case close(UInt16?)
  }

  /// A client that breaks the protocol, and the code with which it is told.
  struct Violation: Error, Equatable {
    var code: UInt16
    var words: String
  }

  private let mostBytes: Int
  private var header: [UInt8] = []
  private var opcode = WebSocketFrame.Opcode.text
  private var isFinal = true
  /// Mask of the frame, first byte lowest.
  private var mask: UInt32 = 0
  private var maskPosition = 0
  /// Bytes of the frame's content that are still to come; `nil` while its header is read.
  private var remaining: Int?
  private var text: [UInt8] = []
  private var isInText = false
  private var control: [UInt8] = []

  /// Creates a reader.
  ///
  /// - Parameter mostBytes: Maximum length of a text, fragments together [bytes].
  init(mostBytes: Int) {
    self.mostBytes = mostBytes
    header.reserveCapacity(14)
  }

  /// Reads bytes as they come.
  ///
  /// - Parameters:
  ///   - bytes: The bytes.
  ///   - tell: Receives what the client said, until it returns `false`.
  /// - Throws: The violation after which nothing of the client is of use.
  mutating func read(_ bytes: UnsafeRawBufferPointer, tell: (Event) -> Bool) throws(Violation) {
    var position = 0
    while position < bytes.count || remaining == 0 {
      if let left = remaining {
        let count = min(left, bytes.count - position)
        append(UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
        position += count
        remaining = left - count
        if left > count { return }
        remaining = nil
        if let event = try finish(), !tell(event) { return }
      } else {
        header.append(bytes[position])
        position += 1
        try readHeader()
      }
    }
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if opcode.isControl { unmask(bytes, into: \.control) } else { unmask(bytes, into: \.text) }
  }

  private mutating func unmask(_ bytes: UnsafeRawBufferPointer, into target: WritableKeyPath<Self, [UInt8]>) {
    let start = maskPosition
    // The array grows by itself, since a client may send single bytes.
    for (position, byte) in bytes.enumerated() {
      self[keyPath: target].append(byte ^ UInt8(truncatingIfNeeded: mask >> (8 * UInt32((start + position) & 3))))
    }
    maskPosition = (start + bytes.count) & 3
  }

  /// Begins the frame once its header is complete.
  private mutating func readHeader() throws(Violation) {
    if header.count == 1 { return try readOpcode(header[0]) }
    guard header[1] & 0x80 != 0 else { throw .broken("a frame of a client is masked") }
    let short = header[1] & 0x7F
    let extended = short == 126 ? 2 : short == 127 ? 8 : 0
    guard header.count == 2 + extended + 4 else {
      if opcode.isControl, extended > 0 { throw .broken("a control frame has at most 125 bytes") }
      return
    }
    var length = UInt64(extended == 0 ? short : 0)
    for byte in header[2..<2 + extended] { length = length << 8 | UInt64(byte) }
    if extended == 2 && length < 126 || extended == 8 && length < 65_536 {
      throw .broken("a length is written with as few bytes as possible")
    }
    let count = Int(clamping: length)
    if !opcode.isControl, count > mostBytes - text.count {
      throw Violation(code: WebSocketClose.tooLong, words: "a text has at most \(mostBytes) bytes")
    }
    mask = header[(2 + extended)...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    maskPosition = 0
    remaining = count
    header.removeAll(keepingCapacity: true)
    if opcode.isControl { control.removeAll(keepingCapacity: true) }
  }

  private mutating func readOpcode(_ byte: UInt8) throws(Violation) {
    guard byte & 0x70 == 0 else { throw .broken("no extension is agreed on") }
    guard let found = WebSocketFrame.Opcode(rawValue: byte & 0x0F) else { throw .broken("an unknown opcode") }
    (opcode, isFinal) = (found, byte & 0x80 != 0)
    switch found {
    case .binary: throw Violation(code: WebSocketClose.unsupportedData, words: "only text is taken")
    case .text where isInText: throw .broken("a text begins inside another")
    case .continuation where !isInText: throw .broken("a text continues that has not begun")
    case .close, .ping, .pong: guard isFinal else { throw .broken("a control frame is whole") }
    case .text: isInText = true
    case .continuation: break
    }
  }

  /// Returns what the frame says that has just ended; `nil` for a part of a text.
  private mutating func finish() throws(Violation) -> Event? {
    switch opcode {
    case .ping: return .ping(control)
    case .pong: return .pong
    case .close: return .close(try closeCode())
    case .text, .continuation, .binary:
      guard isFinal else { return nil }
      isInText = false
      defer { text = [] }
      guard String(validating: text, as: UTF8.self) != nil else {
        throw Violation(code: WebSocketClose.invalidText, words: "a text is UTF-8")
      }
      return .text(text)
    }
  }

  private func closeCode() throws(Violation) -> UInt16? {
    if control.isEmpty { return nil }
    guard control.count >= 2 else { throw .broken("a close code has two bytes") }
    let code = UInt16(control[0]) << 8 | UInt16(control[1])
    let isKnown = (1_000...1_003).contains(code) || (1_007...1_014).contains(code) || (3_000...4_999).contains(code)
    guard isKnown else { throw .broken("the close code \(code) is not to be sent") }
    guard String(validating: control[2...], as: UTF8.self) != nil else {
      throw Violation(code: WebSocketClose.invalidText, words: "a reason is UTF-8")
    }
    return code
  }
}

extension WebSocketReader.Violation {
  /// Returns a violation of the protocol.
  fileprivate static func broken(_ words: String) -> Self {
    Self(code: WebSocketClose.protocolError, words: words)
  }
}
