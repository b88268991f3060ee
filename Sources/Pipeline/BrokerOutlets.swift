import Alerts
import CommandChannel
import PlantModel
import Settings
import SystemCore
import WattlineTime

/// Publications of the process about itself at the broker: whether it is online, also as a Sparkplug host.
struct Announcements: Sendable {
  let publisher: Publisher
  /// Active while a plant has Sparkplug topics.
  let host: SparkplugHosting

  /// Creates the announcements without connecting.
  init(settings: BrokerSettings, note: @escaping RunningPipeline.Note) {
    publisher = Publisher(settings: settings.client("status"), will: .offline)
    host = SparkplugHosting(settings: settings, note: note)
  }

  /// Connects anew with the credentials of `settings`.
  func renew(_ settings: BrokerSettings) {
    publisher.renew(credentials: settings)
    host.renew(settings)
  }

  /// Publishes that the process is offline.
  func stop() {
    publisher.stop()
    host.stop()
  }
}

/// Outlet of alerts and commands: their publisher at the broker, and the delivery of alerts through all channels.
struct AlertOutlet: Sendable {
  let publisher: Publisher
  let delivery: AlertDelivery

  /// Creates the outlet and opens its list of undelivered alerts.
  ///
  /// - Parameters:
  ///   - settings: Settings of the process.
  ///   - journalEnd: End offset of the journal.
  ///   - note: Receives log lines.
  /// - Throws: An error of the file of undelivered alerts.
  init(settings: ProcessSettings, journalEnd: UInt64, note: @escaping RunningPipeline.Note) throws {
    publisher = Publisher(settings: settings.mqtt.client("alerts"))
    delivery = try AlertDelivery(
      settings: settings.alerts, publisher: PublishingChannel(publisher: publisher),
      path: settings.journal.path + "/alerts/outbox", journalEnd: journalEnd, note: note)
  }

  /// Uses other credentials: with a new connection to the broker, and with the next message to people.
  func renew(_ settings: ProcessSettings) {
    publisher.renew(credentials: settings.mqtt)
    delivery.renew(credentials: settings.alerts)
  }

  /// Stops delivery, which waits a limited time for alerts being delivered.
  func stop(within timeout: TimeSpan) {
    delivery.stop(timeout: timeout)
    publisher.stop()
  }
}

extension BrokerSettings {
  /// Returns the settings of a further client of the process, whose client ID ends with a suffix.
  fileprivate func client(_ suffix: String) -> BrokerSettings {
    var settings = self
    settings.clientID += "-" + suffix
    return settings
  }
}

/// Settings whose credentials are renewed while the process runs.
final class RenewableCredentials: Sendable {
  /// Settings of the broker, for the next connections.
  let broker: Renewable<BrokerSettings>
  /// Settings of the database, for the next requests.
  let database: Renewable<DatabaseSettings>
  private let settings: ProcessSettings

  /// Creates the credentials of the settings that are in effect until the process ends.
  init(_ settings: ProcessSettings) {
    self.settings = settings
    broker = Renewable(settings.mqtt)
    database = Renewable(settings.influxdb)
  }

  /// Takes up the credentials of changed settings. Returns the settings in effect with them.
  func renew(_ changed: ProcessSettings) -> ProcessSettings {
    let renewed = settings.taking(credentialsOf: changed)
    broker.renew(renewed.mqtt)
    database.renew(renewed.influxdb)
    return renewed
  }
}
