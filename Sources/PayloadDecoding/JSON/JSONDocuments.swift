/// Walks through the JSON documents of a payload, which follow each other with or without line ends (NDJSON).
struct JSONDocuments {
  private let bytes: UnsafeRawBufferPointer
  /// Where the next document begins.
  private(set) var start = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Whether there is another document.
  var hasNext: Bool { start < bytes.count }

  /// Scans the next document; `nil` when it is sound. Ranges that the visitor sees are those of the payload.
  mutating func scan<Visitor: JSONVisitor>(
    from root: Visitor.Context, with visitor: inout Visitor
  ) -> RefusalReason? {
    var scanner = JSONScanner<Visitor>(bytes, at: start)
    if let refusal = scanner.scanDocument(from: root, with: &visitor) {
      return refusal == .malformedJSON && !ByteText.isUTF8(bytes) ? .notUTF8 : refusal
    }
    start = scanner.at
    return nil
  }

  /// Goes back to a document.
  mutating func rewind(to position: Int) { start = position }
}
