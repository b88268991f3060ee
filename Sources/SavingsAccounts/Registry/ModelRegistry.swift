import SystemCore

/// Folder of frozen models, one file each. Files are added and never changed or removed.
///
/// A file is complete or absent: it is written under another name, synced, and linked to its own. Two processes may use
/// the folder; the first that freezes a version wins, and the other reads what it froze.
public struct ModelRegistry: Sendable {
  /// Name of the folder below that of the journal.
  public static let folderName = "savings"
  /// End of the names of files.
  public static let fileSuffix = ".model"

  /// Path of the folder.
  public let folder: String
  /// Logbooks of the plants, in the same folder.
  public let logbook: SavingsLogbook

  /// Opens the registry of an installation, which may have no model yet.
  ///
  /// - Parameter state: Folder of the journal.
  public init(state: String) { (folder, logbook) = ("\(state)/\(Self.folderName)", SavingsLogbook(state: state)) }

  /// Returns the name of a model's file. It begins with a digest of plant and meter, which may have any characters.
  static func fileName(plant: String, meter: String, version: ModelVersion) -> String {
    "\(prefix(plant: plant, meter: meter))-\(version)\(fileSuffix)"
  }

  private static func prefix(plant: String, meter: String) -> String {
    String(SHA256.hex(Array(plant.utf8) + [0] + Array(meter.utf8)).prefix(16))
  }

  // MARK: Reading

  /// Returns every file of the folder in order of its name: the model, or what is wrong with it.
  public func all() -> [Result<SealedModel, RegistryDefect>] { names().map { name in read(name) } }

  /// Returns the models of a meter in order of their versions.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - meter: Name of the meter.
  /// - Returns: The models; none if none was frozen.
  /// - Throws: ``RegistryDefect`` if any of them was altered or is missing between others.
  public func models(plant: String, meter: String) throws(RegistryDefect) -> [SealedModel] {
    let prefix = Self.prefix(plant: plant, meter: meter) + "-"
    var models: [SealedModel] = []
    for name in names() where name.hasPrefix(prefix) { models.append(try read(name).get()) }
    models.sort { $0.version < $1.version }
    var before = ""
    for model in models {
      guard model.model.previous == before else {
        throw RegistryDefect(
          "\(model.file): does not follow the version before it; a model of plant '\(plant)', meter '\(meter)' was "
            + "replaced or removed in \(folder), and none of them is used; put the files back from a backup")
      }
      before = model.checksum
    }
    return models
  }

  private func names() -> [String] { SealedFolder(path: folder).names(endingWith: Self.fileSuffix) }

  private func read(_ name: String) -> Result<SealedModel, RegistryDefect> {
    let path = "\(folder)/\(name)"
    return Result { () throws(RegistryDefect) in
      guard let bytes = SealedFolder(path: folder).bytes(of: name) else {
        throw RegistryDefect("\(path): cannot be read; a frozen model is a file of at most 16 MiB")
      }
      let sealed = try FrozenModel.unsealed(bytes, file: path)
      let own = Self.fileName(plant: sealed.model.plant, meter: sealed.model.meter, version: sealed.version)
      guard own == name else {
        throw RegistryDefect("\(path): is the file of another model, whose name is \(own)")
      }
      return sealed
    }
  }

  // MARK: Adding

  /// Keeps a model for good.
  ///
  /// - Returns: The model, or the one that another process froze as this version before.
  /// - Throws: ``RegistryDefect`` if the folder cannot be written.
  public func add(_ model: FrozenModel) throws(RegistryDefect) -> SealedModel {
    guard let version = ModelVersion(model.version), let (bytes, _) = try? model.sealed() else {
      throw RegistryDefect("the model \(model.version) of meter '\(model.meter)' has no document")
    }
    let name = Self.fileName(plant: model.plant, meter: model.meter, version: version)
    do throws(SystemError) { _ = try SealedFolder(path: folder).keep(bytes, name: name) } catch {
      throw RegistryDefect(
        "the model cannot be kept: \(error); run the command as the user of the service, which writes to \(folder)")
    }
    return try read(name).get()
  }
}
