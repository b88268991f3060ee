import Testing

@testable import DataSources

@Suite("links between pages")
struct PageLinksTests {
  @Test func `a Link header names the next page among others`() {
    let header = "<https://a.example/m?page=1>; rel=\"prev first\", <https://a.example/m?page=3,4>; rel=\"next last\""
    #expect(PageLinks.next(inHeader: header) == "https://a.example/m?page=3,4")
    #expect(PageLinks.next(inHeader: "</m?page=3>; rel=next") == "/m?page=3")
    #expect(PageLinks.next(inHeader: "<https://a.example/m?page=1>; rel=\"prev\"") == nil)
    #expect(PageLinks.next(inHeader: "") == nil)
  }

  @Test func `a pointer finds members and elements, with its escapes`() {
    let document: [String: Any] = ["a/b": ["~": [1, 2, 3]]]
    #expect(PageLinks.value(at: "/a~1b/~0/2", of: document) as? Int == 3)
    #expect(PageLinks.value(at: "/a~1b/~0/3", of: document) == nil)
    #expect(PageLinks.value(at: "/next", of: document) == nil)
  }

  @Test func `a relative address is resolved, and another server is told from the same`() {
    #expect(PageLinks.resolved("?page=2", from: "https://a.example/api/m?page=1") == "https://a.example/api/m?page=2")
    #expect(PageLinks.resolved("/x", from: "https://a.example/api/m") == "https://a.example/x")
    #expect(PageLinks.resolved("file:///etc/passwd", from: "https://a.example/") == nil)
    #expect(PageLinks.isSameServer("https://a.example/x", "https://A.example:443/y"))
    #expect(!PageLinks.isSameServer("https://a.example/x", "http://a.example/x"))
    #expect(!PageLinks.isSameServer("https://a.example/x", "https://b.example/x"))
  }

  @Test func `a cursor replaces the one before`() {
    let first = PageLinks.setting("cursor", to: "a b&c", in: "https://a.example/m?from=1")
    #expect(first == "https://a.example/m?from=1&cursor=a%20b%26c")
    #expect(
      PageLinks.setting("cursor", to: "d", in: "https://a.example/m?cursor=x&from=1")
        == "https://a.example/m?from=1&cursor=d")
  }
}
