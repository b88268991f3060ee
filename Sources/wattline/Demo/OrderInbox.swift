import CommandChannel
import Foundation
import PlantModel
import Synchronization
import WattlineTime

/// Commands to simulated plants, passed from the publisher's thread to their devices.
final class OrderInbox: Sendable {
  /// Maximum number of waiting commands per plant; further ones are dropped.
  private static let longest = 1_000
  private let plants: [String]
  private let waiting = Mutex<[String: [CommandMessage.Order]]>([:])

  /// Creates an inbox for some plants.
  init(plants: [String]) { self.plants = plants }

  /// Topic filters of their commands.
  var filters: [String] { plants.map(CommandMessage.filter) }

  /// Stores a message if it is a command that one of the plants has to carry out now.
  func put(_ message: PublishedMessage) {
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    for plant in plants {
      guard let order = CommandMessage.order(in: message, plant: plant, at: now) else { continue }
      waiting.withLock { waiting in
        if waiting[plant, default: []].count < OrderInbox.longest { waiting[plant, default: []].append(order) }
      }
    }
  }

  /// Removes and returns a plant's commands, in order of arrival.
  func drain(plant: String) -> [CommandMessage.Order] { waiting.withLock { $0.removeValue(forKey: plant) } ?? [] }
}
