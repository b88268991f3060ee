import Foundation
import PlantModel
public import Settings

/// Stored filters of each client's session at the broker, in one small file per client. A broker does not report them,
/// and keeps the subscriptions of an earlier configuration.
///
/// A file has the broker's address in its first line and one filter in each further line. It lists the filters that the
/// session may have. It is written before new filters are requested, and after the removal of old ones is confirmed.
public struct SessionMemory: Sendable {
  private let folder: String
  private let broker: String

  /// Uses files in `folder`, created when first needed. Files for other brokers are ignored.
  public init(folder: String, broker settings: BrokerSettings) {
    self.folder = folder
    broker = "\(settings.host):\(settings.port)"
  }

  /// Client IDs with a session at this broker.
  var clientIDs: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasSuffix(Self.suffix) else { return nil }
      return String(name.dropLast(Self.suffix.count)).removingPercentEncoding
    }.filter { filters(of: $0) != nil }.sorted()
  }

  /// Returns the filters that a client's session may have; `nil` if unknown.
  func filters(of clientID: String) -> Set<String>? {
    guard let data = FileManager.default.contents(atPath: path(clientID)) else { return nil }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    return lines.first == broker ? Set(lines.dropFirst()) : nil
  }

  /// Replaces the stored filters. Returns the reason if that failed.
  func remember(_ filters: Set<String>, of clientID: String) -> String? {
    let text = ([broker] + filters.sorted()).joined(separator: "\n") + "\n"
    let target = path(clientID)
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let draft = target + ".new"
      guard
        FileManager.default.createFile(
          atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
        rename(draft, target) == 0
      else { return "\(target): \(String(cString: strerror(errno)))" }
      return nil
    } catch { return "\(target): \(error.localizedDescription)" }
  }

  /// Removes the stored filters of a client whose session has ended.
  func forget(_ clientID: String) { try? FileManager.default.removeItem(atPath: path(clientID)) }

  private static let suffix = ".filters"

  private func path(_ clientID: String) -> String {
    let name = clientID.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", "_"])) ?? clientID
    return "\(folder)/\(name)\(Self.suffix)"
  }
}
