import CommandChannel
import PayloadDecoding
import PlantModel
import StreamCore

/// The process as a Sparkplug host application, while a plant has a topic of that format. Its host id is the client id
/// of the broker's session.
final class SparkplugHosting: Sendable {
  private struct State {
    var host: SparkplugHost?
    var isSubscribed = false
    var isStopped = false
  }

  private let settings: BrokerSettings
  private let note: @Sendable (String) -> Void
  private let state = Guarded(State())

  init(settings: BrokerSettings, note: @escaping @Sendable (String) -> Void) {
    self.settings = settings
    self.note = note
  }

  /// Takes up whether the plants need a host. One that is not needed any more says so.
  func update(plants: [Plant]) {
    let isNeeded = plants.contains { $0.topics.contains { $0.payload == .sparkplug } }
    let idle = state.with { state -> SparkplugHost? in
      guard !state.isStopped, isNeeded != (state.host != nil) else { return nil }
      guard isNeeded else {
        defer { state.host = nil }
        return state.host
      }
      var own = settings
      own.clientID += "-sparkplug"
      let host = SparkplugHost(settings: own, hostID: settings.clientID) { WallClock.now() }
      note("broker: this is the Sparkplug host \(settings.clientID) (\(host.topic))")
      if state.isSubscribed { host.goOnline() }
      state.host = host
      return nil
    }
    idle?.stop()
  }

  /// Announces the host: its topics are subscribed to.
  func goOnline() {
    state.with { state in
      state.isSubscribed = true
      state.host?.goOnline()
    }
  }

  /// Says that the host is gone.
  func stop() {
    let host = state.with { state -> SparkplugHost? in
      defer { state.host = nil }
      state.isStopped = true
      return state.host
    }
    host?.stop()
  }
}
