import CurlTransport
import Testing

@Suite("addresses of this machine")
struct LocalAddressTests {
  @Test(arguments: [
    ("http://127.0.0.1:80/x", true), ("smtp://localhost", true), ("http://[::1]:9/", true),
    ("smtp://127.example.org", false), ("http://example.org/?a=//127.0.0.1", false),
    ("http://localhost.example.org", false), ("smtp://mail", false),
  ])
  func `only an address of this machine is one`(_ url: String, isLocal: Bool) {
    #expect(LocalAddress.matches(url) == isLocal)
  }
}
