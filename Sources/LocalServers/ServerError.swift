/// Reason why a child server cannot be used, with the remedy.
public enum ServerError: Error, Equatable, CustomStringConvertible {
  /// A program is not installed.
  case programMissing(String, package: String)
  /// A system call failed.
  case system(String, code: Int32)
  /// A server ended or did not answer before it was ready; `log` is the end of its log.
  case notReady(String, log: String)
  /// A server answered with an error, did not answer, or a helper program failed.
  case answer(String)

  /// Description of the problem and its remedy.
  public var description: String {
    switch self {
    case .programMissing(let program, let package): "\(program) not found: apt-get install \(package)"
    case .system(let call, let code): "\(call): \(message(of: code))"
    case .notReady(let server, let log): log.isEmpty ? "\(server) did not start" : "\(server) did not start: \(log)"
    case .answer(let text): text
    }
  }
}
