public import PlantModel

/// Reader of `building` and of what measures change in it.
struct BuildingReader {
  private static let example = "building: {area: 500, lighting: 10.8, heating_fuel: gas}"

  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Named schedules.
  private enum Use: String, CaseIterable { case office, continuous }

  /// Returns what a section tells of a building; `nil` after a mistake.
  func building(_ section: Section) -> BuildingDescription? {
    let before = reading.diagnostics.count
    var building = BuildingDescription(area: 100)
    building.heatingFuel = section.choice("heating_fuel") ?? .gas
    building.waterFuel = section.choice("water_fuel") ?? .gas
    building.schedule = section.choice("use", as: Use.self) == .continuous ? .continuous : .office
    if let node = section.node("schedules") {
      schedules(Section(node, name: "schedules", reading: reading), into: &building.schedule)
    }
    if let node = section.node("exec") { building.program = words(node) }
    for quantity in BuildingQuantity.allCases {
      guard let node = section.node(quantity.rawValue) else {
        if quantity == .area {
          reading.mistake(
            section.mark, "building needs 'area', its conditioned floor area in m², as in \(Self.example)")
        }
        continue
      }
      guard let text = node.text else {
        reading.mistake(
          node.mark, "'\(quantity.rawValue)' must be a number, such as 10.8 or \"10.8 ± 5 %\", not \(node.form)")
        continue
      }
      do throws(BuildingTextMistake) {
        var estimate = try BuildingDescription.Estimate(reading.expanded(text, at: node.mark), of: quantity)
        // A quantity without a usual spread is exact unless the file says otherwise.
        if quantity.profile.spread == 0, Double(text) != nil { estimate.deviation = 0 }
        building.given[quantity] = estimate
      } catch { reading.mistake(node.mark, error.description) }
    }
    section.finish()
    check(building, in: section)
    return reading.diagnostics.count == before ? building : nil
  }

  private func check(_ building: BuildingDescription, in section: Section) {
    let (heat, cool) = (building.estimate(.heatingSetpoint).value, building.estimate(.coolingSetpoint).value)
    if heat > cool {
      reading.mistake(
        section.place(of: BuildingQuantity.heatingSetpoint.rawValue),
        "'heating_setpoint' is \(heat) °C, above 'cooling_setpoint' of \(cool) °C")
    }
  }

  private func words(_ node: YAMLNode) -> [String] {
    let words: [String?]
    if case .sequence(let elements) = node.content { words = elements.map(\.text) } else { words = [node.text] }
    let known = words.compactMap { $0 }
    guard known.count == words.count, !known.isEmpty, known.allSatisfy({ !$0.isEmpty }) else {
      reading.mistake(node.mark, "'exec' must be a program with its arguments, such as [python3, model.py]")
      return []
    }
    return known.map { reading.expanded($0, at: node.mark) }
  }

  // MARK: Schedules

  private func schedules(_ section: Section, into schedule: inout BuildingSchedule) {
    func week(_ key: String, _ usual: BuildingSchedule.Week) -> BuildingSchedule.Week {
      guard let node = section.node(key) else { return usual }
      let own = Section(node, name: key, reading: reading)
      let workday = day(own, key: "workday")
      let saturday = day(own, key: "saturday")
      let sunday = day(own, key: "sunday")
      own.finish()
      if workday == nil, own.node("workday") == nil {
        reading.mistake(own.mark, "\(key) needs 'workday', a list of the shares of 24 hours")
      }
      guard let workday else { return usual }
      return .init(workday: workday, saturday: saturday ?? workday, sunday: sunday ?? saturday ?? workday)
    }
    schedule.occupancy = week("occupancy", schedule.occupancy)
    schedule.lighting = week("lighting", schedule.lighting)
    schedule.plugs = week("plugs", schedule.plugs)
    let hasOperation = section.node("operation") != nil
    schedule.operation = week("operation", schedule.operation)
    schedule.ventilation = week("ventilation", hasOperation ? schedule.operation : schedule.ventilation)
    schedule.hotWater = week("hot_water", schedule.hotWater)
    section.finish()
  }

  private func day(_ section: Section, key: String) -> [Double]? {
    guard let node = section.node(key) else { return nil }
    guard case .sequence(let nodes) = node.content, nodes.count == 24 else {
      let count: String
      if case .sequence(let nodes) = node.content { count = "\(nodes.count)" } else { count = node.form }
      reading.mistake(node.mark, "'\(key)' must be a list of 24 shares from 0 to 1, one for each hour, not \(count)")
      return nil
    }
    let shares = nodes.compactMap {
      Section.number($0, key: key, in: 0...1, meaning: "a share from 0 to 1", reading: reading)
    }
    return shares.count == 24 ? shares : nil
  }

  // MARK: Changes

  /// Returns the changes that a node lists; `nil` if it is no mapping.
  func changes(_ node: YAMLNode) -> [BuildingQuantity: QuantityChange]? {
    guard case .mapping = node.content else { return nil }
    let section = Section(node, name: "changes", reading: reading)
    var changes: [BuildingQuantity: QuantityChange] = [:]
    for quantity in BuildingQuantity.allCases {
      guard let value = section.node(quantity.rawValue) else { continue }
      guard let text = value.text else {
        reading.mistake(value.mark, "the change of '\(quantity.rawValue)' must be a text, such as \"-50 %\"")
        continue
      }
      do throws(BuildingTextMistake) {
        changes[quantity] = try QuantityChange(reading.expanded(text, at: value.mark), of: quantity)
      } catch { reading.mistake(value.mark, error.description) }
    }
    section.finish()
    return changes
  }

