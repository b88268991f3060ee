public import Backup
import Foundation
public import PlantConfig

extension BackupJob {
  /// Creates the job of a loaded configuration.
  ///
  /// - Parameters:
  ///   - loaded: the configuration.
  ///   - directory: its folder.
  ///   - program: version and commit of the program.
  public init(_ loaded: LoadedConfiguration, directory: String, program: String) {
    self.init(
      settings: loaded.settings, configuration: directory,
      parts: loaded.files(of: directory).map { ConfigurationPart(path: $0.path, isSecret: $0.isSecret) },
      program: program)
  }
}
