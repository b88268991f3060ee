import Foundation
import PlantConfig
import PlantTesting
import Settings
import Testing

/// What compose.yaml, the Dockerfile and the files of Kubernetes say, and whether their parts fit each other.
@Suite("files of deployment")
struct DeploymentFileTests {
  private static let folder = PackageFolder.root().path + "/docker"

  private static func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
  }

  /// compose.yaml with the common settings written out.
  private static func compose() throws -> YAMLDocument {
    let text = try text("compose.yaml")
    let block = try #require(text.firstMatch(of: #/x-limits: &limits\n((?:  .*\n)+)/#)).1
    let lines = block.split(separator: "\n").map { "  " + $0 + "\n" }.joined()
    let plain = text.replacing("x-limits: &limits", with: "x-limits:").replacing("    <<: *limits\n", with: lines)
    return try #require(try YAMLDocument.all(of: plain).first)
  }

  @Test func `every container is confined: no root, no capability, a read-only root, bounded logs and memory`() throws {
    let services = try Self.compose()["services"]
    #expect(services.keys == ["prepare", "mosquitto", "influxdb", "wattline", "grafana"])
    for name in services.keys {
      let service = services[name]
      #expect(service["read_only"].text == "true", "\(name)")
      #expect(service["cap_drop"].texts == ["ALL"], "\(name)")
      #expect(service["security_opt"].texts == ["no-new-privileges:true"], "\(name)")
      #expect(service["logging"]["options"]["max-size"].text == "10m", "\(name)")
      #expect(service["mem_limit"].text != nil && service["tmpfs"].elements.count > 0, "\(name)")
      // prepare gives files to the users of the others, without a network.
      #expect((service["user"].text == "0:0") == (name == "prepare"), "\(name)")
      let image = try #require(service["image"].text)
      #expect(image.hasPrefix("wattline:") || image.contains(#/:\d+\.\d+\.\d+(@|$)/#), "\(image)")
    }
    #expect(services["prepare"]["network_mode"].text == "none")
    // No secret is a variable, which `docker inspect` would show.
    #expect(
      !services.keys.contains { name in
        services[name]["environment"].keys.contains {
          $0.contains("PASSWORD") && !(services[name]["environment"][$0].text ?? "").contains("__file{")
        }
      })
  }

  @Test func `only ports with TLS are open to the network`() throws {
    let compose = try Self.compose()
    let broker = try Self.text("mosquitto/mosquitto.conf")
    var open: Set<String> = []
    for name in compose["services"].keys {
      for port in compose["services"][name]["ports"].texts where port.split(separator: ":").count == 2 {
        open.insert(String(port.split(separator: ":")[1]))
      }
    }
    #expect(open == ["8883", "9001"])
    for listener in broker.components(separatedBy: "\nlistener ").dropFirst() {
      let port = String(listener.prefix { $0.isNumber })
      #expect(listener.contains("\nkeyfile ") == open.contains(port), "\(port)")
    }
    #expect(compose["services"]["mosquitto"]["ports"].texts.last == "${WATTLINE_PLAIN_ADDRESS:-127.0.0.1}:1883:1883")
    #expect(compose["services"]["influxdb"]["ports"].texts == [])
  }

  @Test func `containers start in order, share networks with what they reach, and see their own secrets only`() throws {
    let compose = try Self.compose()
    let services = compose["services"]
    for name in services.keys where name != "prepare" {
      #expect(services[name]["depends_on"]["prepare"]["condition"].text == "service_completed_successfully", "\(name)")
      let secrets = services[name]["volumes"].texts.filter { $0.contains("./secrets") }
      let own = name == "mosquitto" ? "broker" : name
      #expect(secrets == ["./secrets/\(own):/secrets/\(own):ro"], "\(name)")
    }
    for name in ["mosquitto", "influxdb"] {
      #expect(services["wattline"]["depends_on"][name]["condition"].text == "service_healthy")
      #expect(!Set(services["wattline"]["networks"].texts).isDisjoint(with: services[name]["networks"].texts))
    }
    #expect(services["grafana"]["networks"].texts == services["influxdb"]["networks"].texts)
    for name in services.keys {
      for mount in services[name]["volumes"].texts {
        let source = String(mount.split(separator: ":")[0])
        if source.hasPrefix("./"), !source.hasPrefix("./secrets") {
          #expect(FileManager.default.fileExists(atPath: Self.folder + "/" + source), "\(source)")
        } else if source.first?.isLetter ?? false {
          #expect(compose["volumes"].keys.contains(source), "\(source)")
        }
      }
    }
  }

  @Test func `the image has no example plant, is not root, and its health check is the status command`() throws {
    let text = try Self.text("Dockerfile")
    let last = try #require(text.components(separatedBy: "\nFROM ").last)
    #expect(last.contains("\nUSER 1883:1883\n"))
    #expect(last.contains(#"CMD ["wattline", "status", "--config", "/etc/wattline"]"#))
    let copied = last.matches(of: #/COPY (?!--from)(\S+) /#).map { String($0.1) }
    #expect(copied == ["LICENSE", "pipelines/wattline.yaml"])
    let ignored = try String(contentsOfFile: PackageFolder.root().path + "/.dockerignore", encoding: .utf8)
      .split(separator: "\n").map(String.init)
    #expect(ignored.contains("*"))
    for source in text.matches(of: #/COPY (?!--from)((?:\S+ )+)\S+/#)
      .flatMap({ $0.1.split(separator: " ").map(String.init) })
    {
      #expect(ignored.contains("!\(source)"), "\(source) is not sent to the builder")
      #expect(FileManager.default.fileExists(atPath: PackageFolder.root().path + "/" + source), "\(source)")
    }
  }

  @Test func `Kubernetes gets one process that is not root, with probes, and every name that it refers to`() throws {
    let documents = try YAMLDocument.all(of: try Self.text("kubernetes/wattline.yaml"))
    func one(_ kind: String) throws -> YAMLDocument {
      let found = documents.filter { $0["kind"].text == kind }
      #expect(found.count == 1, "\(kind)")
      return try #require(found.first)
    }
    let (set, configuration) = (try one("StatefulSet"), try one("ConfigMap"))
    let (spec, pod) = (set["spec"], set["spec"]["template"]["spec"])
    #expect(spec["replicas"].text == "1")
    let labels = spec["template"]["metadata"]["labels"]["app.kubernetes.io/name"].text
    #expect(spec["selector"]["matchLabels"]["app.kubernetes.io/name"].text == labels)
    #expect(try one("Service")["spec"]["selector"]["app.kubernetes.io/name"].text == labels)
    #expect(try one("Service")["metadata"]["name"].text == spec["serviceName"].text)
    #expect(try one("ServiceAccount")["metadata"]["name"].text == pod["serviceAccountName"].text)
    #expect(pod["securityContext"]["runAsNonRoot"].text == "true")
    #expect(pod["securityContext"]["runAsUser"].text == "1883" && pod["securityContext"]["fsGroup"].text == "1883")
    let container = try #require(pod["containers"].elements.first)
    #expect(container["securityContext"]["readOnlyRootFilesystem"].text == "true")
    #expect(container["securityContext"]["allowPrivilegeEscalation"].text == "false")
    #expect(container["securityContext"]["capabilities"]["drop"].texts == ["ALL"])
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
      let words = container[probe]["exec"]["command"].texts
      #expect(words.starts(with: ["wattline", "status"]) && words.last == "/etc/wattline", "\(probe)")
    }
    // Each mount is a volume, and each volume is mounted.
    let volumes = pod["volumes"].elements + spec["volumeClaimTemplates"].elements.map { $0["metadata"] }
    let mounts = container["volumeMounts"].elements
    #expect(Set(volumes.compactMap { $0["name"].text }) == Set(mounts.compactMap { $0["name"].text }))
    func path(_ volume: String) -> String? { mounts.first { $0["name"].text == volume }?["mountPath"].text }
    let map = try #require(pod["volumes"].elements.first { $0["name"].text == "config" })
    #expect(map["configMap"]["name"].text == configuration["metadata"]["name"].text)
    #expect(container["args"].texts == ["run", "--config", path("config")])

    // The configuration names only secrets that the volume has, and its journal is on the volume.
    let secrets = try #require(pod["volumes"].elements.first { $0["name"].text == "secrets" })["secret"]
    let files = secrets["items"].elements.compactMap { $0["path"].text }.map { path("secrets")! + "/" + $0 }
    let process = try #require(configuration["data"]["wattline.yaml"].text)
    let loaded = ConfigurationLoader.load(files: [("wattline.yaml", Array(process.utf8))], environment: [:]) {
      files.contains($0) ? "secret" : nil
    }
    #expect(loaded.diagnostics.map(\.description) == [])
    #expect(loaded.settings.mqtt.password?.text == "secret" && loaded.settings.influxdb.password?.text == "secret")
    #expect([loaded.settings.mqtt.caFile, loaded.settings.influxdb.caFile].allSatisfy { files.contains($0 ?? "") })
    #expect(loaded.settings.mqtt.tls && loaded.settings.influxdb.url.hasPrefix("https://"))
    #expect(loaded.settings.journal.path == path("journal"))
    let page = try Self.text("README.md")
    for item in secrets["items"].elements {
      #expect(page.contains("--from-file=\(item["key"].text ?? "?")="), "\(item)")
    }
    #expect(page.contains("secret generic \(secrets["secretName"].text ?? "?")"))
  }

  @Test func `a folder as Kubernetes mounts it is read, and the plant in it`() throws {
    try inFolder([:]) { folder in
      let process = try #require(
        try YAMLDocument.all(of: try Self.text("kubernetes/wattline.yaml")).first { $0["kind"].text == "ConfigMap" })
      let data = folder + "/..2026_11_29"
      try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
      let text = try #require(process["data"]["wattline.yaml"].text)
      let plain = text.replacing(#/\n *(ca|password_file):.*/#, with: "")
      try plain.write(toFile: data + "/wattline.yaml", atomically: false, encoding: .utf8)
      try FileManager.default.copyItem(
        atPath: PackageFolder.root().path + "/pipelines/riverside.yaml", toPath: data + "/riverside.yaml")
      try FileManager.default.createSymbolicLink(atPath: folder + "/..data", withDestinationPath: "..2026_11_29")
      for name in ["wattline.yaml", "riverside.yaml"] {
        try FileManager.default.createSymbolicLink(atPath: folder + "/" + name, withDestinationPath: "..data/" + name)
      }
      let result = try Program.run("check", "--config", folder)
      #expect(result.code == 0 && result.output.contains("plant riverside"), "\(result.errors)")
    }
  }

  @Test func `set-up tells each package with its purpose, and starts no service that it installs`() throws {
    let script = Self.folder + "/setup.sh"
    let help = try Program.run([script, "--help"], of: "/bin/sh")
    #expect(help.code == 0)
    for package in ["libmosquitto-dev", "influxdb", "mosquitto", "openssl"] {
      #expect(
        help.output.split(separator: "\n").contains { $0.hasPrefix(package + " ") && $0.count > 30 }, "\(package)")
    }
    #expect(try Program.run([script, "--other"], of: "/bin/sh").code == 2)
    // A machine without any of the packages, and without apt: stubs say what set-up does.
    try inFolder([:]) { folder in
      let stubs = folder + "/bin"
      try FileManager.default.createDirectory(atPath: stubs, withIntermediateDirectories: false)
      let policy = folder + "/policy-rc.d"
      let text = try String(contentsOfFile: script, encoding: .utf8).replacing("/usr/sbin/policy-rc.d", with: policy)
      try text.write(toFile: folder + "/setup.sh", atomically: false, encoding: .utf8)
      for (name, body) in [
        ("dpkg-query", #"[ "$1" = -L ] && [ "$2" = influxdb ] && echo /lib/systemd/system/influxdb.service; exit 0"#),
        ("id", "echo 0"), ("systemctl", "echo systemctl $* >> \(folder)/log"),
        ("apt-get", "sh \(policy); echo policy $? apt-get $* >> \(folder)/log"),
      ] {
        try "#!/bin/sh\n\(body)\n".write(toFile: stubs + "/" + name, atomically: false, encoding: .utf8)
        chmod(stubs + "/" + name, 0o755)
      }
      let path = ["PATH": stubs + ":/usr/bin:/bin"]
      let dry = try Program.run([folder + "/setup.sh", "--dry-run"], of: "/bin/sh", environment: path)
      #expect(dry.code == 0 && dry.output.contains("  mosquitto              the broker of demo and tests"), "\(dry)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/log"))
      let run = try Program.run([folder + "/setup.sh"], of: "/bin/sh", environment: path)
      #expect(run.code == 0, "\(run.errors)")
      let log = try String(contentsOfFile: folder + "/log", encoding: .utf8)
      #expect(log.contains("policy 101 apt-get install -y -qq --no-install-recommends libcurl4-openssl-dev"), "\(log)")
      #expect(log.contains("systemctl disable influxdb.service") && !log.contains("mosquitto.service"), "\(log)")
      #expect(!FileManager.default.fileExists(atPath: policy))
    }
  }

  @Test func `the archive has program, unit, configuration and licences, with a checksum, and the same bytes twice`()
    throws
  {
    // A small program that tells the version of the real one packs faster.
    try inFolder(["program": "#!/bin/sh\nexec '\(Program.path)' \"$@\"\n"]) { folder in
      chmod(folder + "/program", 0o755)
      var files: [String] = []
      for run in ["1", "2"] {
        let out = folder + "/" + run
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: false)
        let built = try Program.run([Self.folder + "/archive.sh", "--binary", folder + "/program", out], of: "/bin/sh")
        #expect(built.code == 0, "\(built.errors)")
        files.append(built.output.trimmingCharacters(in: .newlines))
      }
      let name = try #require(files[0].split(separator: "/").last.map(String.init))
      #expect(name.contains(#/^wattline-\d+\.\d+\.\d+.*-linux-\w+\.tar\.gz$/#), "\(name)")
      #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]))
      let sum = try Program.run(["-c", "cd '\(folder)/1' && sha256sum -c *.sha256"], of: "/bin/sh")
      #expect(sum.code == 0, "\(sum.errors)")
      let content = try Program.run(["tzf", files[0]], of: "/bin/tar").output
      for file in [
        "bin/wattline", "wattline.service", "wattline.yaml", "README.md", "LICENSE", "examples/riverside.yaml",
      ] {
        #expect(content.contains("/\(file)\n"), "\(file)")
      }
    }
  }
}
