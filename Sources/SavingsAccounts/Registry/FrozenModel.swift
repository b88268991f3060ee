import Foundation
public import Savings

/// Model of a meter that is never changed, with its provenance.
public struct FrozenModel: Codable, Sendable {
  /// Layout of the document that this program writes.
  static let currentLayout = 1

  /// Layout of the document.
  var layout = FrozenModel.currentLayout
  /// Name of the plant.
  public var plant: String
  /// Name of the meter.
  public var meter: String
  /// Version, such as `1.0.0`.
  public var version: String
  /// Role of the model: `baseline`, `measure` with its name, or `recalibration` with the first day of the change.
  public var role: String
  /// First day of the data, such as `2024-01-01`.
  public var firstDay: String
  /// Last day of the data.
  public var lastDay: String
  /// Settings on which the fit depends.
  public var settings: [String: String]
  /// SHA-256 of the data; see ``DataDigest``.
  public var dataDigest: String
  /// Program that froze the model.
  public var program: String
  /// User that froze it.
  public var author: String
  /// Time at which it was frozen.
  public var created: String
  /// Checksum of the version before; empty for the first.
  public var previous: String
  /// Sum of some predictions [kWh], by which the predictions of this program are compared.
  public var witness: Double
  /// Model and its uncertainty.
  public var verifier: SavingsVerifier
  /// Correction of a recalibrated model, by which it follows the plant.
  public var adjustment: ModelAdjustment?
}

extension FrozenModel {
  /// Numbers that JSON does not have.
  private static let words = (infinity: "inf", negative: "-inf", nothing: "nan")

  /// Returns the bytes of the model's file: a line with the checksum of the rest, and the document.
  ///
  /// `tail -n +2 FILE | sha256sum` prints the checksum.
  func sealed() throws -> (bytes: [UInt8], checksum: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: Self.words.infinity, negativeInfinity: Self.words.negative, nan: Self.words.nothing)
    let document = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    let checksum = SHA256.hex(document)
    return (Array("sha256 \(checksum)\n".utf8) + document, checksum)
  }

  /// Reads the bytes of a model's file.
  ///
  /// - Throws: ``RegistryDefect`` if it was altered, is cut off or has a layout that this program does not know.
  static func unsealed(_ bytes: [UInt8], file: String) throws(RegistryDefect) -> SealedModel {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), bytes.starts(with: "sha256 ".utf8) else {
      throw RegistryDefect("\(file): is no frozen model; its first line must be 'sha256' and a checksum")
    }
    let stated = String(decoding: bytes[7..<end], as: UTF8.self)
    let document = bytes[(end + 1)...]
    let checksum = SHA256.hex(document)
    guard stated == checksum else {
      throw RegistryDefect(
        "\(file): its checksum does not fit; the model was altered or damaged after it was frozen and is not used; put "
          + "the file back from a backup")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: Self.words.infinity, negativeInfinity: Self.words.negative, nan: Self.words.nothing)
    let model: FrozenModel
    do { model = try decoder.decode(FrozenModel.self, from: Data(document)) } catch {
      throw RegistryDefect(
        "\(file): cannot be read by this version of the program, which knows layout \(currentLayout)")
    }
    guard model.layout == currentLayout, let version = ModelVersion(model.version) else {
      throw RegistryDefect(
        "\(file): has layout \(model.layout), and this version of the program reads \(currentLayout)")
    }
    let witness = model.verifier.witness(model.adjustment)
    guard abs(witness - model.witness) <= 1e-9 * abs(model.witness) else {
      throw RegistryDefect(
        "\(file): this version of the program predicts \(witness) kWh where \(model.program) predicted "
          + "\(model.witness) kWh; go back to that version, or name another baseline")
    }
    return SealedModel(model: model, version: version, checksum: checksum, file: file)
  }
}

/// Frozen model as it was read, with its checksum.
public struct SealedModel: Sendable {
  /// The model.
  public let model: FrozenModel
  /// Its version.
  public let version: ModelVersion
  /// SHA-256 of its document.
  public let checksum: String
  /// Name of its file.
  public let file: String
}

/// Reason why a frozen model cannot be used or kept, in words with the remedy.
public struct RegistryDefect: Error, Equatable, Sendable, CustomStringConvertible {
  /// The reason.
  public let description: String

  /// Creates a defect.
  init(_ description: String) { self.description = description }
}

/// SHA-256 of the days of a meter, so that figures can be traced to their data.
public enum DataDigest {
  /// Returns the digest of lines `date,use,temperature,night,irradiation`, then each variable, in the shortest digits
  /// that read back as the same numbers, with `nan` for unknown ones.
  public static func hex(_ days: [MeterDay]) -> String {
    var text = ""
    for day in days {
      let numbers = ([day.use, day.temperature, day.nightTemperature, day.irradiation] + day.variables).map { "\($0)" }
      text += MeterDay.text(ofDate: day.date) + "," + numbers.joined(separator: ",") + "\n"
    }
    return SHA256.hex(text.utf8)
  }
}
