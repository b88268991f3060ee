import Foundation
import LocalServers
import PlantTesting

/// The program that was built beside these tests.
enum Program {
  /// Output and exit code of a command.
  struct Result {
    var code: Int32
    var output: String
    var errors: String
  }

  /// The executable: it lies in the folder of the test bundle, which is this process.
  static var path: String {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("wattline").path
  }

  /// Runs a command to its end.
  static func run(_ arguments: String...) throws -> Result { try run(arguments) }

  /// Runs a command, or another program, to its end.
  ///
  /// - Parameters:
  ///   - arguments: Words after the program's name.
  ///   - program: Path of the program.
  ///   - environment: Variables beside those of this process.
  static func run(
    _ arguments: [String], of program: String = path, environment: [String: String] = [:]
  ) throws -> Result {
    let folder = try TemporaryFolder(prefix: "wattline-command")
    defer { folder.remove() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let files = try ["output", "errors"].map { name in
      let file = folder.path + "/" + name
      _ = FileManager.default.createFile(atPath: file, contents: nil)
      return try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    }
    process.standardOutput = files[0]
    process.standardError = files[1]
    try process.run()
    process.waitUntilExit()
    return Result(
      code: process.terminationStatus, output: try String(contentsOfFile: folder.path + "/output", encoding: .utf8),
      errors: try String(contentsOfFile: folder.path + "/errors", encoding: .utf8))
  }
}

/// A folder with these files, while `body` runs.
func inFolder(_ files: [String: String], body: (String) throws -> Void) throws {
  let folder = try TemporaryFolder(prefix: "wattline-configuration")
  defer { folder.remove() }
  for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name)) }
  try body(folder.path)
}
