import LocalServers
import PlantTesting
import SystemCore
import Testing
import WattlineTime

@Suite("Reports to the service manager")
struct ServiceNotifierTests {
  @Test func `reports arrive as lines of one message`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-notify")
    defer { folder.remove() }
    let socket = try NotifySocket(in: folder.path)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": socket.path])
    notifier.send(.ready, .status("2 plants\nall well"))
    #expect(socket.next(within: 5) == "READY=1\nSTATUS=2 plants all well")
    notifier.send(.alive)
    #expect(socket.next(within: 5) == "WATCHDOG=1")
    notifier.send(.reloading)
    #expect(socket.next(within: 5)?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)
    notifier.send(.stopping)
    #expect(socket.next(within: 5) == "STOPPING=1")
  }

  @Test(arguments: [[:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["NOTIFY_SOCKET": "/nowhere/notify"]])
  func `without a manager that listens nothing happens`(environment: [String: String]) {
    ServiceNotifier(environment: environment).send(.ready, .alive)
  }

  @Test(
    arguments: [
      (["WATCHDOG_USEC": "60000000"], TimeSpan.seconds(60)),
      (["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "7"], .seconds(2)),
      (["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "0"], nil),
      (["WATCHDOG_USEC": "x"], nil),
      (["WATCHDOG_USEC": "9223372036854775807"], nil), ([:], nil),
    ] as [([String: String], TimeSpan?)])
  func `the watchdog's time is read if it is meant for this process`(environment: [String: String], span: TimeSpan?) {
    #expect(ServiceNotifier(environment: environment, process: 7).watchdogInterval == span)
  }
}
