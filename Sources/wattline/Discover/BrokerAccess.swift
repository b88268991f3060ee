import CommandChannel
import Foundation
import PlantConfig
import PlantModel
import Settings
import StreamCore
import SystemCore
import WattlineTime

/// Configuration, plants and broker connection of commands that publish.
enum BrokerAccess {
  /// Returns the folder's configuration. If it is invalid, prints every mistake on stderr and exits with code 1.
  static func load(_ directory: String) -> LoadedConfiguration {
    let loaded = ConfigurationLoader.load(directory: directory, environment: ProcessInfo.processInfo.environment)
    for diagnostic in loaded.diagnostics { Console.report("\(diagnostic)") }
    if !loaded.isValid { exit(ExitCode.failed) }
    return loaded
  }

  /// Returns the plant of a name, or all plants without a name.
  static func plants(_ loaded: LoadedConfiguration, named name: String?) throws -> [Plant] {
    guard let name else {
      if loaded.plants.isEmpty { throw Failure(description: "the folder has no plant") }
      return loaded.plants
    }
    guard let plant = loaded.plants.first(where: { $0.name == name }) else {
      let known = loaded.plants.map(\.name)
      throw Failure(
        description: "there is no plant '\(name)'; " + known.nearest(to: name)
          + "the folder has \(known.joined(separator: ", "))")
    }
    return [plant]
  }

  /// Returns a publisher that is connected to the broker.
  ///
  /// - Parameters:
  ///   - settings: Connection to the broker.
  ///   - purpose: Part of the client id.
  ///   - orders: Receives the commands of its plants, if the publisher acts as their devices.
  /// - Throws: ``Failure`` if there is no connection within 10 s.
  static func publisher(
    _ settings: BrokerSettings, as purpose: String, orders: OrderInbox? = nil
  ) throws -> Publisher {
    try publisher(settings, as: purpose, filters: orders?.filters ?? [], onMessage: { orders?.put($0) })
  }

  /// Returns a publisher that is connected to the broker.
  ///
  /// - Parameters:
  ///   - settings: Connection to the broker.
  ///   - purpose: Part of the client id.
  ///   - filters: Topics to subscribe to.
  ///   - hint: Source of the broker's settings, for the error message.
  ///   - onMessage: Receives the messages of the subscriptions.
  /// - Throws: ``Failure`` if there is no connection within 10 s.
  static func publisher(
    _ settings: BrokerSettings, as purpose: String, filters: [String],
    hint: String = "url, username and password of mqtt in wattline.yaml",
    onMessage: @escaping @Sendable (PublishedMessage) -> Void
  ) throws -> Publisher {
    let place = "\(settings.host):\(settings.port)"
    var own = settings
    own.clientID = "\(settings.clientID)-\(purpose)-\(getpid())"
    let trouble = LogDeduplicator()
    let publisher = Publisher(
      settings: own, filters: filters,
      onEvent: { event in
        switch event {
        case .connected: trouble.isOver(with: place)
        case .disconnected(let reason):
          if trouble.isNew(reason, with: place) { Console.report("broker \(place): \(reason)") }
        }
      }, onMessage: onMessage)
    let deadline = Date(timeIntervalSinceNow: 10)
    while !publisher.isConnected, Date() < deadline { usleep(20_000) }
    guard publisher.isConnected else {
      publisher.stop(timeout: .zero)
      throw Failure(
        description: "no connection to the broker at \(place); see \(hint)")
    }
    return publisher
  }
}
