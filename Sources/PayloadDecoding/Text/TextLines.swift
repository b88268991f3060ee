/// The non-blank lines of a payload, without surrounding white space.
struct TextLines: Sequence, IteratorProtocol {
  private let payload: UnsafeRawBufferPointer
  private var start = 0

  init(_ payload: UnsafeRawBufferPointer) { self.payload = payload }

  mutating func next() -> Range<Int>? {
    while start < payload.count {
      var end = start
      while end < payload.count, payload[end] != 0x0A { end += 1 }
      let line = ByteText.trimmed(payload, range: start..<end)
      start = end + 1
      if !line.isEmpty { return line }
    }
    return nil
  }
}
