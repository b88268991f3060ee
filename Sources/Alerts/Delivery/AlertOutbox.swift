import Foundation
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// Waiting messages by channel, and the end of the last journal record that was queued for each plant. After a restart
/// nothing is therefore delivered twice or lost. The file is replaced atomically.
final class AlertOutbox: @unchecked Sendable {
  // Sendable: every stored variable is accessed inside `monitor.locked` only; the file inside `fileLock.locked` too.
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

  /// Opens the outbox in a file. Plant marks beyond the end of the journal belong to records that a power failure lost.
  /// They are reduced to that end, because new records get the same offsets.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - channels: names of the channels; messages of other channels in the file are dropped.
  ///   - capacity: maximum number of messages per channel.
  ///   - journalEnd: offset of the journal's end.
  ///   - note: receives a log message if the file cannot be read.
  init(path: String, channels: [String], capacity: Int, journalEnd: UInt64, note: (LogEntry) -> Void) {
    self.path = path
    self.capacity = capacity
    queues = Dictionary(uniqueKeysWithValues: channels.map { ($0, []) })
    guard let data = FileManager.default.contents(atPath: path) else { return }
    do throws(SnapshotError) { try restore(Array(data)) } catch {
      note(.error("\(path): \(error); alerts that waited in it are not delivered"))
    }
    marks = marks.mapValues { min($0, journalEnd) }
  }

  /// Number of waiting messages.
  var count: Int { monitor.locked { queues.values.reduce(0) { $0 + $1.count } } }

  /// Queues the messages that a record caused in a plant, unless it was queued before.
  ///
  /// - Parameters:
  ///   - parcels: the messages with their channels; those of unknown channels are ignored.
  ///   - plant: name of the plant.
  ///   - offset: end of the record in the journal.
  /// - Returns: the number of queued messages, and by channel the number of oldest ones dropped for lack of capacity.
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

  /// Returns the oldest messages of a channel, and waits until there is one; `nil` once the outbox is closed.
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

  /// Removes messages that were delivered or refused.
  func remove(_ numbers: [UInt64], from channel: String) {
    let done = Set(numbers)
    monitor.locked {
      queues[channel]?.removeAll { done.contains($0.number) }
      hasChanged = true
      monitor.broadcast()
    }
  }

  /// Waits until all queues are empty, the outbox is closed or `span` is over.
  func waitUntilEmpty(_ span: TimeSpan) {
    let deadline = Monitor.Deadline(in: span)
    monitor.locked {
      while !isClosed, queues.values.contains(where: { !$0.isEmpty }), monitor.wait(until: deadline) {}
    }
  }

  /// Waits for ``close()`` for at most `span`; returns whether the outbox is closed.
  func waitUntilClosed(_ span: TimeSpan) -> Bool {
    let deadline = Monitor.Deadline(in: span)
    return monitor.locked {
      while !isClosed, monitor.wait(until: deadline) {}
      return isClosed
    }
  }

  /// Closes the outbox and ends every wait. Its messages stay in the file.
  func close() {
    monitor.locked {
      isClosed = true
      monitor.broadcast()
    }
  }

  /// Writes the file if anything has changed; returns the reason of a failure, or `nil`.
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
    // Messages of a channel that is no longer configured cannot be delivered.
    for (channel, parcels) in waiting where queues[channel] != nil {
      queues[channel] = parcels.suffix(capacity).map { parcel in
        defer { nextNumber += 1 }
        return Entry(number: nextNumber, parcel: parcel)
      }
    }
  }
}
