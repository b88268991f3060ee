import Foundation
import PayloadDecoding
import PlantConfig
import PlantModel
import PlantTesting
import StreamCore
import Testing

/// The page that tells plant engineers of payloads says what is true.
struct PayloadPageTests {
  /// A form of payload as the page has it.
  struct Form: Sendable, CustomTestStringConvertible {
    var title: String
    var yaml: String
    var messages: [(topic: String, payload: String, wanted: [String])] = []

    var testDescription: String { title }
  }

  static let page = PackageFolder.root().appendingPathComponent("pipelines/README.md")

  static let forms: [Form] = {
    guard let text = try? String(contentsOf: page, encoding: .utf8) else { return [] }
    var forms: [Form] = []
    var (title, block) = ("", "")
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      switch (block, line) {
      case ("", _) where line.hasPrefix("### "): title = String(line.dropFirst(4))
      case ("", "```yaml"):
        block = "yaml"
        forms.append(Form(title: title, yaml: ""))
      case ("", "```message"): block = "message"
      case ("", _) where line.hasPrefix("```"): block = "other"
      case (_, "```"): block = ""
      case ("yaml", _): forms[forms.count - 1].yaml += line + "\n"
      case ("message", _) where line.hasPrefix("=> "):
        forms[forms.count - 1].messages[forms[forms.count - 1].messages.count - 1].wanted.append(
          String(line.dropFirst(3)))
      case ("message", _):
        let space = line.firstIndex(of: " ") ?? line.endIndex
        forms[forms.count - 1].messages.append(
          (String(line[..<space]), String(line[space...].dropFirst()), []))
      default: break
      }
    }
    return forms
  }()

  @Test func `the page has every format`() {
    let text = PayloadPageTests.forms.map(\.yaml).joined()
    for format in PayloadFormats.all where format.name != .auto && format.name != .number {
      #expect(text.contains("payload: \(format.name)"), "the page has no rule of '\(format.name)'")
    }
    #expect(PayloadPageTests.forms.count > 15)
  }

  @Test(arguments: forms)
  func `each form of payload on the page becomes what the page says`(_ form: Form) throws {
    let plant = try plant(form)
    var bench = DecoderBench(plants: [plant])
    #expect(!form.messages.isEmpty)
    for message in form.messages {
      let outcome = bench.send(Array(message.topic.utf8), payload: bytes(of: message.payload))
      if message.wanted.first?.hasPrefix("refused ") == true {
        guard case .refused(let reason) = outcome else {
          Issue.record("\(message.payload) is not refused")
          continue
        }
        #expect(message.wanted == ["refused \(reason.rawValue)"])
      } else {
        #expect(
          readings(bench, wanted: message.wanted) == message.wanted, "\(message.topic) \(message.payload): \(outcome)")
      }
    }
  }

  /// A payload as it stands, or bytes behind `hex:`.
  private func bytes(of payload: String) -> [UInt8] {
    guard payload.hasPrefix("hex:") else { return Array(payload.utf8) }
    let digits = Array(payload.dropFirst(4))
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
  }

  private func plant(_ form: Form) throws -> Plant {
    var text = "plant: p\nlocation: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}\n"
    text += form.yaml.hasPrefix("-") ? "topics:\n" : ""
    text += form.yaml
    let loaded = ConfigurationLoader.load(files: [("p.yaml", Array(text.utf8))], environment: [:]) { _ in nil }
    #expect(loaded.diagnostics.map(\.description) == [])
    return try #require(loaded.plants.first)
  }

  /// Result in the words of the page; a time is told if the page tells it.
  private func readings(_ bench: DecoderBench, wanted: [String]) -> [String] {
    let (batch, register) = (bench.batches[0], bench.registers[0])
    return (0..<batch.count).map { row in
      let series = register.series[batch.series[row].position]
      // Twelve digits are what a person would write.
      let number = String(format: "%.12g", batch.raw[row])
      var words = "\(register.assets[series.asset.position].name).\(series.sensor) \(number)"
      if let unit = series.profile.unit { words += " \(unit.symbol)" }
      let hasTime = row < wanted.count && wanted[row].hasSuffix("Z")
      return hasTime ? words + " \(batch.time[row])" : words
    }
  }
}
