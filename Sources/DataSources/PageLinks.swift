import Foundation

/// The way from a page of an answer to the next.
enum PageLinks {
  /// Returns the value at a JSON pointer (RFC 6901) of a document that is parsed; `nil` if there is none.
  static func value(at pointer: String, of document: Any) -> Any? {
    var value = document
    if pointer.isEmpty || pointer == "/" { return value }
    for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      let name = String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
      if let object = value as? [String: Any], let member = object[name] {
        value = member
      } else if let list = value as? [Any], let index = Int(name), list.indices.contains(index) {
        value = list[index]
      } else {
        return nil
      }
    }
    return value
  }

  /// Returns a document with another value at a JSON pointer; `nil` if it has nothing there.
  ///
  /// - Parameters:
  ///   - pointer: The pointer.
  ///   - document: The document.
  ///   - value: The value.
  /// - Returns: The changed document.
  static func replacing(_ pointer: String, in document: Any, with value: Any) -> Any? {
    if pointer.isEmpty || pointer == "/" { return value }
    let parts = pointer.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0].replacing("~1", with: "/").replacing("~0", with: "~"))
    let rest = parts.count > 1 ? "/" + parts[1] : ""
    if var object = document as? [String: Any], let member = object[name] {
      object[name] = replacing(rest, in: member, with: value)
      return object
    }
    if var list = document as? [Any], let index = Int(name), list.indices.contains(index),
      let element = replacing(rest, in: list[index], with: value)
    {
      list[index] = element
      return list
    }
    return nil
  }

  /// Returns the address with the relation `next` in a `Link` header (RFC 8288); `nil` if there is none.
  static func next(inHeader header: String) -> String? {
    var rest = header[...]
    while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
      let address = rest[rest.index(after: open)..<close]
      let after = rest[rest.index(after: close)...]
      let parameters = after.prefix { $0 != "<" }
      let isNext = parameters.split(separator: ";").contains { parameter in
        let parts = parameter.split(separator: "=", maxSplits: 1).map { $0.filter { !" \",\t".contains($0) } }
        guard parts.count == 2, parts[0].lowercased() == "rel" else { return false }
        return parameter.split(separator: "=", maxSplits: 1)[1].split { " \",\t".contains($0) }
          .contains { $0.lowercased() == "next" }
      }
      if isNext { return String(address) }
      rest = after.dropFirst(parameters.count)
    }
    return nil
  }

  /// Returns an address relative to that of its page; `nil` if it is none.
  static func resolved(_ link: String, from page: String) -> String? {
    guard let base = URL(string: page), let url = URL(string: link, relativeTo: base)?.absoluteURL,
      ["http", "https"].contains(url.scheme?.lowercased() ?? ""), url.host?.isEmpty == false
    else { return nil }
    return url.absoluteString
  }

  /// Returns whether two addresses are of one server, so that credentials for one may go to the other.
  static func isSameServer(_ a: String, _ b: String) -> Bool {
    guard let (a, b) = (URL(string: a), URL(string: b)) as? (URL, URL) else { return false }
    func port(_ url: URL) -> Int { url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80) }
    return a.scheme?.lowercased() == b.scheme?.lowercased() && a.host?.lowercased() == b.host?.lowercased()
      && port(a) == port(b)
  }

  /// Returns an address with a parameter of its query set.
  ///
  /// - Parameters:
  ///   - name: Name of the parameter.
  ///   - value: Value of the parameter.
  ///   - address: The address.
  /// - Returns: The address with the parameter.
  static func setting(_ name: String, to value: String, in address: String) -> String? {
    guard var parts = URLComponents(string: address) else { return nil }
    var plain = CharacterSet.alphanumerics
    plain.insert(charactersIn: "-._~")
    func encoded(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: plain) ?? text }
    let kept = (parts.percentEncodedQuery ?? "").split(separator: "&").filter { !$0.hasPrefix(encoded(name) + "=") }
    parts.percentEncodedQuery = (kept.map(String.init) + ["\(encoded(name))=\(encoded(value))"]).joined(separator: "&")
    return parts.string
  }
}
