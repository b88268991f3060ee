import PlantConfig
import PlantModel

extension API {
  /// Refuses a configuration that runs a program which the present one does not run.
  ///
  /// A person who may change plants over HTTP does not gain the right to run programs on this machine.
  ///
  /// - Parameter plants: The plants of the configuration.
  func checkPrograms(of plants: [Plant]) throws(Problem) {
    let known = Set(pipeline.configuration().plants.flatMap(\.sources).compactMap(Self.program(of:)))
    let sources = plants.flatMap(\.sources)
    guard let new = sources.first(where: { Self.program(of: $0).map { !known.contains($0) } ?? false }) else { return }
    throw Problem(
      422,
      "the source '\(new.name)' runs a program, which a text that comes over HTTP cannot set; put the file into the "
        + "folder of the configuration")
  }

  private static func program(of source: DataSource) -> ExecAccess? {
    if case .exec(let access) = source.access { access } else { nil }
  }
}
