import PayloadDecoding
import PlantModel
import Testing

@testable import StreamCore

@Suite("Instructions over MQTT")
struct InstructionMessageTests {
  private func read(_ payload: String, retained: Bool = false) -> Result<Instruction, RefusalReason> {
    Array(payload.utf8).withUnsafeBytes { bytes in
      let message = MessageView(
        topic: UnsafeRawBufferPointer(start: nil, count: 0), payload: bytes, packetID: 0, retained: retained)
      return InstructionMessage.read(message, subject: "alerts")
    }
  }

  @Test(
    arguments: [
      ("wattline/riverside/alerts/set", ["riverside", "alerts"]),
      ("wattline/Hall 3%2F4/alerts/set", ["Hall 3/4", "alerts"]), ("wattline/a/b/c/set", nil),
      ("wattline/a/set", nil), ("wattline/set", nil), ("wattline//x/set", ["", "x"]), ("wattline/a/alerts/sets", nil),
      ("xattline/a/alerts/set", nil), ("", nil),
    ] as [(String, [String]?)])
  func `only wattline/PLANT/SUBJECT/set is an instruction's topic, names decoded`(_ topic: String, names: [String]?) {
    let address = Array(topic.utf8).withUnsafeBytes { InstructionMessage.address(of: $0) }
    #expect(address.map { [$0.plant, $0.subject] } == names)
  }

  @Test func `a plant's filter lets its instructions through, whatever its name`() {
    #expect(Instruction.filter(plant: "Hall 3/4+#") == "wattline/Hall 3%2F4%2B%23/+/set")
  }

  @Test func `texts, numbers and truth values are members, null is none, and the first of two counts`() throws {
    let text = #" {"id": "a\"/\u00e9", "n": -1.5e3, "on": true, "off": false, "no": null, "id": "b", "e\n": ""} "#
    let instruction = try read(text).get()
    #expect(instruction.subject == "alerts" && instruction.outcome == .open)
    #expect(instruction.members == ["id": "a\"/é", "n": "-1.5e3", "on": "true", "off": "false", "e\n": ""])
  }

  @Test(
    arguments: [
      ("", .emptyPayload), ("{", .malformedJSON), ("[]", .malformedJSON), ("7", .malformedJSON),
      (#"{"a": {}}"#, .malformedJSON), (#"{"a": ["b"]}"#, .malformedJSON), (#"{"a": 1} x"#, .malformedJSON),
      ("{\"a\": \"" + String(repeating: "x", count: 5_000) + "\"}", .tooLarge),
      ("{" + (0..<40).map { "\"\($0)\": 0" }.joined(separator: ",") + "}", .malformedJSON),
      (String(repeating: "[", count: 4_000), .tooDeep),
    ] as [(String, RefusalReason)])
  func `what is no flat object is refused with its reason`(_ payload: String, reason: RefusalReason) {
    #expect(read(payload) == .failure(reason))
  }

  @Test func `what is not UTF-8 is refused, and what the broker had kept`() {
    let broken: [UInt8] = Array("{\"a\": \"".utf8) + [0xFF] + Array("\"}".utf8)
    let outcome = broken.withUnsafeBytes { bytes in
      InstructionMessage.read(
        MessageView(topic: bytes, payload: bytes, packetID: 0, retained: false), subject: "alerts")
    }
    #expect(outcome == .failure(.notUTF8))
    #expect(read("{}", retained: true) == .failure(.retained))
  }
}
