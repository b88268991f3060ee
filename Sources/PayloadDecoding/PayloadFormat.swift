import PlantModel

/// A form in which payloads come.
///
/// A new format is one file in `Formats/` that conforms, and one line in ``PayloadFormats/all``. See *Add a payload
/// format* in this module's documentation.
package protocol PayloadFormat: SendableMetatype {
  /// The word of `payload:` in a plant file.
  static var name: PayloadFormatName { get }
  /// What such a payload is, for messages and help: one line without a full stop.
  static var summary: String { get }
  /// An example of a place in such a payload, as a plant file has it.
  static var examplePlace: String { get }
  /// Whether a payload can have several records, so that `each` and `where` mean something.
  static var hasRecords: Bool { get }

  /// Whether payloads are bytes rather than text, so that nothing is cut off their ends.
  static var isBinary: Bool { get }

  /// What is wrong with a place in the payload, with what would be right; `nil` if nothing is.
  static func mistake(inPlace place: String) -> String?

  /// A reader of the payloads of one rule.
  static func reader(for plan: ReadingPlan) -> PayloadReader
}

extension PayloadFormat {
  /// Texts.
  package static var isBinary: Bool { false }
}

/// Reads the payloads of the topics of one rule. It may keep what helps it to read the next payload faster, and belongs
/// to one decoder.
///
/// A class, so that the decoder calls it through one indirect jump and without an existential.
package class PayloadReader {
  /// What is read and how.
  let plan: ReadingPlan

  /// A reader of the payloads of one rule.
  package init(_ plan: ReadingPlan) { self.plan = plan }

  /// Hands every value that the rule takes to `scope`; the reason if the payload as a whole is not sound.
  ///
  /// Nothing of a message that is refused is kept, so values may be handed over before the whole payload is known to be
  /// sound. `payload` is not empty and has no white space, byte-order mark or NUL at its ends.
  package func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    .unknownFormat
  }

  /// The places at which a payload has values, for messages about places that it has not. Not on the way of a reading.
  package func places(in payload: UnsafeRawBufferPointer) -> [String] { [] }
}

/// All payload formats.
package enum PayloadFormats {
  /// Every format that a plant file may name, in the order of the documentation.
  package static let all: [any PayloadFormat.Type] = [
    AutoFormat.self, NumberFormat.self, JSONFormat.self, ColumnFormat.self, PairFormat.self, LineFormat.self,
    SenMLFormat.self, SparkplugFormat.self,
  ]

  /// Formats that other keys of a rule than `payload` ask for.
  package static let further: [any PayloadFormat.Type] = [AvailabilityFormat.self]

  /// The format of a name.
  package static func named(_ name: PayloadFormatName) -> (any PayloadFormat.Type)? {
    (all + further).first { $0.name == name }
  }
}
