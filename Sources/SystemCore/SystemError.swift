public import Glibc

/// A failed system call.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The call, such as `open`, and its object.
  public var operation: String
  /// Value of `errno`.
  public var code: Int32

  /// Creates an error of `operation` with `code`, by default that of the last call on this thread.
  public init(_ operation: String, code: Int32 = errno) {
    self.operation = operation
    self.code = code
  }

  /// The operation and the system's message for the code.
  public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
