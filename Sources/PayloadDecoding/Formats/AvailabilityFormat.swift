public import PlantModel

extension PayloadFormatName {
  /// Format name for availability messages.
  public static let availability: PayloadFormatName = "availability"
}

/// Availability of a device: a word such as `online`, alone or as the member `state` of a JSON object.
///
/// It is used by a rule's `availability`. ``PlantModel/ValueDetail/words`` of the rule contains 1 for the online word
/// and 0 for the offline word. The message gives no readings. Once the asset is offline, its values no longer hold.
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
    scope.step.markSeen(0)
    guard let asset = scope.step.names?.asset ?? plan.rule.asset else { return .missingName }
    let text = String(decoding: payload, as: UTF8.self)
    guard let isOnline = plan.rule.detail.words[Self.word(of: text)] else { return .missingValue }
    scope.isUnderstood = true
    scope.availability.append(AvailabilityChange(plant: scope.step.plant, asset: asset, isOnline: isOnline != 0))
    return nil
  }

  /// Returns the word of a payload; for a JSON object, the text of its member `state`.
  private static func word(of text: String) -> String {
    func unquoted(_ text: Substring) -> String {
      String(text.drop { " \t\r\n\"".contains($0) }.prefix { !"\"},".contains($0) })
    }
    guard text.hasPrefix("{"), let key = text.firstRange(of: "\"state\"") else { return unquoted(text[...]) }
    let rest = text[key.upperBound...].drop { " \t\r\n".contains($0) }
    return rest.first == ":" ? unquoted(rest.dropFirst()) : ""
  }
}
