import CommandChannel
import Foundation
import PlantModel
import Testing
import WattlineTime

@Suite("Command messages")
struct CommandMessageTests {
  private static func command(_ state: Command.State) -> Command {
    Command(
      id: "Hall 3/4-1", asset: AssetIndex(0), action: .optimize, setpoint: -12.5, reason: "learned: \"keep\"",
      state: state, issued: Timestamp(seconds: 1_800_000_000), expires: Timestamp(seconds: 1_800_000_900),
      effect: Command.Effect(power: -12.5, exchange: 3.00001, cost: .nan))
  }

  @Test func `a device is told what to do, until when, and whether it is to be done`() throws {
    let message = try #require(
      CommandMessage.message(of: Self.command(.issued), plant: "p", asset: "Hall 3/4", mode: .automatic))
    #expect(message.topic == "wattline/p/Hall 3%2F4/command")
    #expect(message.qos == 1 && !message.retain)
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any])
    #expect(document["action"] as? String == "OPTIMIZE" && document["setpoint_kw"] as? Double == -12.5)
    #expect(document["execute"] as? Bool == true && document["mode"] as? String == "automatic")
    #expect(document["expires"] as? String == "2027-01-15T08:15:00Z")
    #expect(document["reason"] as? String == "learned: \"keep\"")
    let predicted = try #require(document["predicted"] as? [String: Any])
    #expect(predicted["power_kw"] as? Double == -12.5 && predicted["grid_kw"] as? Double == 3)
    #expect(predicted["cost"] == nil && predicted["soc"] == nil)
  }

  @Test func `a device takes what it is to carry out now, and nothing else that comes`() throws {
    let expires = Self.command(.issued).expires
    func order(_ state: Command.State, at now: Timestamp, change: (inout PublishedMessage) -> Void = { _ in })
      -> CommandMessage.Order?
    {
      guard
        var message = CommandMessage.message(of: Self.command(state), plant: "p", asset: "Hall 3/4", mode: .confirm)
      else { return nil }
      change(&message)
      return CommandMessage.order(in: message, plant: "p", at: now)
    }
    #expect(
      order(.issued, at: expires) == CommandMessage.Order(asset: "Hall 3/4", action: .optimize, setpoint: -12.5))
    #expect(order(.issued, at: expires + .second) == nil)
    #expect(order(.advised, at: expires) == nil && order(.awaiting, at: expires) == nil)
    #expect(order(.issued, at: expires) { $0.retain = true } == nil)
    #expect(order(.issued, at: expires) { $0.topic = "wattline/p/other/command" } == nil)
    #expect(order(.issued, at: expires) { $0.payload.removeLast() } == nil)
    #expect(order(.issued, at: expires) { $0.payload = [0xFF] } == nil)
    #expect(CommandMessage.filter(plant: "a/b") == "wattline/a%2Fb/+/command")
  }

  @Test(arguments: Command.State.allCases)
  func `only what is issued is to be carried out, and what came of it is no message`(state: Command.State) {
    let message = CommandMessage.message(of: Self.command(state), plant: "p", asset: "a", mode: .confirm)
    let text = message.map { String(decoding: $0.payload, as: UTF8.self) }
    switch state {
    case .advised, .awaiting: #expect(text?.contains("\"execute\":false") == true)
    case .issued: #expect(text?.contains("\"execute\":true") == true)
    default: #expect(text == nil)
    }
  }
}
