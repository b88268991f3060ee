import Foundation
import LocalServers
import PlantTesting
import Testing

private let plant = """
  plant: hillside
  location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
  topics: [{match: "hillside/{asset}/{sensor}"}]
  """

/// Returns a path without double slashes.
private func plain(_ path: String) -> String { path.replacing("//", with: "/") }

@Suite("Files that cannot be read")
struct UnreadableFileTests {
  /// A user without rights: this one, or nobody if this one is root.
  private static let isRoot = geteuid() == 0

  /// Runs the program as a user without rights, from a folder.
  private func run(_ words: [String], from folder: String) throws -> Program.Result {
    let lead = Self.isRoot ? "setpriv --reuid 65534 --regid 65534 --clear-groups " : ""
    let line = "cd '\(folder)' && exec \(lead)\"$0\" \"$@\""
    return try Program.run(["-c", line, Program.path] + words, of: "/bin/sh")
  }

  @Test func `check names a certificate that is missing, and what to write if the working directory has it`() throws {
    try inFolder(["wattline.yaml": "mqtt: {ca: ca.pem}\n", "hillside.yaml": plant]) { folder in
      let elsewhere = try TemporaryFolder(prefix: "wattline-elsewhere")
      defer { elsewhere.remove() }
      let result = try Program.run(
        [
          "-c", "cd '\(elsewhere.path)' && touch ca.pem && exec \"$0\" \"$@\"", Program.path, "check", "--config",
          folder,
        ],
        of: "/bin/sh")
      #expect(result.code == 1)
      #expect(
        result.errors.contains("wattline.yaml:1:12: error: the file '\(folder)/ca.pem' of 'ca' cannot be read"),
        "\(result.errors)")
      #expect(result.errors.contains("write ca: \(plain(elsewhere.path))/ca.pem\n"), "\(result.errors)")
      let json = try Program.run("check", "--json", "--config", folder)
      #expect(json.code == 1 && json.output.contains("\"valid\" : false"))
    }
  }

  @Test(arguments: ["check", "run"])
  func `a plant file that the user may not read is told with mode, owner and the command`(command: String) throws {
    try inFolder(["wattline.yaml": "journal: {path: /nowhere}\n", "hillside.yaml": plant]) { folder in
      try #require(chmod(folder, 0o755) == 0 && chmod(folder + "/hillside.yaml", Self.isRoot ? 0o600 : 0) == 0)
      let result = try run([command, "--config", folder], from: "/")
      #expect(result.code == 1, "\(result)")
      #expect(
        result.errors.contains(
          "hillside.yaml:1:1: error: cannot be read: Permission denied; it has mode \(Self.isRoot ? "0600" : "0000")"),
        "\(result.errors)")
      let remedy =
        Self.isRoot
        ? ": sudo chgrp nogroup \(folder)/hillside.yaml && sudo chmod g+r \(folder)/hillside.yaml"
        : ": sudo chmod u+r \(folder)/hillside.yaml"
      #expect(result.errors.contains(remedy), "\(result.errors)")
    }
  }

  @Test(.enabled(if: isRoot))
  func `a secret below a folder that the user may not enter is told with that folder`() throws {
    let closed = try TemporaryFolder(prefix: "wattline-closed")
    defer { closed.remove() }
    try Data("secret".utf8).write(to: URL(fileURLWithPath: closed.path + "/password"))
    try #require(chmod(closed.path, 0o700) == 0)
    let process = "mqtt: {username: wattline, password_file: \(closed.path)/password}\n"
    try inFolder(["wattline.yaml": process, "hillside.yaml": plant]) { folder in
      try #require(chmod(folder, 0o755) == 0)
      let result = try run(["check", "--config", folder], from: "/")
      #expect(
        result.errors.contains("the folder \(plain(closed.path)) has mode 0700 and belongs to root:root"),
        "\(result.errors)")
      #expect(result.errors.contains("&& sudo chmod g+x \(plain(closed.path))"), "\(result.errors)")
    }
  }
}
