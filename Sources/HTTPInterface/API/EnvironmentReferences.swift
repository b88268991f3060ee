import Foundation

extension API {
  /// Refuses a plant's file that names a variable of the environment, unless the file has it already.
  ///
  /// The environment may hold secrets, which a name or the text of a mistake would tell.
  ///
  /// - Parameters:
  ///   - body: The text.
  ///   - file: Name of the file that it replaces; `nil` for none.
  func checkVariables(_ body: [UInt8], file: String?) throws(Problem) {
    let present = file.flatMap { FileManager.default.contents(atPath: pipeline.path($0)) } ?? Data()
    let known = Self.variables(in: String(decoding: present, as: UTF8.self))
    let new = Self.variables(in: String(decoding: body, as: UTF8.self)).subtracting(known).sorted()
    guard let first = new.first else { return }
    throw Problem(
      422, "${\(first.prefix(100))} is not allowed here: a text that comes over HTTP cannot read the environment")
  }

  private static func variables(in text: String) -> Set<Substring> {
    let parts = text.split(separator: "${", omittingEmptySubsequences: false).dropFirst()
    return Set(parts.map { $0.prefix { $0 != "}" && $0 != ":" } })
  }
}
