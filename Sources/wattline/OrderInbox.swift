import CommandChannel
import Foundation
import PlantModel
import Synchronization

/// Commands to simulated plants, from the publisher's thread until their devices take them.
final class OrderInbox: Sendable {
  /// More than this are not kept for a plant: nobody takes them.
  private static let longest = 1_000
  private let plants: [String]
  private let waiting = Mutex<[String: [CommandMessage.Order]]>([:])

  /// An inbox of some plants.
  init(plants: [String]) { self.plants = plants }

  /// The topics on which their commands come.
  var filters: [String] { plants.map(CommandMessage.filter) }

  /// Keeps a message if it is a command that one of the plants is to carry out now.
  func put(_ message: PublishedMessage) {
    let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    for plant in plants {
      guard let order = CommandMessage.order(in: message, plant: plant, at: now) else { continue }
      waiting.withLock { waiting in
        if waiting[plant, default: []].count < OrderInbox.longest { waiting[plant, default: []].append(order) }
      }
    }
  }

  /// Takes out what a plant is to do, in the order in which it came.
  func take(plant: String) -> [CommandMessage.Order] { waiting.withLock { $0.removeValue(forKey: plant) } ?? [] }
}
