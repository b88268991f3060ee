import CommandChannel
import Foundation
import PlantConfig
import PlantModel
import StreamCore

/// What `simulate` and `replay` share: a valid folder, the plant that is meant, and a publisher on its broker.
enum BrokerAccess {
  /// The folder's configuration, or every mistake on stderr and exit code 1.
  static func load(_ directory: String) -> LoadedConfiguration {
    let loaded = ConfigurationLoader.load(directory: directory, environment: ProcessInfo.processInfo.environment)
    for diagnostic in loaded.diagnostics { Console.note("\(diagnostic)") }
    if !loaded.isValid { exit(ExitCode.failed) }
    return loaded
  }

  /// The plants that a command is about: the one named, or all.
  static func plants(_ loaded: LoadedConfiguration, named name: String?) throws -> [Plant] {
    guard let name else {
      if loaded.plants.isEmpty { throw Failure(description: "the folder has no plant") }
      return loaded.plants
    }
    guard let plant = loaded.plants.first(where: { $0.name == name }) else {
      let known = loaded.plants.map(\.name).joined(separator: ", ")
      throw Failure(description: "there is no plant '\(name)'; the folder has \(known)")
    }
    return [plant]
  }

  /// A publisher that has reached the broker, or an error that says what is wrong with it.
  /// - Parameter orders: Takes the commands of its plants, where it is their devices' publisher.
  static func publisher(
    _ settings: BrokerSettings, as purpose: String, orders: OrderInbox? = nil
  ) throws -> Publisher {
    try publisher(settings, as: purpose, filters: orders?.filters ?? [], onMessage: { orders?.put($0) })
  }

  /// A publisher that has reached the broker, or an error that says what is wrong with it.
  /// - Parameters:
  ///   - filters: Topics that are subscribed to; `onMessage` gets what comes on them.
  ///   - hint: Where the broker's settings are.
  static func publisher(
    _ settings: BrokerSettings, as purpose: String, filters: [String],
    hint: String = "url, username and password of mqtt in wattline.yaml",
    onMessage: @escaping @Sendable (PublishedMessage) -> Void
  ) throws -> Publisher {
    let place = "\(settings.host):\(settings.port)"
    var own = settings
    own.clientID = "\(settings.clientID)-\(purpose)-\(getpid())"
    let trouble = LatestTrouble()
    let publisher = Publisher(
      settings: own, filters: filters,
      onEvent: { event in
        switch event {
        case .connected: trouble.isOver(with: place)
        case .disconnected(let reason):
          if trouble.isNew(reason, with: place) { Console.note("broker \(place): \(reason)") }
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
