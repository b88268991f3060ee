/// Declaration of a measurement: its name, its tags and its fields.
///
/// There is one instance of each, a constant of this type. Equality is identity.
public final class Measurement: Hashable, Sendable {
  /// Name in the database. It needs no escaping.
  public let name: String
  /// Subject of a point, and when it is written.
  public let contents: String
  /// Tags in order.
  public let tags: [Tag]
  /// Fields in order.
  public let fields: [FieldDeclaration]
  /// Tags after plant, asset, sensor and unit, at most two; ``PointKey/qualifiers`` holds their values.
  public let qualifierTags: [Tag]
  /// Whether points have the series' unit as a tag.
  public let hasUnitTag: Bool

  private let types: [String: FieldType]
  private let families: [(start: String, type: FieldType)]

  /// Declares a measurement.
  ///
  /// - Parameters:
  ///   - name: Name in the database.
  ///   - contents: What a point is about and when it is written.
  ///   - tags: Tags in order: plant, asset, sensor, unit, then at most two of its own.
  ///   - fields: Fields in order.
  ///   - isOfProcess: Whether the process itself writes the points, so that all tags are qualifiers.
  init(_ name: String, contents: String, tags: [Tag], fields: [FieldDeclaration], isOfProcess: Bool = false) {
    self.name = name
    self.contents = contents
    self.tags = tags
    self.fields = fields
    qualifierTags = isOfProcess ? tags : tags.filter { !Tag.ofSubject.contains($0.name) }
    hasUnitTag = tags.contains(.unit)
    types = Dictionary(fields.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
    families = fields.compactMap { field in field.familyStart.map { ($0, field.type) } }
  }

  /// Returns the declaration of a field, which may be that of its family.
  public func declaration(of field: String) -> FieldDeclaration? {
    fields.first { $0.name == field } ?? fields.first { $0.covers(field) }
  }

  /// Returns whether a field is declared, with this type of value.
  func declares(_ field: Field) -> Bool {
    let type = field.value.type
    if let declared = types[field.name] { return declared == type }
    return families.contains { $0.type == type && field.name.hasPrefix($0.start) }
  }

  /// Returns whether both are the same.
  public static func == (a: Measurement, b: Measurement) -> Bool { a === b }

  /// Hashes the identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Measurement {
  /// All measurements, in the order of the flow. This is the registration.
  public static let all: [Measurement] = [
    .raw, .clean, .reporting, .feature, .cleanHourly, .cleanDaily, .kpi, .energy, .forecast, .forecastLatest,
    .forecastEvaluation, .scenario, .health, .alerts, .alertState, .alertRate, .dispatch, .command, .plantState,
    .sourceState, .savings, .savingsMonth, .savingsOperation, .savingsOperationMonth, .savingsEvent,
    .savingsInvestigation, .savingsWork, .community, .communityAhead, .communityMember, .communityScenario, .pipeline,
    .audit,
  ]
}
