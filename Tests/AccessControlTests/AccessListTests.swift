import PlantConfig
import PlantModel
import Testing

@testable import AccessControl

/// Returns the plants of these topics by name.
func plants(_ topics: [(name: String, rules: [String])]) throws -> [Plant] {
  let files = topics.enumerated().map { position, plant in
    let rules = plant.rules.map { "  - \($0)\n" }.joined()
    let text = """
      plant: "\(plant.name)"
      location: {latitude: 48.14, longitude: 11.58, timezone: Europe/Berlin}
      topics:
      \(rules)
      """
    return (name: "p\(position).yaml", bytes: Array(text.utf8))
  }
  let loaded = ConfigurationLoader.load(files: files, environment: [:]) { _ in nil }
  #expect(loaded.diagnostics.map(\.description) == [])
  return loaded.plants
}

/// Returns the access list of plants by name and rules.
func accessList(_ topics: [(name: String, rules: [String])]) throws -> AccessList {
  try AccessList(plants: try plants(topics), user: "wattline", clientID: "wattline")
}

@Suite("the broker's access list")
struct AccessListTests {
  private func lines(_ list: AccessList, of user: String) -> [String] {
    list.accounts.first { $0.user == user }?.grants.map(\.line) ?? []
  }

  @Test func `a plant is granted the topics of its file, with a plus for each level that has a placeholder`() throws {
    let list = try accessList([
      (
        "hall",
        [#"{match: "tele/{asset}/SENSOR", payload: json, values: {power: "/p"}}"#, #"{match: "x/a-{asset}/#"}"#]
      ),
      ("shop", [#"{match: "$share/g/s/{asset}/{sensor}/now"}"#, #"{match: "+/events/rpc", asset: a, sensor: b}"#]),
    ])
    #expect(
      lines(list, of: "hall") == [
        "topic write tele/+/SENSOR", "topic write x/+/#", "topic read wattline/hall/#",
      ])
    #expect(
      lines(list, of: "shop") == [
        "topic deny wattline/status/#", "topic deny wattline/hall/#", "topic deny wattline/shop/+/set",
        "topic write shop/#", "topic write s/+/+/now", "topic write +/events/rpc", "topic read wattline/shop/#",
      ])
    #expect(list.users == ["wattline", "hall", "shop", "operator"])
  }

  @Test func `availability, Victron's requests and Sparkplug's commands are granted beside the values`() throws {
    let list = try accessList([
      (
        "home",
        [
          #"{match: "z/{asset}", payload: json, values: {power: "/p"}, availability: {topic: "z/{asset}/availability"}}"#,
          #"{match: "N/c0619ab/battery/{asset}/{sensor}", payload: json, values: {"{sensor}": "/value"}}"#,
          #"{match: "spBv1.0/north/+/{edge}/{device}", payload: sparkplug}"#,
        ]
      )
    ])
    #expect(
      lines(list, of: "home") == [
        "topic write home/#", "topic write z/+/availability", "topic write z/+", "topic write N/c0619ab/battery/+/+",
        "topic write spBv1.0/north/+/+/+", "topic write spBv1.0/north/+/+", "topic read spBv1.0/north/NCMD/+",
        "topic read spBv1.0/north/DCMD/+/+", "topic read spBv1.0/STATE/+", "topic read R/c0619ab/#",
        "topic read wattline/home/#",
      ])
    #expect(
      lines(list, of: "wattline") == [
        "topic read #", "topic readwrite wattline/#", "topic write spBv1.0/STATE/wattline",
        "topic write spBv1.0/north/NCMD/+", "topic write R/c0619ab/keepalive",
      ])
  }

  @Test func `a name that mosquitto cannot express is refused with its remedy, and all of them at once`() throws {
    let names = ["wattline", "operator", "a:b", "#1", " left", "right "]
    let error = #expect(throws: AccessListError.self) {
      try accessList(names.map { ($0, []) } + [("fine", [#"{match: " x/{asset}/{sensor}"}"#])])
    }
    let faults = try #require(error).faults
    #expect(faults.count == 7)
    for (fault, words) in zip(
      faults,
      [
        "plant 'wattline' has the name of another user", "plant 'operator' has the name", "plant 'a:b' has a ':'",
        "plant '#1' begins with '#'", "plant ' left' begins or ends with a blank", "plant 'right ' begins or ends",
        "topic ' x/+/+' of plant 'fine' begins or ends with a blank",
      ])
    {
      #expect(fault.hasPrefix(words), "\(fault)")
    }
  }

  @Test func `a plant's own prefix is left out where it is another's, and where its name has wildcards`() throws {
    let list = try accessList([
      ("tele", [#"{match: "t/{asset}/{sensor}"}"#]), ("hall", [#"{match: "tele/{asset}/{sensor}"}"#]),
      ("a+b", [#"{match: "ab/{asset}/{sensor}"}"#]),
    ])
    #expect(lines(list, of: "tele") == ["topic write t/+/+", "topic read wattline/tele/#"])
    #expect(lines(list, of: "a+b") == ["topic write ab/+/+", "topic read wattline/a%2Bb/#"])
  }

  @Test func `filters that meet although the patterns do not are a warning`() throws {
    let list = try accessList([
      ("north", [#"{match: "x/n-{asset}/{sensor}"}"#]), ("south", [#"{match: "x/s-{asset}/{sensor}"}"#]),
    ])
    #expect(list.warnings.count == 1)
    #expect(list.warnings[0].hasPrefix("the users 'north' and 'south' may publish some topics of each other ('x/+/+'"))
  }

  @Test func `a log of mosquitto tells who was refused which topic, and what admits it`() throws {
    let list = try accessList([
      ("hall", [#"{match: "tele/{asset}/{sensor}"}"#]), ("shop", [#"{match: "shop/{asset}/{sensor}"}"#]),
    ])
    let log = """
      1764442800: New client connected from 10.0.0.7:52011 as plug (p2, c1, k60, u'shop').
      1764442801: Denied PUBLISH from plug (d0, q0, r0, m0, 'tele/plug/LWT's', ... (9 bytes))
      1764442801: Denied PUBLISH from plug (d0, q1, r0, m2, 'tele/plug/power', ... (4 bytes))
      1764442802: Denied PUBLISH from plug (d1, q1, r0, m2, 'tele/plug/power', ... (4 bytes)) [100 times]
      1764442803: New client connected from 10.0.0.8:52012 as a (b) (p4, c0, k15, u'guest').
      1764442804: Denied PUBLISH from a (b) (d0, q0, r1, m0, 'x', ... (0 bytes))
      1764442805: Denied PUBLISH from plug (d0, q0, r0, m0, 'shop/a/b', ... (1 bytes))
      1764442805: Denied PUBLISH from old (d0, q0, r0, m0, 'y', ... (1 bytes))
      """
    let refused = RefusedPublish.read(log.split(separator: "\n").map(String.init))
    #expect(
      refused == [
        RefusedPublish(client: "plug", user: "shop", topic: "tele/plug/LWT's", count: 1),
        RefusedPublish(client: "plug", user: "shop", topic: "tele/plug/power", count: 100),
        RefusedPublish(client: "a (b)", user: "guest", topic: "x", count: 1),
        RefusedPublish(client: "plug", user: "shop", topic: "shop/a/b", count: 1),
        RefusedPublish(client: "old", user: nil, topic: "y", count: 1),
      ])
    let remedies = refused.map { $0.remedy(list) }
    #expect(remedies[0].hasPrefix("it is a topic of 'hall'"))
    #expect(remedies[1].hasPrefix("it is a topic of 'hall'; give the device that user"))
    #expect(remedies[2].hasPrefix("'guest' is not a user of these plants"))
    #expect(remedies[3].hasPrefix("the plant files grant it; make the ACL again"))
    #expect(remedies[4] == "no plant has a rule for it")
  }
}
