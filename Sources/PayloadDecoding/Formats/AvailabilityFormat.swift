import PlantModel

extension PayloadFormatName {
  /// The word for a device that is there or gone.
  public static let availability: PayloadFormatName = "availability"
}

/// Whether a device is there: a word such as `online`, by itself or as the member `state` of a JSON object.
///
/// It is what a rule's `availability` reads; ``PlantModel/ValueDetail/words`` of the rule has 1 for the word that says that
/// the device is there, and 0 for the other. No readings come of it: the asset's values hold no longer once it went.
enum AvailabilityFormat: PayloadFormat {
  static let name = PayloadFormatName.availability
  static let summary =
    "a word such as online or offline, by itself or as {\"state\":\"online\"}; read by 'availability'"
  static let examplePlace = "\"\""
  static let hasRecords = false

  static func mistake(inPlace place: String) -> String? {
    place.isEmpty ? nil : "is no place, since the payload is one word"
  }

  static func reader(for plan: ReadingPlan) -> PayloadReader { AvailabilityReader(plan) }
}

private final class AvailabilityReader: PayloadReader {
  override func read(_ payload: UnsafeRawBufferPointer, into scope: inout MessageScope) -> RefusalReason? {
    scope.seen |= 1
    guard let asset = scope.names?.asset ?? plan.rule.asset else { return .missingName }
    let text = String(decoding: payload, as: UTF8.self)
    guard let isOnline = plan.rule.detail.words[Self.word(of: text)] else { return .missingValue }
    scope.isUnderstood = true
    scope.availability.append(MessageScope.Availability(plant: scope.plant, asset: asset, isOnline: isOnline != 0))
    return nil
  }

  /// The word of a payload: of a JSON object the text of its member `state`.
  private static func word(of text: String) -> String {
    func unquoted(_ text: Substring) -> String {
      String(text.drop { " \t\r\n\"".contains($0) }.prefix { !"\"},".contains($0) })
    }
    guard text.hasPrefix("{"), let key = text.firstRange(of: "\"state\"") else { return unquoted(text[...]) }
    let rest = text[key.upperBound...].drop { " \t\r\n".contains($0) }
    return rest.first == ":" ? unquoted(rest.dropFirst()) : ""
  }
}
