import Foundation
import LocalServers
import PlantTesting
import Testing

@Suite("wattline as a service", .serialized)
struct ServiceTests {
  @Test func `run is ready without broker and database, shows signs of life and its state, reloads and stops`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-service")
    defer { folder.remove() }
    let socket = try NotifySocket(in: folder.path)
    let (broker, database) = (try Loopback.freePort(), try Loopback.freePort())
    let files = [
      "wattline.yaml": """
      mqtt: {url: "mqtt://127.0.0.1:\(broker)", client_id: wattline}
      influxdb: {url: "http://127.0.0.1:\(database)", database: wattline}
      journal: {path: "\(folder.path)/journal", max_bytes: 64MiB}
      """,
      "first.yaml": """
      plant: first
      location: {latitude: 34.1, longitude: -117.5, timezone: Etc/GMT+8}
      topics: [{match: "first/{asset}/{sensor}"}]
      """,
    ]
    try FileManager.default.createDirectory(atPath: folder.path + "/plants", withIntermediateDirectories: true)
    for (name, text) in files {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/plants/" + name))
    }
    let program = Process()
    program.executableURL = URL(fileURLWithPath: Program.path)
    program.arguments = ["run"]
    program.environment = ProcessInfo.processInfo.environment.merging([
      "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "3000000", "WATTLINE_CONFIG": folder.path + "/plants",
    ]) { $1 }
    program.standardError = FileHandle.nullDevice
    try program.run()
    defer { kill(program.processIdentifier, SIGKILL) }
    #expect(socket.next(within: 20) == "READY=1")
    let state = try #require(socket.messages(within: 10) { $0.hasPrefix("STATUS=") }?.last)
    #expect(state.contains("1 plant, 0 sensors; waiting for the broker"), "\(state)")
    for _ in 0..<3 { #expect(socket.messages(within: 10) { $0 == "WATCHDOG=1" } != nil) }
    kill(program.processIdentifier, SIGHUP)
    #expect(socket.messages(within: 10) { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") } != nil)
    #expect(socket.messages(within: 10) { $0 == "READY=1" } != nil)
    kill(program.processIdentifier, SIGTERM)
    #expect(socket.messages(within: 10) { $0 == "STOPPING=1" } != nil)
    program.waitUntilExit()
    #expect(program.terminationStatus == 0)
  }

  @Test func `the unit is one that systemd accepts, and it starts what the package installs`() throws {
    let unit = PackageFolder.root().path + "/docker/wattline.service"
    let text = try String(contentsOfFile: unit, encoding: .utf8)
    for line in ["Type=notify", "ExecStart=/usr/bin/wattline run", "Environment=WATTLINE_CONFIG=/etc/wattline"] {
      #expect(text.split(separator: "\n").contains { $0 == line }, "\(line)")
    }
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") else { return }
    let result = try Program.run(["verify", unit], of: "/usr/bin/systemd-analyze")
    // The program is not installed where the tests run.
    let faults = result.errors.split(separator: "\n").filter { !$0.contains("/usr/bin/wattline is not executable") }
    #expect(faults.isEmpty, "\(result.errors)")
  }

  @Test func `the step that lets the process read mosquitto's log fits Debian's own rotation`() throws {
    let page = try String(contentsOfFile: PackageFolder.root().path + "/docker/README.md", encoding: .utf8)
    let rotation = "/etc/logrotate.d/mosquitto"
    let step = try #require(page.split(separator: "\n").first { $0.hasPrefix("sudo sed") && $0.hasSuffix(rotation) })
    guard let text = try? String(contentsOfFile: rotation, encoding: .utf8) else { return }
    try inFolder(["mosquitto": text]) { folder in
      let line = String(step.dropFirst("sudo ".count)).replacing(rotation, with: folder + "/mosquitto")
      let result = try Program.run(["-c", line], of: "/bin/sh")
      let changed = try String(contentsOfFile: folder + "/mosquitto", encoding: .utf8)
      #expect(result.code == 0 && changed.contains("\tcreate 0640 mosquitto wattline\n"), "\(changed)")
      #expect(!changed.contains("nocreate"))
    }
  }

  @Test func `the Debian package has program, unit, configuration and completions, with their modes`() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg-deb") else { return }
    let folder = try TemporaryFolder(prefix: "wattline-package")
    defer { folder.remove() }
    let script = PackageFolder.root().path + "/docker/package.sh"
    // Packing the debug build takes long and shows nothing.
    let words = ["DPKG_DEB_COMPRESSOR_TYPE=none", "sh", script, "--binary", Program.path, folder.path]
    let built = try Program.run(words, of: "/usr/bin/env")
    #expect(built.code == 0, "\(built.errors)")
    let file = built.output.trimmingCharacters(in: .newlines)
    let content = try Program.run(["--contents", file], of: "/usr/bin/dpkg-deb").output.split(separator: "\n")
    for (mode, path) in [
      ("-rwxr-xr-x root/root", "./usr/bin/wattline"),
      ("-rw-r--r-- root/root", "./usr/lib/systemd/system/wattline.service"),
      ("-rw-r----- root/root", "./etc/wattline/wattline.yaml"), ("-rw------- root/root", "./etc/default/wattline"),
      ("-rw-r--r-- root/root", "./usr/share/bash-completion/completions/wattline"),
      ("-rw-r--r-- root/root", "./usr/share/doc/wattline/copyright"),
    ] {
      #expect(content.contains { $0.hasPrefix(mode) && $0.hasSuffix(" " + path) }, "\(path)")
    }
    // A plant that is only an example must not run.
    #expect(!content.contains { $0.contains("./etc/wattline/riverside.yaml") })
    let extracted = folder.path + "/control"
    _ = try Program.run(["--control", file, extracted], of: "/usr/bin/dpkg-deb")
    let conffiles = try String(contentsOfFile: extracted + "/conffiles", encoding: .utf8)
    #expect(conffiles == "/etc/wattline/wattline.yaml\n/etc/default/wattline\n")
    for script in ["postinst", "prerm", "postrm"] {
      #expect(try Program.run(["-n", extracted + "/" + script], of: "/bin/sh").code == 0, "\(script)")
    }
  }
}
