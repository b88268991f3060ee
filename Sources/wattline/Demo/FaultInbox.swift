import Foundation
import PlantModel

/// Channel from `simulate --fault` to a demo that plays the same plants.
///
/// It is a folder on this machine, named after the port of the demo's broker. `simulate` writes faults into it and the
/// demo removes them.
struct FaultInbox {
  private static let owner = "owner"
  private static let prefix = "wattline-demo-faults-"
  private let folder: URL

  /// Creates the inbox of the demo whose broker uses `port`.
  init(port: Int) {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(FaultInbox.prefix)\(port)")
  }

  /// Whether a running demo reads the inbox.
  var isServed: Bool {
    guard let text = try? String(contentsOf: folder.appendingPathComponent(FaultInbox.owner), encoding: .utf8),
      let process = pid_t(text)
    else { return false }
    return kill(process, 0) == 0
  }

  /// Creates the folder; called by the demo.
  func open() throws {
    close()
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try "\(getpid())".write(to: folder.appendingPathComponent(FaultInbox.owner), atomically: true, encoding: .utf8)
  }

  /// Removes the folder.
  func close() { try? FileManager.default.removeItem(at: folder) }

  /// Removes the folders of demos that no longer run.
  static func sweep() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())) ?? []
    for port in names.filter({ $0.hasPrefix(prefix) }).compactMap({ Int($0.dropFirst(prefix.count)) }) {
      let inbox = FaultInbox(port: port)
      if !inbox.isServed { inbox.close() }
    }
  }

  /// Writes a fault of a plant.
  func put(_ fault: String, plant: String) throws {
    let data = try JSONEncoder().encode([plant, fault])
    try data.write(to: folder.appendingPathComponent("\(UUID().uuidString).fault"), options: .atomic)
  }

  /// Removes and returns the waiting faults.
  func drain() -> [(plant: String, fault: String)] {
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return files.filter { $0.pathExtension == "fault" }.compactMap { file in
      defer { try? FileManager.default.removeItem(at: file) }
      guard let data = try? Data(contentsOf: file), let words = try? JSONDecoder().decode([String].self, from: data),
        words.count == 2
      else { return nil }
      return (words[0], words[1])
    }
  }
}
