/// Iterates over the JSON documents of a payload, which follow each other with or without line ends (NDJSON).
struct JSONDocuments {
  private let bytes: UnsafeRawBufferPointer
  /// Position of the next document.
  private(set) var start = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Whether there is another document.
  var hasNext: Bool { start < bytes.count }

  /// Scans the next document; `nil` if it is valid. Ranges passed to the visitor are those of the payload.
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

  /// Returns to the start of a document.
  mutating func rewind(to position: Int) { start = position }
}
