import Foundation
import Journal
import LocalServers
import Testing

@testable import Backup

@Suite("The archive of a backup")
struct ArchiveTests {
  /// Writes an archive with these files, and returns its path.
  static func archive(_ files: [(String, [UInt8])], in folder: String, keyFile: String? = nil) throws -> String {
    let path = folder + "/archive.tar.zst"
    let writer = try ArchiveWriter(path, keyFile: keyFile)
    for (name, content) in files {
      try Data(content).write(to: URL(fileURLWithPath: folder + "/content"))
      let file = try #require(try PinnedFile(in: folder, name: "content"))
      _ = try writer.add(name, from: file)
    }
    _ = try writer.finish()
    return path
  }

  static func content(of path: String, keyFile: String? = nil) throws -> [String: [UInt8]] {
    let reader = try ArchiveReader(path, keyFile: keyFile)
    var found: [String: [UInt8]] = [:]
    while let member = try reader.next() { found[member.name] = try reader.content(most: 1 << 24) }
    return found
  }

  static let files: [(String, [UInt8])] = [
    ("journal/checkpoint", []), ("journal/a", [1, 2, 3]), ("config/\(String(repeating: "n", count: 200))", [4]),
    ("journal/large", (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }),
    ("database/block", [UInt8](repeating: 7, count: 512)),
  ]

  @Test func `what was written is read back, and tar of the system reads it too`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-archive")
    defer { folder.remove() }
    let path = try Self.archive(Self.files, in: folder.path)
    let found = try Self.content(of: path)
    #expect(found.count == Self.files.count)
    for (name, content) in Self.files { #expect(found[name] == content, "\(name)") }
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
    let program = try ChildProgram(["tar", "--zstd", "-xf", path, "-C", folder.path], package: "tar")
    try program.wait()
    for (name, content) in Self.files {
      #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name))) == content, "\(name)")
    }
  }

  @Test func `a byte that changed anywhere, and a missing end, are noticed`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-archive")
    defer { folder.remove() }
    let path = try Self.archive(Self.files, in: folder.path)
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    // Bytes 4 and 5 only bound the memory that reading may take.
    for position in stride(from: 6, to: whole.count, by: max(1, whole.count / 40)) {
      var spoilt = whole
      spoilt[position] ^= 0x10
      try Data(spoilt).write(to: URL(fileURLWithPath: path))
      #expect(throws: BackupError.self, "byte \(position)") { _ = try Self.content(of: path) }
    }
    for length in [0, 4, 100, whole.count / 2, whole.count - 1] {
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
      #expect(throws: BackupError.self, "\(length) bytes") { _ = try Self.content(of: path) }
    }
  }

  @Test func `an encrypted archive is read with the private key alone, and a change of it is noticed`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-archive")
    defer { folder.remove() }
    let keys = try ["one", "two"].map { name in
      try ChildProgram(["age-keygen", "-o", "\(folder.path)/\(name)"], package: "age").wait()
      return "\(folder.path)/\(name)"
    }
    let text = try String(contentsOfFile: keys[0], encoding: .utf8)
    let recipient = try #require(text.firstMatch(of: #/age1[0-9a-z]+/#)).0
    try "\(recipient)\n".write(toFile: folder.path + "/public", atomically: true, encoding: .utf8)
    for key in [keys[0], folder.path + "/public"] {
      let path = try Self.archive(Self.files, in: folder.path, keyFile: key)
      #expect(try Self.content(of: path, keyFile: keys[0]).count == Self.files.count)
      #expect(throws: BackupError.self) { _ = try Self.content(of: path, keyFile: keys[1]) }
      #expect(throws: BackupError.self) { _ = try Self.content(of: path, keyFile: folder.path + "/public") }
      let refusal = #expect(throws: BackupError.self) { _ = try Self.content(of: path) }
      #expect(refusal?.description.hasSuffix("is encrypted; give the private key with --key-file FILE") == true)
      let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
      for position in [whole.count / 3, whole.count - 1] {
        var spoilt = whole
        spoilt[position] ^= 1
        try Data(spoilt).write(to: URL(fileURLWithPath: path))
        #expect(throws: BackupError.self) { _ = try Self.content(of: path, keyFile: keys[0]) }
      }
      try Data(whole.prefix(whole.count - 100)).write(to: URL(fileURLWithPath: path))
      #expect(throws: BackupError.self) { _ = try Self.content(of: path, keyFile: keys[0]) }
    }
  }

  @Test func `a disk without room and a key that is none leave no file, and the earlier one stays`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-archive")
    defer { folder.remove() }
    let path = try Self.archive([("journal/a", [1])], in: folder.path)
    let refusal = #expect(throws: BackupError.self) {
      let writer = try ArchiveWriter(path, keyFile: nil, hasRoom: { false })
      try Data(count: 17 << 20).write(to: URL(fileURLWithPath: folder.path + "/content"))
      let file = try #require(try PinnedFile(in: folder.path, name: "content"))
      _ = try writer.add("journal/b", from: file)
    }
    #expect(refusal?.description.contains("given up so that the journal keeps room") == true)
    try "no key\n".write(toFile: folder.path + "/none", atomically: true, encoding: .utf8)
    #expect(throws: BackupError.self) {
      _ = try Self.archive(Self.files, in: folder.path, keyFile: folder.path + "/none")
    }
    #expect(try Self.content(of: path) == ["journal/a": [1]])
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
  }

  @Test(.enabled(if: geteuid() == 0, "a tmpfs can be mounted by the administrator only"))
  func `a disk that fills while a backup is written is a clear error, and the earlier backup stays`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-small")
    defer { folder.remove() }
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=2m") == 0 else { return }
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let path = try Self.archive([("journal/a", [1])], in: folder.path)
    let source = try TemporaryFolder(prefix: "wattline-large")
    defer { source.remove() }
    var generator = SystemRandomNumberGenerator()
    let noise = (0..<(4 << 17)).map { _ in generator.next() }
    try noise.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: source.path + "/noise"))
    for key in [nil, source.path + "/key"] {
      if let key { try ChildProgram(["age-keygen", "-o", key], package: "age").wait() }
      let refusal = #expect(throws: BackupError.self) {
        let writer = try ArchiveWriter(path, keyFile: key)
        let file = try #require(try PinnedFile(in: source.path, name: "noise"))
        _ = try writer.add("journal/noise", from: file)
        _ = try writer.finish()
      }
      let words = key == nil ? "the disk is full; free space, or name a place on another disk" : "no space left"
      #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["archive.tar.zst", "content"])
    }
    #expect(try Self.content(of: path) == ["journal/a": [1]])
  }

  @Test(arguments: [
    "../x", "/x", "journal/../x", "journal//x", "journal/.", "journal/", "", "journal/a\u{0}b", "journal/\n",
    "journal/" + String(repeating: "n", count: 256), "1/2/3/4/5/6/7/8/9",
  ])
  func `a name that leads out of the folder is not safe`(name: String) {
    #expect(!MemberName.isSafe(name))
    #expect(MemberName.isSafe("journal/spool/00000000000000000000.journal"))
  }
}
