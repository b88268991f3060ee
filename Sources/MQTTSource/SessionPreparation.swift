import PlantModel
import Settings
import StreamCore

/// Initial values of a session's loop.
struct SessionPreparation {
  var settings: BrokerSettings
  var role = SessionRole()
  var memory: SessionMemory?
  var sink: any BurstSink
  var onEvent: @Sendable (SessionEvent) -> Void
  var duplicates = SessionDuplicates()
  var patience = VersionNegotiation.Patience()
}
