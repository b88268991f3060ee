import CommandChannel
import PayloadDecoding
import PlantModel
import Settings
import StreamCore
import SystemCore

/// The process as a Sparkplug host application while any plant has a Sparkplug topic. Its host ID is the client ID of
/// the broker session.
final class SparkplugHosting: Sendable {
  private struct State {
    var host: SparkplugHost?
    var isSubscribed = false
    var isStopped = false
    var settings: BrokerSettings
  }

  private let note: @Sendable (LogEntry) -> Void
  private let state: Locked<State>

  init(settings: BrokerSettings, note: @escaping @Sendable (LogEntry) -> Void) {
    state = Locked(State(settings: settings))
    self.note = note
  }

  /// Starts the host if the plants need one; otherwise stops it, which publishes its offline state.
  func update(plants: [Plant]) {
    let isNeeded = plants.contains { $0.topics.contains { $0.payload == .sparkplug } }
    let idle = state.with { state -> SparkplugHost? in
      guard !state.isStopped, isNeeded != (state.host != nil) else { return nil }
      guard isNeeded else {
        defer { state.host = nil }
        return state.host
      }
      var own = state.settings
      own.clientID += "-sparkplug"
      let host = SparkplugHost(settings: own, hostID: state.settings.clientID) { SystemClock.now() }
      note("broker: this is the Sparkplug host \(state.settings.clientID) (\(host.topic))")
      if state.isSubscribed { host.goOnline() }
      state.host = host
      return nil
    }
    idle?.stop()
  }

  /// Connects anew with the credentials of `settings`, now and whenever the host is started.
  func renew(_ settings: BrokerSettings) {
    state.with { state in
      state.settings = settings
      state.host?.renew(credentials: settings)
    }
  }

  /// Announces the host as online, once its topics are subscribed.
  func goOnline() {
    state.with { state in
      state.isSubscribed = true
      state.host?.goOnline()
    }
  }

  /// Stops the host permanently and publishes its offline state.
  func stop() {
    let host = state.with { state -> SparkplugHost? in
      defer { state.host = nil }
      state.isStopped = true
      return state.host
    }
    host?.stop()
  }
}