  /// Returns the words of changes: lighting −50 %, heating_setpoint −1.
  static func words(_ changes: [BuildingQuantity: QuantityChange]) -> String {
    BuildingQuantity.allCases.compactMap { quantity in changes[quantity].map { "\(quantity.rawValue) \($0.words)" } }
      .joined(separator: ", ")
  }
}

/// File of a building for studies of files: `building`, `location` and `measures`.
public struct BuildingFile: Sendable {
  /// A measure and what it changes.
  public struct Measure: Sendable {
    /// Name.
    public var name: String
    /// Changes of quantities.
    public var changes: [BuildingQuantity: QuantityChange]
    /// Whether the fans are sized anew.
    public var isResized: Bool

    /// Creates a measure.
    ///
    /// - Parameters:
    ///   - name: Name.
    ///   - changes: Changes of quantities.
    ///   - isResized: Whether the fans are sized anew.
    public init(name: String, changes: [BuildingQuantity: QuantityChange], isResized: Bool = false) {
      (self.name, self.changes, self.isResized) = (name, changes, isResized)
    }
  }

  /// Estimates of the building.
  public var building: BuildingDescription
  /// Latitude [degrees], north positive.
  public var latitude: Double
  /// Longitude [degrees], east positive.
  public var longitude: Double
  /// Measures in the order of the file.
  public var measures: [Measure]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: Content of the file.
  ///   - name: Name of the file, for messages.
  ///   - environment: Environment variables.
  /// - Returns: The file, or every mistake in it.
  public static func read(
    _ bytes: [UInt8], name: String, environment: [String: String]
  ) -> Result<BuildingFile, BuildingFileMistakes> {
    let reading = ConfigurationContext(file: name, environment: environment) { _ in nil }
    func failed(_ diagnostics: [Diagnostic]) -> Result<BuildingFile, BuildingFileMistakes> {
      .failure(BuildingFileMistakes(diagnostics: diagnostics))
    }
    let root: YAMLNode?
    do throws(Diagnostic) { root = try YAMLParser.parse(bytes, file: name) } catch { return failed([error]) }
    guard let root else {
      return failed([
        Diagnostic(file: name, line: 1, column: 1, message: "the file is empty; it needs 'building' and 'location'")
      ])
    }
    let section = Section(root, name: "the building's file", reading: reading)
    var building: BuildingDescription?
    if let node = section.node("building") {
      building = BuildingReader(reading).building(Section(node, name: "building", reading: reading))
    } else {
      reading.mistake(section.mark, "the file needs 'building', such as building: {area: 500, lighting: 10.8}")
    }
    let place = place(section, reading: reading)
    let measures = measures(section, reading: reading)
    section.finish()
    guard reading.diagnostics.isEmpty, let building, let place else { return failed(reading.diagnostics) }
    return .success(
      BuildingFile(building: building, latitude: place.latitude, longitude: place.longitude, measures: measures))
  }

  private static func place(
    _ section: Section, reading: ConfigurationContext
  ) -> (latitude: Double, longitude: Double)? {
    guard let node = section.node("location") else {
      reading.mistake(section.mark, "the file needs 'location', such as location: {latitude: 48.1, longitude: 11.6}")
      return nil
    }
    let own = Section(node, name: "location", reading: reading)
    let latitude = own.number("latitude", in: -90...90, meaning: "degrees north from -90 to 90")
    let longitude = own.number("longitude", in: -180...180, meaning: "degrees east from -180 to 180")
    own.finish()
    guard let latitude, let longitude else {
      if !own.has("latitude") || !own.has("longitude") {
        reading.mistake(own.mark, "location needs 'latitude' and 'longitude' in degrees")
      }
      return nil
    }
    return (latitude, longitude)
  }

  private static func measures(_ section: Section, reading: ConfigurationContext) -> [Measure] {
    guard let node = section.node("measures") else { return [] }
    guard case .sequence(let nodes) = node.content else {
      reading.mistake(
        node.mark, "'measures' must be a list, such as '- {name: lamps, changes: {lighting: \"-50 %\"}}'")
      return []
    }
    return nodes.compactMap { node in
      let own = Section(node, name: "the measure", reading: reading)
      let name = own.requiredText("name", example: "name: lamps")
      let isResized = own.boolean("resized") ?? false
      let changes = own.node("changes").flatMap { BuildingReader(reading).changes($0) }
      own.finish()
      if changes == nil {
        reading.mistake(own.mark, "the measure needs 'changes', such as changes: {lighting: \"-50 %\"}")
      }
      guard let name, let changes else { return nil }
      return Measure(name: name, changes: changes, isResized: isResized)
    }
  }
}

/// Mistakes in a building's file.
public struct BuildingFileMistakes: Error, Sendable {
  /// Mistakes in the order of the file.
  public let diagnostics: [Diagnostic]
}
