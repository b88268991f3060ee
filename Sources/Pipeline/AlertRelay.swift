import Alerts
import CommandChannel
import PlantModel
import StreamCore
import WattlineTime

/// Delivery channel that publishes each alert on its topic. An alert is delivered once the broker has confirmed it.
struct PublishingChannel: AlertChannel {
  let name = "mqtt"
  let batch = 100
  let publisher: Publisher

  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome {
    for parcel in parcels {
      guard let topic = parcel.recipients.first else { continue }
      while true {
        do throws(PublishError) {
          try publisher.publish(topic: topic, payload: parcel.body, timeout: .second)
          break
        } catch {
          if error != .timedOut { return .refused("\(error)") }
          if shouldStop() { return .later("the broker is away") }
        }
      }
    }
    // The publisher sends pending messages once the broker is back. Publishing them again would send them twice.
    while !publisher.flush(timeout: .second) {
      if shouldStop() { return .later("the broker is away") }
    }
    return .delivered
  }
}

/// Relay of a worker's alerts to delivery, which also keeps each plant's list of alerts retained at the broker.
///
/// A transition is an event. The retained list shows later subscribers which alerts are standing.
struct AlertRelay {
  private typealias News = (register: PlantRegister, alerts: [AlertTransition], notices: [AlertNotice])

  private let delivery: AlertDelivery
  private let publisher: Publisher
  private var news: [String: News] = [:]
  private var announced: Set<String> = []
  /// Plants whose list has changed since its last publication.
  private var changed: Set<String> = []
  /// Plants whose alerts have changed since the worker looked last.
  var unseen: Set<String> = []

  init(delivery: AlertDelivery, publisher: Publisher) {
    self.delivery = delivery
    self.publisher = publisher
  }

  /// Collects the alerts of a frame; nearly all frames have none.
  mutating func observe(_ frame: borrowing Frame, in register: PlantRegister) {
    if frame.alerts.isEmpty && frame.notices.isEmpty { return }
    var known = news[register.plant.name] ?? (register, [], [])
    known.alerts += frame.alerts
    known.notices += frame.notices
    known.register = register
    news[register.plant.name] = known
  }

  /// Submits the collected alerts of the record that ends at `offset`.
  mutating func handOver(upTo offset: UInt64) {
    if news.isEmpty { return }
    for (name, news) in news {
      delivery.submit(news.alerts, notices: news.notices, of: news.register, at: offset)
      changed.insert(name)
      unseen.insert(name)
    }
    news.removeAll(keepingCapacity: true)
  }

  /// Publishes the lists that have changed. Called on ticks, so that a list of thousands is not rendered for each
  /// change.
  mutating func announceChanged(_ plants: PlantShard) {
    if changed.isEmpty { return }
    for position in 0..<plants.count where changed.contains(plants.plants[position].name) {
      announce(position, plants: plants)
    }
    changed.removeAll(keepingCapacity: true)
  }

  /// Publishes the lists of all plants, and removes those of plants that no longer exist.
  mutating func announceAll(_ plants: PlantShard) {
    for name in announced.subtracting(plants.plants.map(\.name)) {
      announced.remove(name)
      try? publisher.announce(PublishedMessage(topic: AlertRelay.topic(name), payload: "", retain: true))
    }
    for position in 0..<plants.count { announce(position, plants: plants) }
  }

  private mutating func announce(_ position: Int, plants: PlantShard) {
    let name = plants.plants[position].name
    let list = AlertDocument.list(plants.lines[position].standingAlerts, in: plants.registers[position])
    announced.insert(name)
    try? publisher.announce(PublishedMessage(topic: AlertRelay.topic(name), payload: list, retain: true))
  }

  private static func topic(_ plant: String) -> String { TopicName.join(["wattline", plant, "alerts"]) }
}
