import Glibc
import PlantModel

/// A segment: offsets `base..<end`, its header included, in one file.
struct Segment: Equatable, Sendable {
  /// How its bytes lie in the file.
  enum Form: CaseIterable, Sendable {
    /// As they are.
    case plain
    /// In zstd frames, see ``SealedFormat``.
    case sealed

    var suffix: String { self == .plain ? ".journal" : ".journal.zst" }
  }

  var base: UInt64
  var end: UInt64
  var form = Form.plain
  /// Size of the file [bytes].
  var diskBytes: Int
  /// Latest receive time in it, where that is known.
  var newest: Timestamp?
  /// Whether sealing it was tried and does not make it smaller.
  var isIncompressible = false

  init(base: UInt64, end: UInt64) {
    self.base = base
    self.end = end
    diskBytes = Int(end - base)
  }

  /// Bytes from its base to its end, whatever the file takes.
  var size: Int { Int(end - base) }

  /// The file's name.
  var name: String { Segment.name(base: base, form) }

  /// A file's name: the base offset in 20 digits, so that names sort as offsets do.
  static func name(base: UInt64, _ form: Form = .plain) -> String {
    let digits = String(base)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + form.suffix
  }

  /// What is written before it takes a sealed segment's name. No process reads it.
  static func temporaryName(base: UInt64) -> String { name(base: base, .sealed) + temporarySuffix }

  static let temporarySuffix = ".new"

  /// The base offset in the name of a segment of that form; `nil` for other files.
  static func base(ofName name: String, _ form: Form = .plain) -> UInt64? {
    guard name.hasSuffix(form.suffix), name.utf8.count == 20 + form.suffix.utf8.count,
      let base = UInt64(name.dropLast(form.suffix.count))
    else { return nil }
    return base <= JournalFormat.maximumOffset ? base : nil
  }
}

/// What lies in a journal's folder, without changing anything there.
struct SegmentList {
  /// By offset; they do not overlap.
  var segments: [Segment] = []
  /// Sealed segments of which not all can be read.
  var damagedSegments = 0
  /// Names of files that an interrupted sealing left and nobody needs.
  var leftovers: [String] = []
  private let directory: String

  init(directory: String) throws(JournalError) {
    self.directory = directory
    let names = try Folder.names(in: directory)
    leftovers = names.filter { $0.hasSuffix(Segment.Form.sealed.suffix + Segment.temporarySuffix) }
    let plain = names.compactMap { Segment.base(ofName: $0, .plain) }
    let sealed = Set(names.compactMap { Segment.base(ofName: $0, .sealed) })
    for base in sealed.union(plain).sorted() {
      let hasPlain = !sealed.contains(base) || plain.contains(base)
      guard let segment = try segment(base: base, hasPlain: hasPlain, hasSealed: sealed.contains(base)) else {
        continue
      }
      // A segment never reaches into the next one; a file that does was not written by this program.
      if let last = segments.indices.last {
        let before = segments[last]
        // One that cannot tell its end reaches to the next.
        segments[last].end = before.form == .sealed && before.newest == nil ? base : min(before.end, base)
      }
      segments.append(segment)
    }
  }

  /// Offsets between segments that no file has.
  var missing: JournalDamage {
    var missing = JournalDamage()
    for (before, after) in zip(segments, segments.dropFirst()) where before.end < after.base {
      missing.add(before.end..<after.base)
    }
    return missing
  }

  /// The segment at `base`, of the two forms the one that is whole.
  private mutating func segment(base: UInt64, hasPlain: Bool, hasSealed: Bool) throws(JournalError) -> Segment? {
    let plain = hasPlain ? try plainSegment(base: base) : nil
    guard hasSealed, let file = try regularFile(Segment.name(base: base, .sealed)) else { return plain }
    let content = try SealedContent(file: file, base: base)
    if let plain {
      // Sealing was interrupted before it removed the plain file, or something else is wrong with the sealed one.
      var isBetter = false
      if let content, content.end >= plain.end { isBetter = try content.isReadable() }
      leftovers.append(Segment.name(base: base, isBetter ? .plain : .sealed))
      if !isBetter { return plain }
    }
    if content?.isComplete != true { damagedSegments += 1 }
    return try SegmentList.segment(base: base, file: file, content)
  }

  private func plainSegment(base: UInt64) throws(JournalError) -> Segment? {
    guard let file = try regularFile(Segment.name(base: base)) else { return nil }
    return Segment(base: base, end: base + UInt64(try file.size()))
  }

  private static func segment(base: UInt64, file: OpenFile, _ content: SealedContent?) throws(JournalError) -> Segment {
    let size = try file.size()
    var segment = Segment(base: base, end: content?.end ?? base + UInt64(size))
    segment.form = .sealed
    segment.diskBytes = size
    segment.newest = content?.newest
    return segment
  }

  /// The file, unless it is a folder or something else that only has the name, or was just removed.
  private func regularFile(_ name: String) throws(JournalError) -> OpenFile? {
    do {
      let file = try OpenFile("\(directory)/\(name)", O_RDONLY | O_NONBLOCK)
      return try file.isRegular() ? file : nil
    } catch .system(let error) where [ENOENT, ELOOP, ENXIO].contains(error.code) {
      return nil
    }
  }
}
