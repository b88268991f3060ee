import CurlTransport
import Foundation
import LocalServers
import PlantModel
import Settings
import Testing
import WattlineTime

@testable import InfluxSink

/// What keeps the tenants of one database server apart, and what does not.
@Suite("Tenants of one InfluxDB", .enabled(if: access("/usr/bin/influxd", X_OK) == 0, "influxdb is missing"))
final class TenantTests {
  private let influx: LocalInflux

  init() throws {
    var options = LocalInflux.Options()
    options.furtherLines = ["auth-enabled = true"]
    influx = try LocalInflux.started(options: options)
    // As docker/README.md says.
    _ = try influx.query("CREATE USER admin WITH PASSWORD 'admin' WITH ALL PRIVILEGES")
    for tenant in ["north", "south"] {
      try admin("CREATE DATABASE wattline_\(tenant)")
      try admin("CREATE USER \(tenant)_writer WITH PASSWORD 'secret'")
      try admin("CREATE USER \(tenant)_reader WITH PASSWORD 'secret'")
      try admin("GRANT ALL ON wattline_\(tenant) TO \(tenant)_writer")
      try admin("GRANT READ ON wattline_\(tenant) TO \(tenant)_reader")
      #expect(
        try send("write", "db=wattline_\(tenant)", user: "\(tenant)_writer", body: "clean,plant=\(tenant) value=1 1")
          .status
          == 204)
    }
  }

  deinit { influx.stop() }

  private func admin(_ statement: String) throws {
    let answer = try query(statement, user: "admin", password: "admin")
    #expect(answer.status == 200 && !answer.body.contains("error"), "\(statement): \(answer.body)")
  }

  private func query(
    _ statement: String, user: String, password: String = "secret", database: String? = nil
  ) throws -> HTTPAnswer {
    let coded = statement.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    return try send("query", database.map { "db=\($0)" } ?? "", user: user, password: password, body: "q=\(coded)")
  }

  private func send(
    _ path: String, _ parameters: String, user: String, password: String = "secret", body: String
  ) throws -> HTTPAnswer {
    let address = "\(influx.url)/\(path)?u=\(user)&p=\(password)&\(parameters)"
    let client = try #require(
      HTTPClient(
        url: address, caFile: nil, connectTimeout: .seconds(5), totalTimeout: .seconds(20), longestBody: 1 << 20))
    var body = body
    return body.withUTF8 {
      client.send(
        address, body: UnsafeRawBufferPointer($0),
        contentType: path == "query" ? "application/x-www-form-urlencoded" : "text/plain")
    }
  }

  @Test func `a tenant's user reads its own database, and of the other's nothing, however it asks`() throws {
    let own = try query("SELECT * FROM clean", user: "north_reader", database: "wattline_north")
    #expect(own.status == 200 && own.body.contains("north") && !own.body.contains("error"), "\(own)")
    for (statement, database) in [
      ("SELECT * FROM clean", "wattline_south"), ("SELECT * FROM wattline_south.autogen.clean", "wattline_north"),
      ("SELECT * FROM wattline_south..clean", "wattline_north"),
      ("SELECT * FROM (SELECT * FROM wattline_south..clean)", "wattline_north"),
      ("SELECT * FROM clean, wattline_south..clean", "wattline_north"),
      ("SELECT * FROM wattline_south../.*/", "wattline_north"),
      ("SHOW SERIES ON wattline_south", "wattline_north"), ("SHOW MEASUREMENTS ON wattline_south", "wattline_north"),
      ("SHOW TAG VALUES ON wattline_south WITH KEY = plant", "wattline_north"),
      ("SHOW FIELD KEYS ON wattline_south", "wattline_north"), ("SHOW TAG KEYS ON wattline_south", "wattline_north"),
      ("SELECT * INTO wattline_north..copy FROM wattline_south..clean", "wattline_north"),
      ("SHOW RETENTION POLICIES ON wattline_south", "wattline_north"),
    ] {
      let answer = try query(statement, user: "north_reader", database: database)
      #expect(!answer.body.contains("\"series\""), "\(statement): \(answer.body)")
      #expect(answer.status == 403 || answer.body.contains("error"), "\(statement): \(answer.status) \(answer.body)")
    }
    let databases = try query("SHOW DATABASES", user: "north_reader")
    #expect(databases.body.contains("wattline_north") && !databases.body.contains("wattline_south"))
  }

  @Test func `a tenant's user changes nothing, neither its own nor the other's, and grants nothing`() throws {
    let line = "clean,plant=forged value=2 2"
    for database in ["wattline_north", "wattline_south"] {
      #expect(try send("write", "db=\(database)", user: "north_reader", body: line).status == 403)
    }
    #expect(try send("write", "db=wattline_south", user: "north_writer", body: line).status == 403)
    for statement in [
      "GRANT READ ON wattline_south TO north_reader", "CREATE USER spy WITH PASSWORD 'x' WITH ALL PRIVILEGES",
      "DROP DATABASE wattline_south", "SHOW USERS", "SET PASSWORD FOR south_reader = 'x'",
      "SHOW GRANTS FOR south_reader", "DROP SERIES FROM clean", "DELETE FROM clean",
      "SELECT * INTO copy FROM clean",
    ] {
      let answer = try query(statement, user: "north_reader", database: "wattline_north")
      #expect(answer.status == 403 || answer.body.contains("error"), "\(statement): \(answer.status) \(answer.body)")
    }
    let kept = try query("SELECT * FROM clean", user: "south_reader", database: "wattline_south")
    #expect(kept.body.contains("south") && !kept.body.contains("forged"))
  }

  @Test func `nothing keeps plants apart within one database, nor do retention policies`() throws {
    try admin("CREATE RETENTION POLICY other ON wattline_north DURATION INF REPLICATION 1")
    for policy in ["autogen", "other"] {
      #expect(
        try send(
          "write", "db=wattline_north&rp=\(policy)", user: "north_writer", body: "clean,plant=neighbour value=3 3"
        ).status == 204)
      let found = try query(
        "SELECT * FROM wattline_north.\(policy).clean WHERE plant = 'neighbour'", user: "north_reader",
        database: "wattline_north")
      #expect(found.body.contains("neighbour"), "a grant is for a whole database")
    }
  }

  @Test func `a wrong password and no password read nothing`() throws {
    for (user, password) in [("north_reader", "guess"), ("nobody", "secret")] {
      #expect(
        try query("SELECT * FROM clean", user: user, password: password, database: "wattline_north").status == 401)
    }
    let address = "\(influx.url)/query?db=wattline_north&q=SHOW%20SERIES"
    let client = try #require(
      HTTPClient(
        url: address, caFile: nil, connectTimeout: .seconds(5), totalTimeout: .seconds(20), longestBody: 1 << 20))
    #expect(client.send(address, body: nil, contentType: "text/plain").status == 401)
  }
}
