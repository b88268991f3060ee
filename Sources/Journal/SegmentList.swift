import Glibc
import PlantModel
import SystemCore
import WattlineTime

/// A segment: offsets `base..<end`, including its header, in one file.
struct Segment: Equatable, Sendable {
  /// Encoding of the bytes in the file.
  enum Form: CaseIterable, Sendable {
    /// Uncompressed.
    case plain
    /// In zstd frames; see ``SealedFormat``.
    case sealed

    var suffix: String { self == .plain ? ".journal" : ".journal.zst" }
  }

  var base: UInt64
  var end: UInt64
  var form = Form.plain
  /// Size of the file [bytes].
  var diskBytes: Int
  /// Latest receive time, if known.
  var newest: Timestamp?
  /// Whether sealing was tried and does not reduce the size.
  var isIncompressible = false

  init(base: UInt64, end: UInt64) {
    self.base = base
    self.end = end
    diskBytes = Int(end - base)
  }

  /// Number of bytes from its base to its end, independent of the file's size.
  var size: Int { Int(end - base) }

  /// Name of the file.
  var name: String { Segment.name(base: base, form: form) }

  /// Returns a file name: the base offset in 20 digits, so that names sort like offsets.
  static func name(base: UInt64, form: Form = .plain) -> String {
    let digits = String(base)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + form.suffix
  }

  /// Returns the name under which a sealed segment is written before it is renamed. No process reads this file.
  static func temporaryName(base: UInt64) -> String { name(base: base, form: .sealed) + temporarySuffix }

  static let temporarySuffix = ".new"

  /// Returns the base offset in the name of a segment of that form; `nil` for other files.
  static func base(ofName name: String, form: Form = .plain) -> UInt64? {
    guard name.hasSuffix(form.suffix), name.utf8.count == 20 + form.suffix.utf8.count,
      let base = UInt64(name.dropLast(form.suffix.count))
    else { return nil }
    return base <= JournalFormat.maximumOffset ? base : nil
  }
}

/// The contents of a journal's folder. Listing it changes nothing.
struct SegmentList {
  /// Segments by offset, without overlap.
  var segments: [Segment] = []
  /// Number of sealed segments that cannot be read completely.
  var damagedSegments = 0
  /// Names of leftover files of an interrupted sealing.
  var leftovers: [String] = []
  private let directory: String

  init(directory: String) throws(JournalError) {
    self.directory = directory
    let names = try Folder.names(in: directory)
    leftovers = names.filter { $0.hasSuffix(Segment.Form.sealed.suffix + Segment.temporarySuffix) }
    let plain = names.compactMap { Segment.base(ofName: $0, form: .plain) }
    let sealed = Set(names.compactMap { Segment.base(ofName: $0, form: .sealed) })
    for base in sealed.union(plain).sorted() {
      let hasPlain = !sealed.contains(base) || plain.contains(base)
      guard let segment = try segment(base: base, hasPlain: hasPlain, hasSealed: sealed.contains(base)) else {
        continue
      }
      // Segments never overlap; a file that reaches into the next segment was not written by this program.
      if let last = segments.indices.last {
        let before = segments[last]
        // A segment with an unknown end is taken to reach to the next one.
        segments[last].end = before.form == .sealed && before.newest == nil ? base : min(before.end, base)
      }
      segments.append(segment)
    }
  }

  /// Offsets between segments that no file contains.
  var missing: JournalDamage {
    var missing = JournalDamage()
    for (before, after) in zip(segments, segments.dropFirst()) where before.end < after.base {
      missing.add(before.end..<after.base)
    }
    return missing
  }

  /// Returns the segment at `base`, in whichever form is intact.
  private mutating func segment(base: UInt64, hasPlain: Bool, hasSealed: Bool) throws(JournalError) -> Segment? {
    let plain = hasPlain ? try plainSegment(base: base) : nil
    guard hasSealed, let file = try regularFile(Segment.name(base: base, form: .sealed)) else { return plain }
    let content = try SealedContent(file: file, base: base)
    if let plain {
      // Sealing was interrupted before the plain file was removed, or the sealed file is damaged.
      var isBetter = false
      if let content, content.end >= plain.end { isBetter = try content.isReadable() }
      leftovers.append(Segment.name(base: base, form: isBetter ? .plain : .sealed))
      if !isBetter { return plain }
    }
    if content?.isComplete != true { damagedSegments += 1 }
    return try SegmentList.segment(base: base, file: file, content: content)
  }

  private func plainSegment(base: UInt64) throws(JournalError) -> Segment? {
    guard let file = try regularFile(Segment.name(base: base)) else { return nil }
    return Segment(base: base, end: base + UInt64(try file.size()))
  }

  private static func segment(base: UInt64, file: OpenFile, content: SealedContent?) throws(JournalError) -> Segment {
    let size = try file.size()
    var segment = Segment(base: base, end: content?.end ?? base + UInt64(size))
    segment.form = .sealed
    segment.diskBytes = size
    segment.newest = content?.newest
    return segment
  }

  /// Opens a file; `nil` if it was just removed or is not a regular file.
  private func regularFile(_ name: String) throws(JournalError) -> OpenFile? {
    do {
      let file = try OpenFile("\(directory)/\(name)", flags: O_RDONLY | O_NONBLOCK)
      return try file.isRegular() ? file : nil
    } catch .system(let error) where [ENOENT, ELOOP, ENXIO].contains(error.code) {
      return nil
    }
  }
}
