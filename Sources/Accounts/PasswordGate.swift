import Foundation
import SystemCore

/// Lets one hash of a password be computed at a time, so that a flood of logins takes no more memory than one.
final class PasswordGate: Sendable {
  /// The gate of the process.
  static let shared = PasswordGate()
  /// Maximum number of logins that are checked or wait: half of the threads of requests, so that others are answered.
  static let mostWaiting = 2

  private let monitor = Monitor()
  private let waiting = Locked(0)

  func hash(_ password: String, cost: Cryptography.Cost) -> String? {
    monitor.locked { Cryptography.hash(Self.composed(password), cost: cost) }
  }

  /// Returns whether a password is that of a hash; `nil` if too many wait already.
  func verifies(_ password: String, hash: String) -> Bool? {
    let mayWait = waiting.with { waiting in
      if waiting >= Self.mostWaiting { return false }
      waiting += 1
      return true
    }
    guard mayWait else { return nil }
    defer { waiting.with { $0 -= 1 } }
    return monitor.locked { Cryptography.verifies(Self.composed(password), hash: hash) }
  }

  /// Keyboards differ in whether an ü is one character or two.
  private static func composed(_ password: String) -> String { password.precomposedStringWithCanonicalMapping }
}
