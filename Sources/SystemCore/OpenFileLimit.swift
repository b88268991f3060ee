import Glibc

/// The limit of open files of this process.
public enum OpenFileLimit {
  /// Raises the limit as far as the administrator allows. Programs that are started later have it too.
  ///
  /// - Parameter most: Limit that is enough; a higher one stays.
  /// - Returns: The limit in effect.
  @discardableResult public static func raise(to most: Int = 65_536) -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 1_024 }
    let wanted = min(limit.rlim_max, rlim_t(most))
    if limit.rlim_cur < wanted {
      var raised = limit
      raised.rlim_cur = wanted
      if setrlimit(resource, &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
  }
}
