import Glibc

/// A call to the operating system that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The call, such as `open`, and what it was for.
  public var operation: String
  /// The value of `errno`.
  public var code: Int32

  /// A failure of `operation` with `code`, by default that of the last call on this thread.
  public init(_ operation: String, code: Int32 = errno) {
    self.operation = operation
    self.code = code
  }

  /// The operation and the system's words for the code.
  public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
