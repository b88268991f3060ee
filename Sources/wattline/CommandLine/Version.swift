import CBuildInformation

/// Version of the program.
enum Version {
  /// Version of the release, by semantic versioning.
  static let number = "0.1.0"

  /// Commit from which the program was built, with a `+` after it if files were changed.
  static var commit: String { String(cString: build_commit()) }

  /// Machine for which the program was built.
  static var machine: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "aarch64"
    #else
      "other machine"
    #endif
  }

  /// Line of `wattline --version`.
  static var text: String {
    "wattline \(number) (commit \(commit), \(build_is_optimised() == 1 ? "release" : "debug") build, \(machine))"
  }
}
