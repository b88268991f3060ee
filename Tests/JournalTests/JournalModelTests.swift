import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Testing

@testable import Journal

@Suite("A journal against a plain model")
struct JournalModelTests {
  /// Runs further seeds where the environment says how many: `WATTLINE_JOURNAL_SEEDS=5000`.
  static let seeds = 1...(ProcessInfo.processInfo.environment["WATTLINE_JOURNAL_SEEDS"].flatMap { Int($0) } ?? 40)

  @Test
  func `what was acknowledged and not trimmed is read in order, or reported as damaged where it was damaged`() throws {
    var covered: Set<String> = []
    for seed in Self.seeds {
      // Every fourth life is on a disk that is soon full, where one may be mounted.
      var run = try ModelRun(seed: UInt64(seed), disk: seed % 4 == 0 ? SmallDisk(bytes: 6 * 4_096) : nil)
      do { try run.steps(80) } catch { Issue.record(error, "seed \(seed)") }
      covered.formUnion(run.covered)
      if run.hasFailed {
        Issue.record("seed \(seed)")
        break
      }
    }
    #expect(covered.count == ModelRun.operations.count + (SmallDisk.isAllowed ? 1 : 0))
  }
}

/// One random life of a journal.
private struct ModelRun {
  /// Name and weight.
  static let operations: [(name: String, weight: Int)] = [
    ("append", 50), ("trim", 4), ("seal", 5), ("read", 4), ("reopen", 3), ("tear", 3), ("flip", 5), ("cut", 2),
    ("crash while sealing", 4), ("remove", 1),
  ]

  /// A record that was acknowledged.
  struct Kept {
    var start: UInt64
    var end: UInt64
    var entry: Entry
    /// Whether something was done to its bytes.
    var isHurt = false
  }

  private(set) var covered: Set<String> = []
  private(set) var hasFailed = false
  private var random: SplitMix
  private let disk: SmallDisk?
  private var folder: TemporaryFolder
  private var journal: Journal
  private var kept: [Kept] = []
  private var released: UInt64 = 0
  /// Bases of sealed segments of which one of the two lists of blocks is damaged already.
  private var touched: Set<UInt64> = []

  init(seed: UInt64, disk: SmallDisk?) throws {
    random = SplitMix(state: seed)
    self.disk = disk
    folder = TemporaryFolder(in: disk?.path)
    journal = try folder.journal()
  }

  mutating func steps(_ count: Int) throws {
    for _ in 0..<count where !hasFailed { try step() }
    try read(from: 0)
    try reopen { _ in }
    try read(from: 0)
  }

  private mutating func step() throws {
    var choice = Int.random(in: 0..<Self.operations.reduce(0) { $0 + $1.weight }, using: &random)
    let operation =
      Self.operations.first {
        choice -= $0.weight; return choice < 0
      }?.name ?? "append"
    covered.insert(operation)
    switch operation {
    case "trim": try trim()
    case "seal": try whereThereIsRoom { run in _ = try run.journal.store.sealOldest() }
    case "read": try read(from: kept.randomElement(using: &random)?.end ?? 0)
    case "reopen": try reopen { _ in }
    case "tear": try reopen { run in try run.tear() }
    case "flip": try reopen { run in try run.flip() }
    case "cut": try reopen { run in try run.cut() }
    case "crash while sealing": try crashWhileSealing()
    case "remove": try reopen { run in try run.remove() }
    default: for _ in 0..<5 { try append() }
    }
  }

  private mutating func append() throws {
    let body = [UInt8](
      repeating: UInt8.random(in: 0...255, using: &random), count: Int.random(in: 0..<300, using: &random))
    let entry = Entry(Int64.random(in: .min ... .max, using: &random), body: body)
    try whereThereIsRoom { run in
      let end = try run.journal.append(entry)
      run.kept.append(Kept(start: end - UInt64(JournalFormat.recordHeaderSize + body.count), end: end, entry: entry))
    }
    try forgetTrimmed()
  }

  /// A record that finds no room on a small disk leaves everything as it is.
  private mutating func whereThereIsRoom(_ body: (inout ModelRun) throws -> Void) throws {
    do { try body(&self) } catch JournalError.full {
      expect(disk != nil, what: "full on a large disk")
      covered.insert("full")
    }
  }

  private mutating func trim() throws {
    guard let offset = kept.randomElement(using: &random)?.end else { return }
    released = max(released, offset)
    try journal.trim(below: offset)
    try forgetTrimmed()
  }

  /// Everything below the start must have been released.
  private mutating func forgetTrimmed() throws {
    let start = journal.startOffset
    expect(kept.allSatisfy { $0.start >= start || $0.end <= released || $0.isHurt }, what: "lost at the start")
    kept.removeAll { $0.start < start }
  }

  /// Ends the journal, lets something happen to its files, and opens it again.
  private mutating func reopen(_ happening: (inout ModelRun) throws -> Void) throws {
    try journal.close()
    try happening(&self)
    let keepBytes: Int64 = Bool.random(using: &random) ? 0 : 3_000
    journal = try folder.journal(keepBytes: keepBytes)
    let end = journal.endOffset
    expect(kept.allSatisfy { $0.end <= end || $0.isHurt }, what: "lost at the end")
    kept.removeAll { $0.end > end }
    try forgetTrimmed()
  }

