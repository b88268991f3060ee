import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// The state of the publisher's connection, and the pauses between attempts to connect.
struct ConnectionState {
  /// Whether the broker accepted the connection and it is still open.
  private(set) var isConnected = false
  /// Reason for which the broker refused the present attempt; `nil` if it did not.
  private(set) var refusal: String?
  private var announcesAreDue = false
  private var accepted = ContinuousClock.now
  private var backoff = Backoff()

  /// Begins an attempt to connect.
  mutating func begin() { refusal = nil }

  /// Records that the broker refused the connection.
  mutating func refuse(_ reason: String) { refusal = reason }

  /// Records that the broker accepted the connection; announcements are due from now on.
  mutating func accept() {
    isConnected = true
    announcesAreDue = true
    accepted = .now
  }

  /// Records the end of the connection or attempt.
  mutating func end() {
    if isConnected {
      let stood = (ContinuousClock.now - accepted).components
      backoff.ended(after: .seconds(stood.seconds) + TimeSpan(nanoseconds: stood.attoseconds / 1_000_000_000))
    }
    isConnected = false
  }

  /// Returns whether the connection is new since the last call, so that announcements are due.
  mutating func takeAnnouncesDue() -> Bool {
    defer { announcesAreDue = false }
    return announcesAreDue
  }

  /// Returns the pause before the next attempt.
  mutating func nextPause() -> TimeSpan { backoff.next() }
}
