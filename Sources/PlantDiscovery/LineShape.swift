/// Common shape of a topic's line-protocol payloads.
struct LineShape {
  /// Tags with the values they had.
  private(set) var tags: [(name: String, texts: Set<String>)] = []
  /// Names of fields.
  private(set) var fields: Set<String> = []

  /// Determines the shape of payloads.
  init(_ payloads: [[UInt8]]) { for payload in payloads { read(payload) } }

  private mutating func read(_ payload: [UInt8]) {
    for row in String(decoding: payload, as: UTF8.self).split(separator: "\n").prefix(200) {
      let parts = row.split(separator: " ")
      let head = parts.first ?? ""
      for field in (parts.count > 1 ? parts[1] : "").split(separator: ",") where fields.count < 256 {
        fields.insert(String(field.prefix { $0 != "=" }))
      }
      for tag in head.split(separator: ",").dropFirst() {
        let pair = tag.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2 else { continue }
        if let known = tags.firstIndex(where: { $0.name == pair[0] }) {
          if tags[known].texts.count < 64 { tags[known].texts.insert(pair[1]) }
        } else if tags.count < 64 {
          tags.append((pair[0], [pair[1]]))
        }
      }
    }
  }

  /// The tag that names the device, with its number of values; `nil` if there is a tag `asset`, which the decoder uses
  /// anyway.
  var deviceTag: (name: String, count: Int)? {
    if tags.contains(where: { $0.name == "asset" }) { return nil }
    let usual = ["device", "name", "serial", "id", "inverter", "meter", "unit", "host"]
    let found = usual.compactMap { name in tags.first { $0.name == name } }.first
    return found.map { ($0.name, $0.texts.count) }
  }

  /// Adds the tags and fields of another shape.
  mutating func merge(_ other: LineShape) {
    fields.formUnion(other.fields)
    for tag in other.tags where !tags.contains(where: { $0.name == tag.name }) { tags.append(tag) }
  }
}
