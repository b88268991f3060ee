import PointSchema

/// Parts of the lines of `raw` and `clean` with the schema's names, rendered once into the text of a plant's keys.
struct ReadingNames: Sendable {
  /// Range in ``PlantKeys/text``. Compact, because the path of a reading holds all of them.
  struct Piece: Sendable {
    fileprivate let start: UInt8
    fileprivate let count: UInt8

    fileprivate init(_ piece: String, appendingTo text: inout [UInt8]) {
      precondition(piece.utf8.count <= ReadingNames.longestPiece)
      start = UInt8(truncatingIfNeeded: text.count)
      count = UInt8(truncatingIfNeeded: piece.utf8.count)
      text.append(contentsOf: piece.utf8)
    }
  }

  /// Bytes that are copied for each part, whatever its length: a copy of constant size needs no call. Source and
  /// destination have room for them.
  static let longestPiece = 48

  let raw: Piece
  let clean: Piece
  /// A space, and the name of the value.
  let value: Piece
  /// Judgement of a good reading.
  let good: Piece
  let quality: Piece
  /// End of the quality, and the name of the flags.
  let flags: Piece
  /// End of the flags, and that the value is an estimate.
  let imputed: Piece
  /// End of the flags, and that the value is no estimate.
  let notImputed: Piece
  let line: Piece
  let hold: Piece
  let uncertainty: Piece

  /// Renders the parts. They start within 256 bytes, and room for a copy of constant size follows them.
  ///
  /// - Parameter text: destination, which is empty.
  init(startingText text: inout [UInt8]) {
    let quality = FieldKey<Int64>.quality.name
    let flags = FieldKey<Int64>.flags.name
    let imputed = FieldKey<Bool>.imputed.name
    let method = FieldKey<String>.method.name
    raw = Piece(Measurement.raw.name, appendingTo: &text)
    clean = Piece(Measurement.clean.name, appendingTo: &text)
    value = Piece(" \(FieldKey<Double>.value.name)=", appendingTo: &text)
    good = Piece("\(quality)=0i,\(flags)=0i,\(imputed)=false", appendingTo: &text)
    self.quality = Piece("\(quality)=", appendingTo: &text)
    self.flags = Piece("i,\(flags)=", appendingTo: &text)
    self.imputed = Piece("i,\(imputed)=true", appendingTo: &text)
    notImputed = Piece("i,\(imputed)=false", appendingTo: &text)
    line = Piece(",\(method)=\"line\"", appendingTo: &text)
    hold = Piece(",\(method)=\"hold\"", appendingTo: &text)
    uncertainty = Piece(",\(FieldKey<Double>.uncertainty.name)=", appendingTo: &text)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: ReadingNames.longestPiece))
  }
}

extension TextCursor {
  /// Writes a part of the text that begins with the names of readings. It overwrites up to
  /// ``ReadingNames/longestPiece`` bytes after the end.
  mutating func put(_ piece: ReadingNames.Piece, of text: UnsafePointer<UInt8>) {
    put(text + Int(piece.start), count: Int(piece.count), copying: ReadingNames.longestPiece)
  }
}
