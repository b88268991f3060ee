import Foundation
import PlantTesting
import Testing

/// `Package.swift` beside the imports of the sources.
@Suite("the package")
struct PackageTests {
  /// Modules of the language and its libraries, which no target declares.
  private static let libraries: Set<String> = ["Foundation", "Glibc", "Synchronization", "Testing", "Dispatch"]

  /// Dependencies of each target that `Package.swift` declares, by the target's folder.
  private static func declared() throws -> [String: Set<String>] {
    let text = try String(contentsOfFile: PackageFolder.root().path + "/Package.swift", encoding: .utf8)
    var found: [String: Set<String>] = [:]
    for match in text.matches(
      of: #/\b(module|numericModule|tests)\(\s*"(\w+)"(?:,\s*\[(.*?)\]\s*\))?/#.dotMatchesNewlines())
    {
      let names = (match.3 ?? "").matches(of: #/"(\w+)"/#).map { String($0.1) }
        .filter { !["Deflate", "HTTP", "Solver"].contains($0) }
      let isTests = match.1 == "tests"
      let folder = isTests ? "Tests/\(match.2)Tests" : "Sources/\(match.2)"
      found[folder] = Set(names).union(isTests ? [String(match.2)] : [])
    }
    if let program = text.firstMatch(
      of: #/executableTarget\(\s*name: "wattline",\s*dependencies: \[(.*?)\]/#.dotMatchesNewlines())
    {
      found["Sources/wattline"] = Set(program.1.matches(of: #/"(\w+)"/#).map { String($0.1) })
    }
    return found
  }

  /// Modules that the files of a folder import.
  private static func imported(_ folder: String) throws -> Set<String> {
    let path = PackageFolder.root().path + "/" + folder
    var found: Set<String> = []
    for file in FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? [] {
      guard file.hasSuffix(".swift") else { continue }
      let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
      for match in text.matches(
        of: #/^\s*(?:@testable |public |package )*import ([A-Z]\w*)/#
          .anchorsMatchLineEndings())
      {
        found.insert(String(match.1))
      }
    }
    return found.subtracting(libraries)
  }

  @Test func `each target declares what its files import, and nothing else`() throws {
    let declared = try Self.declared()
    #expect(declared.count > 50)
    for (folder, modules) in declared {
      // The program's tests run it beside the bundle, and import nothing of it.
      let imported = try Self.imported(folder).union(folder == "Tests/wattlineTests" ? ["wattline"] : [])
      #expect(imported == modules, "\(folder): \(imported.symmetricDifference(modules).sorted())")
    }
  }

  @Test func `the program that is shipped links no fixtures of tests`() throws {
    let declared = try Self.declared()
    var reached: Set<String> = ["wattline"]
    var waiting = ["wattline"]
    while let module = waiting.popLast() {
      for next in declared["Sources/\(module)"] ?? [] where reached.insert(next).inserted { waiting.append(next) }
    }
    #expect(reached.contains("Pipeline") && !reached.contains("PlantTesting"))
  }

  @Test func `the page of the architecture names each module and what it imports`() throws {
    let page = try String(
      contentsOfFile: PackageFolder.root().path + "/Sources/Pipeline/Pipeline.docc/Architecture.md", encoding: .utf8)
    for (folder, modules) in try Self.declared() where folder.hasPrefix("Sources/") {
      let module = folder.dropFirst("Sources/".count)
      let row = page.split(separator: "\n").first { $0.hasPrefix("| `\(module)` |") }
      let last = try #require(row, "\(module) has no row").split(separator: "|").dropFirst(2).first ?? ""
      if last.contains("as needed") { continue }
      let named = Set(last.matches(of: #/\w+/#).map { String($0.0) })
      #expect(named == modules.subtracting(["PlantModel", "WattlineTime"]), "\(module)")
    }
  }

  @Test func `comments of the sources begin with their noun or verb, and keep to 120 columns`() throws {
    let sources = PackageFolder.root().path + "/Sources"
    var read = 0
    for file in FileManager.default.enumerator(atPath: sources)?.compactMap({ $0 as? String }) ?? [] {
      guard file.hasSuffix(".swift") else { continue }
      let lines = try String(contentsOfFile: sources + "/" + file, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        let text = line.drop { $0 == " " }
        guard text.hasPrefix("//") else { continue }
        read += 1
        let words = text.drop { $0 == "/" || $0 == " " }
        #expect(!words.hasPrefix("What ") && !words.hasPrefix("Who "), "\(file):\(index + 1)")
        #expect(line.count <= 120, "\(file):\(index + 1)")
      }
    }
    #expect(read > 10_000)
  }
}
