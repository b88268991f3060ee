import PlantModel
public import WattlineTime

/// Classes of lead, named by their upper edge, for slots of any length: `1h, 3h, 6h, 12h, 24h`, then doubling.
///
/// A slot's lead is the time from the origin to the slot's end. Worked value: for hourly slots the first is in `1h`,
/// the second and third in `3h`, the 24th in `24h`.
public struct LeadClasses: Sendable, Equatable {
  /// Upper edges [h], ascending; the last covers the end of the horizon.
  public let edges: [Int]
  /// Class of each slot of the horizon.
  public let ofOffset: [Int]

  /// Creates the classes of a horizon of `horizon` slots of length `span`.
  public init(horizon: Int, span: TimeSpan) {
    var edges = [1, 3, 6, 12, 24]
    while Double(edges[edges.count - 1]) < Double(horizon) * span.inHours, edges.count < 16 {
      edges.append(edges[edges.count - 1] * 2)
    }
    let classes = (0..<max(1, horizon)).map { offset in
      edges.firstIndex { Double(offset + 1) * span.inHours <= Double($0) + 1e-9 } ?? edges.count - 1
    }
    self.edges = Array(edges[...(classes.last ?? 0)])
    ofOffset = classes
  }

  /// Number of classes.
  public var count: Int { edges.count }

  /// Returns the value of the `lead` tag of a class.
  public func name(_ index: Int) -> String { "\(edges[index])h" }
}
