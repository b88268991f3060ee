import Foundation

/// Files by which commands and the process that runs the sources speak with each other, below the journal's folder.
public struct SourceControl: Sendable {
  /// All that people have ordered.
  public struct Orders: Sendable, Equatable, Codable {
    /// Sources that are stopped, as `plant/name`.
    public var stopped: Set<String> = []
    /// Number of starts by people, by `plant/name`. Each one counts once.
    public var starts: [String: UInt64] = [:]

    /// Creates no orders.
    public init() {}
  }

  /// Folder of the files.
  public let folder: String
  private var ordersPath: String { folder + "/orders.json" }
  private var statePath: String { folder + "/state.json" }

  /// Creates the files below a journal's folder; nothing is written.
  public init(journal path: String) { folder = path + "/sources" }

  /// Returns the key of a source in ``Orders``.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - source: Name of the source.
  public static func key(plant: String, source: String) -> String { "\(plant)/\(source)" }

  /// Returns the orders; `nil` if there are none, or they cannot be read.
  public func orders() -> Orders? {
    FileManager.default.contents(atPath: ordersPath).flatMap { try? JSONDecoder().decode(Orders.self, from: $0) }
  }

  /// Orders that a source is stopped or started.
  ///
  /// - Parameters:
  ///   - key: The source, as `plant/name`.
  ///   - isStopped: Whether it is stopped.
  /// - Throws: An error of the file.
  public func order(_ key: String, isStopped: Bool) throws {
    var orders = orders() ?? Orders()
    if isStopped {
      orders.stopped.insert(key)
    } else {
      orders.stopped.remove(key)
      orders.starts[key, default: 0] += 1
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try JSONEncoder().encode(orders).write(to: URL(fileURLWithPath: ordersPath), options: .atomic)
  }

  /// Returns the states that the process has written last.
  public func states() -> [SourceStatus] {
    let data = FileManager.default.contents(atPath: statePath)
    return data.flatMap { try? JSONDecoder().decode(SourceList.self, from: $0) }?.sources ?? []
  }

  /// Writes the states.
  func write(_ states: [SourceStatus]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(SourceList(states)).write(to: URL(fileURLWithPath: statePath), options: .atomic)
  }
}
