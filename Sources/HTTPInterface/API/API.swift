import Accounts
import InfluxSink
import Pipeline
import PlantConfig
import PlantModel
import SystemCore

/// The parts that all endpoints of `/api/v1` share.
struct API: Sendable {
  let pipeline: PipelineAccess
  let accounts: Authenticator
  let services: InterfaceServices
  let jobs: Jobs
  /// Held while a plant's file is compared and written, so that of two changes at once one sees the other.
  let files = Locked(())

  /// Returns the plant of a path.
  ///
  /// - Parameters:
  ///   - call: The request, with the parameter `plant`.
  ///   - action: What the request wants to do with it.
  /// - Throws: The same problem for a plant that does not exist and for one that the caller may not know of.
  func plant(of call: Call, for action: Action) throws(Problem) -> Plant {
    let given = call.parameter("plant")
    let plants = pipeline.configuration().plants.filter { call.may(action, on: $0.name) }
    guard let name = PathName.resolve(given, among: plants.map(\.name)),
      let plant = plants.first(where: { $0.name == name })
    else { throw Self.noPlant(given, known: plants.map(\.name)) }
    return plant
  }

  private static func noPlant(_ name: String, known: [String]) -> Problem {
    let hint = known.isEmpty ? "" : "; \(NearestName.hint(name, of: known))"
    return Problem(404, "there is no plant '\(name.prefix(100))' among yours\(hint)")
  }

  /// Returns the views of the plants that a caller may read, or of those of them that `plants` names.
  func views(of call: Call, for action: Action) throws(Problem) -> [PlantView] {
    let views = pipeline.status().stages.plants.filter { call.may(action, on: $0.name) }
    guard let text = call.argument("plants") else { return views }
    var wanted: [PlantView] = []
    for name in text.split(separator: ",").map(String.init) {
      guard let view = views.first(where: { $0.name == name }) else {
        throw Self.noPlant(name, known: views.map(\.name))
      }
      wanted.append(view)
    }
    return wanted
  }

  /// Returns the view of a plant; an empty one before its first record.
  func view(of plant: Plant) -> PlantView {
    pipeline.status().stages.plants.first { $0.name == plant.name } ?? PlantView(name: plant.name)
  }

  /// Passes a request to a plant.
  ///
  /// - Throws: A problem if it is refused, or cannot be taken.
  /// - Returns: Whether it is done; `false` if it is taken, and its result not known yet.
  func request(of plant: String, subject: String, members: [String: String]) throws(Problem) -> Bool {
    switch pipeline.request(plant, subject, members) {
    case .done: return true
    case .pending: return false
    case .refused(.unknown): throw Problem(404, "plant '\(plant)' has no such \(subject)")
    case .refused(.late): throw Problem(409, "it is over, or was decided before")
    case .refused(.notUnderstood): throw Problem(422, "a member is missing or has a value that is not possible")
    case .refused(.unknownSubject): throw Problem(404, "plant '\(plant)' takes no requests about \(subject)")
    case .notTaken(let words): throw Problem(503, "the request cannot be stored: \(words); send it again later")
    }
  }

  /// Opens a connection to the database.
  func reader() throws(Problem) -> DatabaseReader {
    do throws(ReadError) { return try DatabaseReader(pipeline.database()) } catch { throw Self.problem(error) }
  }

  /// Returns the problem of a query that failed.
  static func problem(_ error: ReadError) -> Problem { Problem(503, error.description) }
}

/// A page of a list.
struct Page<Element: Encodable>: Encodable {
  var items: [Element]
  /// Cursor of the next page; `nil` at the end.
  var next: String?

  /// Cuts the page that a request asks for out of a whole list.
  ///
  /// - Parameters:
  ///   - all: The list, in an order that stays.
  ///   - call: The request, with `limit` and `cursor`.
  init(_ all: [Element], call: Call) throws(Problem) {
    let limit = try call.count("limit", in: 1...1_000, default: 100)
    let start = try call.count("cursor", in: 0...Int(Int32.max), default: 0)
    items = Array(all.dropFirst(start).prefix(limit))
    next = start + items.count < all.count ? "\(start + items.count)" : nil
  }

  init(items: [Element], next: String?) { (self.items, self.next) = (items, next) }
}

extension Schema {
  /// A page of elements.
  static func page(_ element: Schema) -> Schema {
    .object(["items": .array(element), "next": .optional(.string)])
  }
}

extension Endpoint.Response {
  /// A document of JSON.
  static func json(_ meaning: String, _ schema: Schema, status: Int = 200) -> Self {
    Self(status: status, meaning: meaning, schema: schema)
  }

  /// No body.
  static func empty(_ meaning: String) -> Self { Self(status: 204, meaning: meaning, contentTypes: []) }
}
