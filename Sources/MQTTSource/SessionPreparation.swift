import PlantModel
import Settings
import StreamCore
import SystemCore

/// Initial values of a session's loop.
struct SessionPreparation {
  var settings: BrokerSettings
  /// Credentials that take the place of those in ``settings`` with each connection; `nil` if they never change.
  var credentials: Renewable<BrokerSettings>?
  var role = SessionRole()
  var memory: SessionMemory?
  var sink: any BurstSink
  var onEvent: @Sendable (SessionEvent) -> Void
  var duplicates = SessionDuplicates()
  var patience = VersionNegotiation.Patience()
}
