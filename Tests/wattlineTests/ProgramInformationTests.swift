import Foundation
import LocalServers
import PlantTesting
import Testing

@Suite("What the program tells of itself")
struct ProgramInformationTests {
  @Test(arguments: ["--version", "version", "-V"])
  func `the version names release, commit, build and machine`(word: String) throws {
    let result = try Program.run(word)
    #expect(result.code == 0 && result.errors == "")
    #expect(
      result.output.wholeMatch(
        of: #/wattline \d+\.\d+\.\d+ \(commit ([0-9a-f]{12}\+?|unknown), (debug|release) build, \w+\)\n/#) != nil,
      "\(result.output)")
  }

  @Test(arguments: [
    ("chekc", "perhaps it is 'check'"), ("reprot", "perhaps it is 'report'"),
    ("xylophone", "there are run, check,"),
  ])
  func `an unknown command gets the nearest one, or all of them`(words: String, hint: String) throws {
    let result = try Program.run(words)
    #expect(result.code == 2 && result.output == "")
    #expect(result.errors.contains("there is no command") && result.errors.contains(hint), "\(result.errors)")
  }

  @Test func `WATTLINE_CONFIG names the folder of commands that are given none, and --config is stronger`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-config")
    defer { folder.remove() }
    let environment = ["WATTLINE_CONFIG": folder.path + "/missing-by-variable"]
    let byVariable = try Program.run(["check"], environment: environment)
    #expect(byVariable.code == 1 && byVariable.errors.contains("missing-by-variable"), "\(byVariable.errors)")
    let byOption = try Program.run(["check", "--config", folder.path + "/by-option"], environment: environment)
    #expect(byOption.errors.contains("by-option") && !byOption.errors.contains("by-variable"), "\(byOption.errors)")
  }

  @Test func `bash completes commands, words of two-word commands, and options`() throws {
    let script = try Program.run("completions", "bash").output
    let folder = try TemporaryFolder(prefix: "wattline-completions")
    defer { folder.remove() }
    let file = folder.path + "/wattline.bash"
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    for (words, wanted) in [
      ("wattline che", "check"), ("wattline bench end", "end-to-end"), ("wattline run --con", "--config"),
      ("wattline bench end-to-end --sen", "--sensors"),
    ] {
      let count = words.split(separator: " ").count
      let result = try Program.run(
        ["-c", "source \(file); COMP_WORDS=(\(words)); COMP_CWORD=\(count - 1); _wattline; echo \"${COMPREPLY[@]}\""],
        of: "/bin/bash")
      let text = result.output + result.errors
      #expect(text.split(whereSeparator: \.isWhitespace).contains { $0 == wanted }, "\(words): \(text)")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `each shell's script names every command that help lists`(shell: String) throws {
    let script = try Program.run("completions", shell).output
    let help = try Program.run("--help").output
    let names = help.matches(of: #/^  ([a-z][a-z -]*?)  +\S/#.anchorsMatchLineEndings()).map { String($0.1) }
    #expect(names.count > 25)
    for name in names {
      #expect(script.contains(name.split(separator: " ").last ?? ""), "\(name)")
    }
  }
}
