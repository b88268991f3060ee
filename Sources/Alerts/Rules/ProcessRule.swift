import PlantModel
import StreamCore

extension AlertRuleID {
  /// The process uses nearly all memory that it may have.
  static let processMemory = AlertRuleID("process_memory")
  /// The disk of the journal is nearly full.
  static let processDisk = AlertRuleID("process_disk")
  /// The backlog before the stages or the database grows steadily.
  static let processBacklog = AlertRuleID("process_backlog")
  /// The database is away.
  static let processDatabase = AlertRuleID("process_database")
  /// The clock of this machine differs from others.
  static let processClock = AlertRuleID("process_clock")
  /// Workers stand still.
  static let processStages = AlertRuleID("process_stages")
  /// The HTTP interface is slow.
  static let processInterface = AlertRuleID("process_interface")
  /// Requests over HTTP fail for the server's reasons.
  static let processErrors = AlertRuleID("process_errors")
  /// Many logins are refused.
  static let processLogins = AlertRuleID("process_logins")
  /// A job of the HTTP interface is late.
  static let processJobs = AlertRuleID("process_jobs")
  /// The broker refuses publishers.
  static let processRefused = AlertRuleID("process_refused")
  /// A source that does not come over MQTT fetches nothing.
  static let processSources = AlertRuleID("process_sources")
}

/// Rule about faults of the process. Their alerts are raised for every plant, because each of them is concerned.
struct ProcessRule: AlertRule {
  static let ids = [
    AlertRuleID.processMemory, .processDisk, .processBacklog, .processDatabase, .processClock, .processStages,
    .processRefused, .processInterface, .processErrors, .processLogins, .processJobs, .processSources,
  ]
  static let guide = [
    AlertGuide(
      "the process uses 90 % of its memory limit; cleared below 85 %",
      remedy: "Raise the limit, or bound assets and sensors of the plants."),
    AlertGuide(
      "90 % of the journal's disk are used; cleared below 88 %",
      remedy: "Make room, or bound journal.max_bytes and journal.history."),
    AlertGuide(
      "what waits for the stages or the database grows for 15 min; cleared once it falls",
      remedy: "Look at the database's load and at the number of workers."),
    AlertGuide(
      "the database is away for 5 min; cleared when it answers",
      remedy: "Look at the database and the network. Nothing is lost while there is room on the disk."),
    AlertGuide(
      "the clock is off that of the database by more than a minute, or most readings come from the future; cleared when "
        + "neither holds", remedy: "Look at the time service of this machine and of the database's."),
    AlertGuide(
      "workers stand still for a minute though nothing holds them up; cleared when they progress",
      remedy: "Look at the log, and restart the process."),
    AlertGuide(
      "the broker's log (watch.broker_log) tells that it refuses publishers; cleared after 15 min without",
      remedy: "Give the device the user of its plant, or add its topic to the plant file and make the ACL again."),
    AlertGuide(
      "of the last five minutes' requests over HTTP more than 5 % took longer than http.alerts.latency, 0.5 s; cleared "
        + "when fewer do", remedy: "Look at the metrics for what is slow, and at the audit for who asks."),
    AlertGuide(
      "of the last five minutes' requests over HTTP more than http.alerts.errors, 5 %, failed for the server's reasons; "
        + "cleared when fewer do", remedy: "Look at the metrics for which failed, and at the log for why."),
    AlertGuide(
      "http.alerts.refused_logins, 20, logins were refused in five minutes; cleared when fewer are",
      remedy: "Look at the audit for names and addresses. A program may have an old password."),
    AlertGuide(
      "a job of the interface runs for http.alerts.late_job, ten minutes; cleared when it ends",
      remedy: "Look at the jobs, and cancel it. The database may be slow, or the span long."),
    AlertGuide(
      "a source beside MQTT has its credentials refused, or fails for three of its intervals and 15 min; cleared when "
        + "all fetch again",
      remedy: "Look at wattline sources for the reason. Renew the credentials if they are refused."),
  ]

  /// Raises or clears the alert about a fault of the process.
  ///
  /// - Parameters:
  ///   - fault: The fault, or its end.
  ///   - context: State shared by all rules.
  ///   - frame: Receives the points, transitions and notices.
  ///   - register: The plant's register.
  static func report(
    _ fault: ProcessFault, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let (id, title) = description(of: fault.kind)
    let key = AlertKey(rule: id)
    guard fault.isStanding else {
      return context.book.clear(key, at: frame.received, text: fault.text, into: &frame)
    }
    context.book.raise(
      key, severity: fault.severity, at: frame.received,
      message: AlertMessage(title: title, text: fault.text, value: fault.value), into: &frame, in: register)
  }

  private static func description(of kind: ProcessFault.Kind) -> (AlertRuleID, String) {
    switch kind {
    case .memory: (.processMemory, "Wattline runs out of memory")
    case .disk: (.processDisk, "The disk of Wattline fills up")
    case .backlog: (.processBacklog, "Wattline falls behind")
    case .database: (.processDatabase, "The database is away")
    case .clock: (.processClock, "The clock of Wattline is off")
    case .stages: (.processStages, "Workers of Wattline stand still")
    case .interface: (.processInterface, "The HTTP interface of Wattline is slow")
    case .errors: (.processErrors, "Requests to Wattline over HTTP fail")
    case .logins: (.processLogins, "Wattline refuses many logins")
    case .jobs: (.processJobs, "A job of Wattline is late")
    case .refused: (.processRefused, "The broker refuses publishers")
    case .sources: (.processSources, "A source fetches nothing")
    }
  }
}
