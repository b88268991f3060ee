public import Glibc

/// Start of other programs.
public enum ProgramLaunch {
  /// Starts a program that is found by `PATH`, with no signal blocked and none handled.
  ///
  /// - Parameters:
  ///   - words: Name of the program and its arguments.
  ///   - actions: Changes of its descriptors.
  ///   - environment: Variables such as `LANG=C`; `nil` for those of this process.
  ///   - isLeader: Whether it leads a session of its own, by which all that it starts can be found.
  ///   - identifier: Receives the number of the process.
  /// - Returns: 0, or the error's number.
  public static func start(
    _ words: [String], actions: inout posix_spawn_file_actions_t, environment: [String]? = nil, isLeader: Bool = false,
    identifier: inout pid_t
  ) -> Int32 {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // POSIX_SPAWN_SETSID of glibc.
    let session: Int32 = isLeader ? 0x80 : 0
    posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | session))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    guard let environment else {
      return posix_spawnp(&identifier, words[0], &actions, &attributes, &arguments, environ)
    }
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for variable in variables { free(variable) } }
    return posix_spawnp(&identifier, words[0], &actions, &attributes, &arguments, &variables)
  }
}
