import Foundation
import PlantModel
import StreamCore

/// Messages that wait to be delivered, by channel, and up to which record of the journal each plant's were taken in: what
/// a restart needs so that nothing is delivered twice or forgotten. Kept in a file that is there whole or not at all.
final class AlertOutbox: @unchecked Sendable {
  // Sendable: every stored variable is touched inside `monitor.locked` only; the file inside `fileLock.locked` too.
  private struct Entry {
    var number: UInt64
    var parcel: AlertParcel
  }

  private static let version: UInt16 = 1

  private let monitor = Monitor()
  private let fileLock = Monitor()
  private let path: String
  private let capacity: Int
  private var queues: [String: [Entry]]
  private var marks: [String: UInt64] = [:]
  private var nextNumber: UInt64 = 0
  private var hasChanged = false
  private var isClosed = false

  /// The outbox in a file, for some channels. Marks beyond the journal's end are of records that were lost with the
  /// machine's power, whose offsets others will have. `note` is told of a file that cannot be read.
  init(path: String, channels: [String], capacity: Int, journalEnd: UInt64, note: (String) -> Void) {
    self.path = path
    self.capacity = capacity
    queues = Dictionary(uniqueKeysWithValues: channels.map { ($0, []) })
    guard let data = FileManager.default.contents(atPath: path) else { return }
    do throws(SnapshotError) { try restore(Array(data)) } catch {
      note("\(path): \(error); alerts that waited in it are not delivered")
    }
    marks = marks.mapValues { min($0, journalEnd) }
  }

  /// How many messages wait.
  var count: Int { monitor.locked { queues.values.reduce(0) { $0 + $1.count } } }

  /// Takes in what a record led to in a plant, unless it was taken in before. Returns how many messages came in, and
  /// how many of each channel had to go because too many wait: the oldest.
  func put(_ parcels: [(channel: String, parcel: AlertParcel)], of plant: String, at offset: UInt64) -> (
    taken: Int, dropped: [String: Int]
  ) {
    monitor.locked {
      guard offset > marks[plant] ?? 0 else { return (0, [:]) }
      marks[plant] = offset
      hasChanged = true
      var taken = 0
      var dropped: [String: Int] = [:]
      for (channel, parcel) in parcels where queues[channel] != nil {
        queues[channel]?.append(Entry(number: nextNumber, parcel: parcel))
        nextNumber += 1
        taken += 1
        if let queue = queues[channel], queue.count > capacity {
          queues[channel]?.removeFirst()
          dropped[channel, default: 0] += 1
        }
      }
      if taken > 0 { monitor.broadcast() }
      return (taken, dropped)
    }
  }

  /// The oldest messages of a channel, waiting until there is one; `nil` once closed.
  func next(_ channel: String, atMost limit: Int) -> (numbers: [UInt64], parcels: [AlertParcel])? {
    monitor.locked {
      while !isClosed {
        if let queue = queues[channel], !queue.isEmpty {
          let first = queue.prefix(limit)
          return (first.map(\.number), first.map(\.parcel))
        }
        _ = monitor.wait()
      }
      return nil
    }
  }

  /// Takes messages out that are done with.
  func remove(_ numbers: [UInt64], from channel: String) {
    let done = Set(numbers)
    monitor.locked {
      queues[channel]?.removeAll { done.contains($0.number) }
      hasChanged = true
      monitor.broadcast()
    }
  }

  /// Waits at most so long for everything to be done with.
  func waitUntilEmpty(_ span: TimeSpan) {
    let deadline = Monitor.Deadline(in: span)
    monitor.locked {
      while !isClosed, queues.values.contains(where: { !$0.isEmpty }), monitor.wait(until: deadline) {}
    }
  }

  /// Waits at most so long for ``close()``; whether it was closed.
  func waitUntilClosed(_ span: TimeSpan) -> Bool {
    let deadline = Monitor.Deadline(in: span)
    return monitor.locked {
      while !isClosed, monitor.wait(until: deadline) {}
      return isClosed
    }
  }

  /// Ends every wait. What is in the outbox stays in its file.
  func close() {
    monitor.locked {
      isClosed = true
      monitor.broadcast()
    }
  }

  /// Writes the file if anything has changed; the reason why that failed, if it did.
  func save() -> String? {
    fileLock.locked {
      let bytes: [UInt8]? = monitor.locked {
        guard hasChanged else { return nil }
        hasChanged = false
        return snapshot()
      }
      guard let bytes else { return nil }
      do {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        return nil
      } catch {
        monitor.locked { hasChanged = true }
        return "\(path): \(error.localizedDescription)"
      }
    }
  }

  private func snapshot() -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(AlertOutbox.version)
    writer.write(marks.sorted { $0.key < $1.key }) { writer, mark in
      writer.write(mark.key)
      writer.write(mark.value)
    }
    writer.write(queues.sorted { $0.key < $1.key }) { writer, queue in
      writer.write(queue.key)
      writer.write(queue.value) { writer, entry in
        writer.write(entry.parcel.recipients) { $0.write($1) }
        writer.write(entry.parcel.body)
      }
    }
    return writer.bytes
  }

  private func restore(_ bytes: [UInt8]) throws(SnapshotError) {
    var reader = SnapshotReader(bytes)
    try reader.expect(version: AlertOutbox.version, of: "the alerts' outbox")
    let known = try reader.readArray(elementSize: 12) { (reader) throws(SnapshotError) in
      (try reader.readString(), try reader.read(UInt64.self))
    }
    let waiting = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
      let channel = try reader.readString()
      let parcels = try reader.readArray(elementSize: 8) { (reader) throws(SnapshotError) in
        let recipients = try reader.readArray(elementSize: 4) { (reader) throws(SnapshotError) in
          try reader.readString()
        }
        return AlertParcel(recipients: recipients, body: try reader.readString())
      }
      return (channel, parcels)
    }
    guard reader.isAtEnd else { throw .invalid("more bytes than it should have") }
    for (plant, offset) in known { marks[plant] = offset }
    // A channel that is no longer configured has nobody to deliver to.
    for (channel, parcels) in waiting where queues[channel] != nil {
      queues[channel] = parcels.suffix(capacity).map { parcel in
        defer { nextNumber += 1 }
        return Entry(number: nextNumber, parcel: parcel)
      }
    }
  }
}
