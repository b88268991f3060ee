import Foundation
import LocalServers
import SystemCore
import Testing

@Suite("Following a file")
struct FileFollowerTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/log" }

  init() throws { folder = try TemporaryFolder(prefix: "wattline-follow") }

  private func append(_ text: String) throws {
    let file = try #require(fopen(path, "a"))
    defer { fclose(file) }
    #expect(fputs(text, file) >= 0)
  }

  /// Lines that were completed; an old one has `old ` before it.
  private func lines(_ follower: FileFollower) -> [String] {
    var lines: [String] = []
    let failure = follower.read { line, isOld in
      lines.append((isOld ? "old " : "") + String(decoding: line, as: UTF8.self))
    }
    return failure == 0 ? lines : ["error \(failure)"]
  }

  @Test func `lines come whole and once, those of before as old ones`() throws {
    defer { folder.remove() }
    try append("a\nb\nc")
    let follower = FileFollower(path)
    #expect(lines(follower) == ["old a", "old b"])
    try append("d\n\ne")
    #expect(lines(follower) == ["cd", ""])
    #expect(lines(follower) == [])
    try append("\n")
    #expect(lines(follower) == ["e"])
  }

  @Test func `a file that comes later is read from its begin, and its absence is an error number`() throws {
    defer { folder.remove() }
    let follower = FileFollower(path)
    #expect(lines(follower) == ["error \(ENOENT)"])
    try append("a\n")
    #expect(lines(follower) == ["a"])
    #expect(lines(FileFollower(folder.path)) == ["error \(EINVAL)"])
  }

  @Test func `rotation loses nothing, whether by another file or by truncation`() throws {
    defer { folder.remove() }
    try append("a\n")
    let follower = FileFollower(path)
    _ = lines(follower)
    try append("b\n")
    #expect(rename(path, path + ".1") == 0)
    #expect(lines(follower) == ["b"])
    try append("c\n")
    #expect(lines(follower) == ["c"])
    #expect(truncate(path, 0) == 0)
    #expect(lines(follower) == [])
    try append("d\n")
    #expect(lines(follower) == ["d"])
  }

  @Test func `lines that are too long are left out, and what is too far behind is passed over`() throws {
    defer { folder.remove() }
    var limits = FileFollower.Limits()
    (limits.line, limits.behind, limits.lead) = (10, 100_000, 8)
    try append("first line\nsecond\n")
    let follower = FileFollower(path, limits: limits)
    #expect(lines(follower) == ["old second"])
    try append("0123456789\n01234567890\nshort\n" + String(repeating: "x", count: 70_000) + "\nend\n")
    #expect(lines(follower) == ["0123456789", "short", "end"])
    try append(String(repeating: "skipped\n", count: 20_000) + "last\n")
    let rest = lines(follower)
    #expect(rest.last == "last" && rest.count < 13_000)
    #expect(Set(rest) == ["skipped", "last"])
  }
}
