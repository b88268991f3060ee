/// Why a child server cannot be used, with what to do about it.
public enum ServerError: Error, Equatable, CustomStringConvertible {
  /// A program is not installed.
  case programMissing(String, package: String)
  /// A system call failed.
  case system(String, code: Int32)
  /// A server ended, or did not answer, before it was ready; the end of its log says why.
  case notReady(String, log: String)
  /// The database answered a request with an error.
  case answer(String)

  /// What is wrong and what would help.
  public var description: String {
    switch self {
    case .programMissing(let program, let package): "\(program) not found: apt-get install \(package)"
    case .system(let call, let code): "\(call): \(message(of: code))"
    case .notReady(let server, let log): log.isEmpty ? "\(server) did not start" : "\(server) did not start: \(log)"
    case .answer(let text): text
    }
  }
}
