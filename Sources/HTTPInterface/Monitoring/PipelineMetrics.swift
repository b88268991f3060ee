import PayloadDecoding
public import Pipeline
import PlantModel
import SinkCore
import WattlineTime

/// Metrics of a running pipeline.
public enum PipelineMetrics {
  /// Returns the counters and state as metrics. Counts of messages, readings and points survive restarts, as in the
  /// series `pipeline`.
  public static func families(of status: PipelineStatus) -> [MetricFamily] {
    messages(status) + readings(status) + points(status) + state(status)
  }

  /// The account of messages: `received = decoded + refused + duplicates`.
  private static func messages(_ status: PipelineStatus) -> [MetricFamily] {
    let (ledger, intake) = (status.stages.ledger, status.intake)
    var refused = MetricFamily(
      "wattline_messages_refused", kind: .counter, help: "Messages without usable readings, by reason.")
    var reasons = Dictionary(RefusalReason.allCases.map { ($0.rawValue, UInt64(0)) }, uniquingKeysWith: { $1 })
    reasons.merge(ledger.refused) { $1 }
    for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) {
      refused.append(.integer(count), labels: ["reason": reason])
    }
    let publishers = status.refusedPublishes.map {
      counter("wattline_broker_refused_messages", $0, "Messages of publishers that the broker refused, by its log.")
    }
    return [
      counter("wattline_messages_received", ledger.messages, "Messages of plants that were decoded, refused or known."),
      counter("wattline_messages_decoded", ledger.decoded, "Messages that were understood."),
      refused,
      counter("wattline_messages_duplicate", ledger.duplicates, "Messages that had arrived before."),
      counter("wattline_source_messages", intake.messages, "Messages that the broker delivered to this process."),
      counter("wattline_source_received_bytes", intake.messageBytes, "Topics and payloads that the broker delivered."),
      counter(
        "wattline_source_appended_messages", intake.appended, "Messages appended to the journal by this process."),
      counter("wattline_source_redelivered_messages", intake.duplicates, "Messages delivered again and recognised."),
      counter("wattline_source_oversized_messages", intake.oversized, "Messages longer than mqtt.max_payload."),
      counter("wattline_source_reconnects", intake.reconnects, "Connections to the broker after the first."),
      counter("wattline_posted_messages", intake.posted, "Messages appended that came over HTTP or WebSocket."),
    ] + (publishers.map { [$0] } ?? [])
  }

  /// The account of readings: `decoded + redelivered = written + queued + spooled + dead letters + dropped`.
  private static func readings(_ status: PipelineStatus) -> [MetricFamily] {
    let accounts = status.sink.accounts
    var quality = MetricFamily("wattline_readings_cleaned", kind: .counter, help: "Readings by quality.")
    for code in Quality.allCases where Int(code.rawValue) < status.stages.qualityCounts.count {
      quality.append(.integer(status.stages.qualityCounts[Int(code.rawValue)]), labels: ["quality": "\(code)"])
    }
    return [
      counter("wattline_readings_decoded", status.stages.ledger.readings, "Readings found in messages."),
      counter(
        "wattline_readings_posted", status.intake.postedReadings, "Readings posted over HTTP or WebSocket and appended."
      ),
      quality,
      counter("wattline_readings_redelivered", status.redelivered, "Readings handed on again after a crash."),
      counter("wattline_readings_written", accounts.written.readings, "Readings that the database accepted."),
      gauge("wattline_readings_queued", accounts.queued.readings, "Readings that wait in memory for the database."),
      gauge("wattline_readings_spooled", accounts.spooled.readings, "Readings that wait on disk for the database."),
      lost("wattline_readings_dead_letter", accounts.deadLetters, \.readings, "Readings refused by the database."),
      lost("wattline_readings_dropped", accounts.dropped, \.readings, "Readings lost, by reason."),
    ]
  }

  /// The account of points: `submitted = written + queued + spooled + dead letters + dropped`.
  private static func points(_ status: PipelineStatus) -> [MetricFamily] {
    let accounts = status.sink.accounts
    return [
      counter("wattline_points_submitted", accounts.submitted.points, "Points handed to the sink."),
      counter("wattline_points_written", status.sink.pointsWritten, "Points that the database accepted."),
      gauge("wattline_points_queued", accounts.queued.points, "Points that wait in memory for the database."),
      gauge("wattline_points_spooled", accounts.spooled.points, "Points that wait on disk for the database."),
      lost("wattline_points_dead_letter", accounts.deadLetters, \.points, "Points refused by the database."),
      lost("wattline_points_dropped", accounts.dropped, \.points, "Points lost, by reason."),
      counter("wattline_database_requests", status.sink.requests, "Requests to the database."),
      counter("wattline_database_retries", status.sink.retries, "Repeated requests to the database."),
      gauge("wattline_database_queued_batches", UInt64(clamping: status.sink.queueDepth), "Batches that wait."),
    ]
  }

  private static func state(_ status: PipelineStatus) -> [MetricFamily] {
    var series = MetricFamily("wattline_plant_series", kind: .gauge, help: "Series of each plant.")
    var active = MetricFamily("wattline_plant_active_alerts", kind: .gauge, help: "Active alerts of each plant.")
    var clock = MetricFamily(
      "wattline_plant_clock_timestamp_seconds", kind: .gauge, help: "Time up to which each plant is processed.")
    for plant in status.stages.plants {
      series.append(.integer(UInt64(clamping: plant.series)), labels: ["plant": plant.name])
      for severity in [Severity.warning, .critical] {
        let count = plant.alerts.count { $0.severity == severity }
        active.append(
          .integer(UInt64(clamping: count)), labels: ["plant": plant.name, "severity": severity.rawValue])
      }
      if plant.clock != .distantPast {
        clock.append(.decimal(Double(plant.clock.nanoseconds) / 1e9), labels: ["plant": plant.name])
      }
    }
    return [
      gauge(
        "wattline_broker_subscribed", status.intake.isSubscribed ? 1 : 0, "1 while every subscription is confirmed."),
      gauge("wattline_database_accepting", status.databaseTrouble == nil ? 1 : 0, "1 while the database takes points."),
      MetricFamily(
        "wattline_processing_lag_seconds", kind: .gauge, help: "Age of the newest processed record.",
        value: .decimal(status.stages.lagSeconds)),
      gauge("wattline_journal_waiting_bytes", status.intake.journalBytesWaiting, "Journal that is not yet settled."),
      counter("wattline_journal_appended_bytes", status.intake.journalEnd, "End of the journal since it was created."),
      gauge("wattline_spool_bytes", UInt64(clamping: status.sink.spoolBytes), "Points that wait on disk."),
      series, active, clock,
    ]
  }

  private static func counter(_ name: String, _ value: UInt64, _ help: String) -> MetricFamily {
    MetricFamily(name, kind: .counter, help: help, value: .integer(value))
  }

  private static func gauge(_ name: String, _ value: UInt64, _ help: String) -> MetricFamily {
    MetricFamily(name, kind: .gauge, help: help, value: .integer(value))
  }

  /// Returns what was lost by reason; one sample of zero if nothing was.
  private static func lost<Reason: RawRepresentable<String>>(
    _ name: String, _ tallies: [Reason: PointTally], _ part: KeyPath<PointTally, UInt64>, _ help: String
  ) -> MetricFamily {
    var family = MetricFamily(name, kind: .counter, help: help)
    for (reason, tally) in tallies.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      family.append(.integer(tally[keyPath: part]), labels: ["reason": reason.rawValue])
    }
    if tallies.isEmpty { family.append(.integer(0), labels: ["reason": "none"]) }
    return family
  }
}
