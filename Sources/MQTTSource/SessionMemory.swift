import Foundation
import PlantModel

/// Which filters each client's session at the broker has, in one small file a client: a broker does not tell, and keeps
/// what an earlier configuration subscribed to.
///
/// A file has the broker's address in its first line and a filter in each further one. It says what the session may
/// have: it is written before the broker is asked for more, and after the broker has confirmed less.
public struct SessionMemory: Sendable {
  private let folder: String
  private let broker: String

  /// Files in `folder`, which is made when something has to be remembered; what is known of other brokers is left out.
  public init(folder: String, broker settings: BrokerSettings) {
    self.folder = folder
    broker = "\(settings.host):\(settings.port)"
  }

  /// Clients with a session at this broker.
  var clientIDs: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasSuffix(Self.suffix) else { return nil }
      return String(name.dropLast(Self.suffix.count)).removingPercentEncoding
    }.filter { filters(of: $0) != nil }.sorted()
  }

  /// What a client's session may have; `nil` where nothing is known.
  func filters(of clientID: String) -> Set<String>? {
    guard let data = FileManager.default.contents(atPath: path(clientID)) else { return nil }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    return lines.first == broker ? Set(lines.dropFirst()) : nil
  }

  /// Replaces what is known; the reason why that failed, if it did.
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

  /// The client has no session any more.
  func forget(_ clientID: String) { try? FileManager.default.removeItem(atPath: path(clientID)) }

  private static let suffix = ".filters"

  private func path(_ clientID: String) -> String {
    let name = clientID.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", "_"])) ?? clientID
    return "\(folder)/\(name)\(Self.suffix)"
  }
}
