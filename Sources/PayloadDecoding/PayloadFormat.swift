package import PlantModel

/// A payload format.
///
/// A new format is one file in `Formats/` that conforms to this protocol, and one line in ``PayloadFormats/all``. See
/// *Add a payload format* in this module's documentation.
package protocol PayloadFormat: SendableMetatype {
  /// Name of the format for `payload:` in a plant file.
  static var name: PayloadFormatName { get }
  /// Description of the format for messages and help: one line without a full stop.
  static var summary: String { get }
  /// Example of a place in such a payload, as written in a plant file.
  static var examplePlace: String { get }
  /// Whether a payload can have several records, so that `each` and `where` apply.
  static var hasRecords: Bool { get }

  /// Whether payloads are binary, so that nothing is trimmed at their ends.
  static var isBinary: Bool { get }

  /// Returns the error of a place, with its correction; `nil` if it is valid.
  static func mistake(inPlace place: String) -> String?

  /// Returns a reader for the payloads of one rule.
  static func reader(for plan: ReadingPlan) -> PayloadReader
}

extension PayloadFormat {
  /// Default: `false`, a text format.
  package static var isBinary: Bool { false }
}

/// Reader of the payloads of one rule. It may cache state that speeds up the next payload, and belongs to one decoder.
///
/// A class, so that the decoder calls it through one indirect jump and without an existential.
package class PayloadReader {
  /// The plan for reading.
  let plan: ReadingPlan

  /// Creates a reader for the payloads of one rule.
  package init(_ plan: ReadingPlan) { self.plan = plan }

  /// Passes every value that the rule uses to `scope`. Returns the reason if the payload as a whole is invalid.
  ///
  /// Nothing of a refused message is kept, so values may be passed on before the whole payload is validated. A text
  /// payload is not empty and has no white space, byte-order mark or NUL at its ends.
  package func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    .unknownFormat
  }

  /// Returns the places at which a payload has values, for messages about missing places. Not used for readings.
  package func places(in payload: UnsafeRawBufferPointer) -> [String] { [] }
}

/// All payload formats.
package enum PayloadFormats {
  /// Every format that a plant file may name, in the order of the documentation.
  package static let all: [any PayloadFormat.Type] = [
    AutoFormat.self, NumberFormat.self, JSONFormat.self, ColumnFormat.self, PairFormat.self, LineFormat.self,
    SenMLFormat.self, SparkplugFormat.self,
  ]

  /// Formats that are selected by other keys of a rule than `payload`.
  package static let further: [any PayloadFormat.Type] = [AvailabilityFormat.self]

  /// Returns the format with a name.
  package static func named(_ name: PayloadFormatName) -> (any PayloadFormat.Type)? {
    (all + further).first { $0.name == name }
  }
}
