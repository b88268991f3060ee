import PlantConfig
import PlantModel

extension API {
  /// Refuses a plant's file that runs a program which no file of the folder runs yet.
  ///
  /// Who may change plants over HTTP may not run programs on this machine by that.
  ///
  /// - Parameter plant: The plant that the file describes.
  func checkPrograms(of plant: Plant?) throws(Problem) {
    let known = Set(pipeline.configuration().plants.flatMap(\.sources).compactMap(Self.program(of:)))
    let new = (plant?.sources ?? []).first { source in Self.program(of: source).map { !known.contains($0) } ?? false }
    guard let new else { return }
    throw Problem(
      422,
      "the source '\(new.name)' runs a program, which a text that comes over HTTP cannot set; put the file into the "
        + "folder of the configuration")
  }

  private static func program(of source: DataSource) -> ExecAccess? {
    if case .exec(let access) = source.access { access } else { nil }
  }
}
