import PlantModel
import Settings
import StreamCore

extension MessageLoop {
  /// Initial values of a loop.
  struct Preparation {
    var settings: BrokerSettings
    var role = SessionRole()
    var memory: SessionMemory?
    var sink: any BurstSink
    var onEvent: @Sendable (SessionEvent) -> Void
    var duplicates = SessionDuplicates()
    var patience = VersionNegotiation.Patience()
  }
}
