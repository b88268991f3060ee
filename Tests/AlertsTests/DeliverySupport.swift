import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import WattlineTime

@testable import Alerts

/// A plant, alerts of it, and a folder that lasts as long as a test.
struct DeliverySite {
  let folder: TemporaryFolder
  var register: PlantRegister
  var path: String { folder.path + "/alerts/outbox" }

  init(plant: String = "riverside") throws {
    folder = try TemporaryFolder(prefix: "wattline-alerts")
    let location = Location(latitude: 34, longitude: -117, timezone: "UTC")
    register = PlantRegister(
      plant: Plant(name: plant, location: location, assets: [Asset(name: "Hall 3/4", kind: .grid)]))
    _ = register.admit(asset: "Hall 3/4", sensor: "power")
  }

  func alert(
    _ number: Int = 1, severity: Severity = .warning, status: AlertTransition.Status = .raised,
    title: String = "Hall 3/4 is above its import limit"
  ) -> AlertTransition {
    AlertTransition(
      id: "alert-\(number)", rule: AlertRuleID("limit"), asset: AssetIndex(0), series: SeriesIndex(0), status: status,
      state: .unacknowledged, severity: severity, time: Timestamp(seconds: 1_700_000_000), title: title,
      text: "It carries \(number) kW. Shed load.", value: Double(number))
  }

  func delivery(
    _ publisher: RecordingChannel, settings: AlertSettings = AlertSettings(), journalEnd: UInt64 = 1_000_000,
    capacity: Int = 100, note: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> AlertDelivery {
    try AlertDelivery(
      settings: settings, publisher: publisher, path: path, journalEnd: journalEnd, capacity: capacity,
      firstPause: .milliseconds(1), note: { note("\($0)") })
  }
}

/// Keeps what is delivered, once it is let to.
final class RecordingChannel: AlertChannel {
  let name = "mqtt"
  let batch: Int
  private let state: Mutex<(isAway: Bool, parcels: [AlertParcel])>

  init(batch: Int = 10, isAway: Bool = false) {
    self.batch = batch
    state = Mutex((isAway, []))
  }

  var parcels: [AlertParcel] { state.withLock { $0.parcels } }
  /// The `id` of each message, in the order of their delivery.
  var ids: [String] {
    parcels.map { parcel in
      let document = try? JSONSerialization.jsonObject(with: Data(parcel.body.utf8)) as? [String: Any]
      return document?["id"] as? String ?? "?"
    }
  }

  func comeBack() { state.withLock { $0.isAway = false } }

  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome {
    state.withLock { state in
      if state.isAway { return .later("away") }
      state.parcels += parcels
      return .delivered
    }
  }
}