  private mutating func crashWhileSealing() throws {
    let step = SegmentSealing.Step.allCases.randomElement(using: &random)
    var copy: TemporaryFolder?
    let folder = folder
    try whereThereIsRoom { run in
      _ = try run.journal.store.sealOldest { if $0 == step { copy = try? folder.copy() } }
    }
    guard let copy else { return }
    try reopen { $0.folder = copy }
  }

  /// The last segment loses its end, or gets some that is none.
  private mutating func tear() throws {
    guard let path = folder.segments.last, let base = Self.base(path) else { return }
    let cut = Int.random(in: -60...80, using: &random)
    let size = try Data(contentsOf: URL(filePath: path)).count
    let left = max(JournalFormat.segmentHeaderSize, size - cut)
    try TemporaryFolder.edit(path) { $0 = $0.prefix(left) + Data(count: max(0, -cut)) }
    hurt(base + UInt64(left)..<base + UInt64(max(left, size)))
  }

  /// A bit of any file changes, but never in both lists of a sealed segment.
  private mutating func flip() throws {
    guard let path = (folder.segments + folder.sealed).randomElement(using: &random), let base = Self.base(path) else {
      return
    }
    let size = try Data(contentsOf: URL(filePath: path)).count
    // It may have been cut to nothing.
    guard size > 0 else { return }
    let byte = Int.random(in: 0..<size, using: &random)
    if path.hasSuffix(".journal") {
      hurt(base + UInt64(byte)..<base + UInt64(byte) + 1)
    } else {
      let content = try SealedContent(file: try OpenFile(path, flags: O_RDONLY), base: base)
      let block = content?.blocks.first { $0.position..<$0.position + $0.frameLength ~= byte }
      if let block { hurt(block.start..<block.end) } else if !touched.insert(base).inserted { return }
    }
    try TemporaryFolder.edit(path) { $0[byte] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
  }

  /// A file that is not the last loses its end.
  private mutating func cut() throws {
    let paths = folder.segments.dropLast() + folder.sealed
    guard let path = paths.randomElement(using: &random), let base = Self.base(path) else { return }
    let size = try Data(contentsOf: URL(filePath: path)).count
    let left = Int.random(in: 0...size, using: &random)
    if path.hasSuffix(".journal") {
      hurt(base + UInt64(left)..<base + UInt64(size))
    } else {
      guard touched.insert(base).inserted else { return }
      let content = try #require(try SealedContent(file: try OpenFile(path, flags: O_RDONLY), base: base))
      // Without its head it has no list either.
      let isListed = left >= (content.blocks.first?.position ?? 0)
      for block in content.blocks where !isListed || block.position + block.frameLength > left {
        hurt(block.start..<block.end)
      }
    }
    try TemporaryFolder.edit(path) { $0 = $0.prefix(left) }
  }

  private mutating func remove() throws {
    guard let path = (folder.segments.dropLast() + folder.sealed).randomElement(using: &random),
      let base = Self.base(path)
    else { return }
    let next = (folder.segments + folder.sealed).compactMap { Self.base($0) }.filter { $0 > base }.min()
    hurt(base..<(next ?? .max))
    try FileManager.default.removeItem(atPath: path)
  }

  private mutating func hurt(_ range: Range<UInt64>) {
    for index in kept.indices where kept[index].start < range.upperBound && kept[index].end > range.lowerBound {
      kept[index].isHurt = true
    }
  }

  /// Reads from an offset to the end, and compares.
  private mutating func read(from offset: UInt64) throws {
    let reader = journal.reader(from: offset)
    var missing: [Kept] = []
    var rest = kept.drop { $0.start < offset }
    while let record = try reader.next() {
      while let first = rest.first, first.start < record.offset { missing.append(rest.removeFirst()) }
      guard let first = rest.popFirst() else { return expect(false, what: "a record that was never appended") }
      expect(first.start == record.offset && first.end == record.endOffset, what: "another place")
      expect(first.entry == Entry(record), what: "another content")
    }
    missing += rest
    expect(missing.allSatisfy(\.isHurt), what: "lost without damage")
    let ranges = reader.damage.ranges
    let start = journal.startOffset
    // From zero on, what is gone at the very beginning is not missed.
    expect(
      missing.allSatisfy { gone in gone.start < start || ranges.contains { $0.contains(gone.start) } },
      what: "damage that was not reported")
    expect(reader.damage.bytes == UInt64(ranges.reduce(0) { $0 + $1.count }), what: "damage counted wrongly")
  }

  private mutating func expect(_ condition: Bool, what: Comment) {
    if !condition { hasFailed = true }
    #expect(condition, what)
  }

  private static func base(_ path: String) -> UInt64? {
    UInt64(path.split(separator: "/").last?.prefix(20) ?? "")
  }
}
