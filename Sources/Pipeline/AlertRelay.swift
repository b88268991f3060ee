import Alerts
import CommandChannel
import PlantModel
import StreamCore

/// Publishes alerts, each with its topic; one is delivered when the broker has confirmed it.
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
    // What was handed over is sent by the publisher once the broker is back; handing it over again would send it twice.
    while !publisher.flush(timeout: .second) {
      if shouldStop() { return .later("the broker is away") }
    }
    return .delivered
  }
}

/// Hands over to be delivered what the frames of a worker say of alerts, and keeps the retained list of each plant's
/// alerts at the broker: a transition is an event, and who comes later needs to know what stands.
struct AlertRelay {
  private typealias News = (register: PlantRegister, alerts: [AlertTransition], notices: [AlertNotice])

  private let delivery: AlertDelivery
  private let publisher: Publisher
  private var news: [String: News] = [:]
  private var announced: Set<String> = []
  /// Plants whose list has changed since it was announced.
  private var changed: Set<String> = []

  init(delivery: AlertDelivery, publisher: Publisher) {
    self.delivery = delivery
    self.publisher = publisher
  }

  /// Takes alerts out of a frame; nearly all have none.
  mutating func observe(_ frame: borrowing Frame, _ register: PlantRegister) {
    if frame.alerts.isEmpty && frame.notices.isEmpty { return }
    var known = news[register.plant.name] ?? (register, [], [])
    known.alerts += frame.alerts
    known.notices += frame.notices
    known.register = register
    news[register.plant.name] = known
  }

  /// Hands over what the record led to that ends at `offset`.
  mutating func handOver(upTo offset: UInt64) {
    if news.isEmpty { return }
    for (name, news) in news {
      delivery.submit(news.alerts, news.notices, of: news.register, at: offset)
      changed.insert(name)
    }
    news.removeAll(keepingCapacity: true)
  }

  /// Publishes the lists that have changed; on ticks, because a list of thousands is not rendered for each of them.
  mutating func announceChanged(_ plants: PlantSet) {
    if changed.isEmpty { return }
    for position in 0..<plants.count where changed.contains(plants.plants[position].name) { announce(position, plants) }
    changed.removeAll(keepingCapacity: true)
  }

  /// Publishes the lists of all plants, and takes back those of plants that are no more.
  mutating func announceAll(_ plants: PlantSet) {
    for name in announced.subtracting(plants.plants.map(\.name)) {
      announced.remove(name)
      try? publisher.announce(PublishedMessage(topic: AlertRelay.topic(name), payload: "", retain: true))
    }
    for position in 0..<plants.count { announce(position, plants) }
  }

  private mutating func announce(_ position: Int, _ plants: PlantSet) {
    let name = plants.plants[position].name
    let list = AlertDocument.list(plants.lines[position].standingAlerts, plants.registers[position])
    announced.insert(name)
    try? publisher.announce(PublishedMessage(topic: AlertRelay.topic(name), payload: list, retain: true))
  }

  private static func topic(_ plant: String) -> String { TopicName.join(["wattline", plant, "alerts"]) }
}
