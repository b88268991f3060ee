import Testing

@testable import HTTPInterface

@Suite("Paths of the interface")
struct PathTemplateTests {
  @Test func `a parameter takes names with slashes, and a template with more text is meant first`() {
    let one = PathTemplate("/api/v1/alerts/{id}")
    let decision = PathTemplate("/api/v1/alerts/{id}/acknowledge")
    #expect(one.match("/api/v1/alerts/p/load/limit/1795989865902") == ["id": "p/load/limit/1795989865902"])
    #expect(decision.match("/api/v1/alerts/p/load/limit/1/acknowledge") == ["id": "p/load/limit/1"])
    #expect(decision.weight > one.weight)
    #expect(decision.match("/api/v1/alerts/acknowledge") == nil)
    #expect(one.match("/api/v1/alerts/") == nil)
    #expect(one.match("/api/v1/alerts") == nil)
    #expect(PathTemplate("/api/v1/plants").match("/api/v1/plants/") == nil)
  }

  @Test func `a name that the server has changed is found if it can only be one`() {
    let known = ["a//b", "a/b/../c", "d"]
    #expect(PathName.resolve("d", among: known) == "d")
    #expect(PathName.resolve("a/b", among: known) == "a//b")
    #expect(PathName.resolve("a/c", among: known) == "a/b/../c")
    #expect(PathName.resolve("a/b", among: ["a//b", "a/./b"]) == nil)
    #expect(PathName.resolve("x", among: known) == nil)
  }

  @Test func `forms and addresses read back as they were written`() {
    let text = "a b&c=d/ü?%2F\n+"
    #expect(FormBody.decoded(URLText.encoded(text).utf8) == text)
    let form = FormBody(Array("do=shelve&id=\(URLText.encoded(text))&empty=&for=1h".utf8))
    #expect(form.text("id") == text)
    #expect(form.text("empty") == nil)
    #expect(form.text("for") == "1h")
    #expect(FormBody(Array("%=%zz&&=".utf8)).text("%") == "%zz")
  }

  @Test func `a body has the same tag again, and another body another one`() {
    let tag = EntityTag.of("abc".utf8)
    #expect(tag == EntityTag.of("abc".utf8))
    #expect(tag != EntityTag.of("abd".utf8))
    #expect(EntityTag.matches("\"x\", W/\(tag)", tag))
    #expect(EntityTag.matches("*", tag))
    #expect(!EntityTag.matches("\"x\"", tag))
  }
}
