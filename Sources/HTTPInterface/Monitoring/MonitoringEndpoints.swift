import Foundation
import Pipeline
import WebServer

/// Health and metrics, for supervisors, load balancers and Prometheus.
struct MonitoringEndpoints: Sendable {
  let program: ProgramFacts
  let status: @Sendable () -> PipelineStatus
  let statistics: RequestStatistics
  let feed: LiveCounts

  private static let readiness = Schema.object(["reasons": .array(.string)])

  var endpoints: [Endpoint] { [live, ready, metrics] }

  private var live: Endpoint {
    Endpoint(
      path: "/health/live", id: "getLiveness", group: "health and metrics", summary: "whether the process answers",
      details: "Always 200 while the process serves requests. A restart does not help against an outage of the broker "
        + "or the database, so neither counts here.",
      responses: [
        .json("It does.", .object(["status": .word(["live"])]))
      ],
      answer: { _ in .json(["status": "live"]) })
  }

  private var ready: Endpoint {
    Endpoint(
      path: "/health/ready", id: "getReadiness", group: "health and metrics",
      summary: "whether the process does its work",
      details: "200 while every subscription is confirmed, the database takes points, and the journal advances.",
      responses: [
        .json("It does; the list is empty.", Self.readiness),
        .json("It does not, for these reasons.", Self.readiness, status: 503),
      ],
      answer: { _ in
        let readiness = Readiness(of: status())
        return .json(readiness, status: readiness.reasons.isEmpty ? 200 : 503)
      })
  }

  private var metrics: Endpoint {
    Endpoint(
      path: "/metrics", id: "getMetrics", group: "health and metrics", summary: "counters and state for Prometheus",
      details: "OpenMetrics 1.0 if the header `Accept` names it, else the Prometheus text format 0.0.4.",
      responses: [
        .init(
          status: 200, meaning: "The metrics.",
          contentTypes: [MetricsText.prometheus.contentType, MetricsText.openMetrics.contentType])
      ],
      answer: { call in
        let text = MetricsText(accepting: call.request.headers["accept"])
        var build = MetricFamily("wattline_build_info", kind: .gauge, help: "Version and commit of the program.")
        build.append(.integer(1), labels: ["version": program.version, "commit": program.commit])
        let families =
          [build] + PipelineMetrics.families(of: status()) + ProcessMetrics.families() + statistics.families()
          + feed.families()
        return HTTPResponse(200, contentType: text.contentType, body: text.render(families).utf8)
      })
  }
}
