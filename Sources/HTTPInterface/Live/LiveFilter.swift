import Pipeline
import PlantModel
import WebServer

/// The choice of a subscriber: kinds of messages, of some plants.
struct LiveFilter: Hashable, Sendable {
  var plants: LiveAccess.Plants
  var kinds: Set<LiveKind>

  /// Reads the filter of a request: `plants=a,b&kinds=readings,alerts`, both optional.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - known: Names of all plants.
  ///   - allowed: Plants that the client may read.
  /// - Returns: The filter; or a response that names what is wrong. A plant that the client may not read is as unknown
  ///   as one that does not exist.
  static func read(
    _ request: HTTPRequest, known: [String], allowed: LiveAccess.Plants
  ) -> Result<LiveFilter, LiveRefusal> {
    var filter = LiveFilter(plants: allowed, kinds: Set(LiveKind.allCases))
    if let words = list("kinds", of: request) {
      filter.kinds = []
      let names = LiveKind.allCases.map(\.plural)
      for word in words {
        guard let kind = LiveKind.allCases.first(where: { $0.plural == word || $0.rawValue == word }) else {
          return .failure(
            LiveRefusal(
              .problem(
                400, "there is no kind \"\(shown(word))\"; kinds are \(names.joined(separator: ", "))")))
        }
        filter.kinds.insert(kind)
      }
    }
    if let words = list("plants", of: request) {
      let visible = known.filter(allowed.contains)
      for word in words where !visible.contains(word) {
        return .failure(
          LiveRefusal(.problem(400, "there is no plant \"\(shown(word))\"\(hint(shown(word), of: visible))")))
      }
      filter.plants = .named(Set(words))
    }
    return .success(filter)
  }

  /// Returns whether a message is wanted.
  func wants(_ event: LiveEvent) -> Bool { kinds.contains(event.kind) && plants.contains(event.plant) }

  private static func list(_ name: String, of request: HTTPRequest) -> [String]? {
    let values = request.query.filter { $0.name == name }.flatMap { $0.value.split(separator: ",") }
    let words = values.map { word in String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
    let named = words.filter { !$0.isEmpty }
    return named.isEmpty ? nil : named
  }

  /// Returns a hint to the plant that is meant: the most similar, or some if none is similar.
  private static func hint(_ word: String, of names: [String]) -> String {
    let nearest = names.min { EditDistance.between($0, word) < EditDistance.between($1, word) }
    guard let nearest else { return "; you may read none" }
    if EditDistance.between(nearest, word) <= max(2, word.count / 3) { return "; perhaps it is \"\(nearest)\"" }
    let more = names.count > 20 ? " and \(names.count - 20) more" : ""
    return "; there are \(names.sorted().prefix(20).joined(separator: ", "))\(more)"
  }

  private static func shown(_ word: String) -> String { String(word.prefix(64)) }
}
