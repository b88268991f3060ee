import Testing

@testable import HTTPInterface

@Suite("Text forms of metrics")
struct MetricsTextTests {
  private var families: [MetricFamily] {
    var refused = MetricFamily("messages_refused", kind: .counter, help: "Refused \\ by\nreason.")
    refused.append(.integer(3), labels: ["reason": "a \"quoted\\ \n word"])
    return [refused, MetricFamily("lag_seconds", kind: .gauge, help: "Age.", value: .decimal(.infinity))]
  }

  @Test func `the Prometheus form has total in the names of counters, and escapes what people wrote`() {
    #expect(
      MetricsText.prometheus.render(families) == """
        # HELP messages_refused_total Refused \\\\ by\\nreason.
        # TYPE messages_refused_total counter
        messages_refused_total{reason="a \\"quoted\\\\ \\n word"} 3
        # HELP lag_seconds Age.
        # TYPE lag_seconds gauge
        lag_seconds +Inf

        """)
  }

  @Test func `OpenMetrics names the family without total, tells the unit and ends`() {
    let lines = MetricsText.openMetrics.render(families).split(separator: "\n")
    #expect(lines.contains("# TYPE messages_refused counter"))
    #expect(lines.contains { $0.hasPrefix("messages_refused_total{") })
    #expect(lines.contains("# UNIT lag_seconds seconds"))
    #expect(lines.last == "# EOF")
  }

  @Test func `the form is what the scraper accepts`() {
    #expect(MetricsText(accepting: nil) == .prometheus)
    #expect(MetricsText(accepting: "text/plain") == .prometheus)
    #expect(MetricsText(accepting: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5") == .openMetrics)
  }

  @Test func `durations are counted below each bound`() {
    let statistics = RequestStatistics()
    for seconds in [0.0005, 0.003, 0.003, 9] {
      statistics.record(method: "BREW", route: "/metrics", status: 200, seconds: seconds)
    }
    let text = MetricsText.prometheus.render(statistics.families())
    #expect(text.contains("wattline_http_requests_total{route=\"/metrics\",method=\"other\",status=\"200\"} 4"))
    #expect(text.contains("_bucket{route=\"/metrics\",le=\"0.001\"} 1\n"))
    #expect(text.contains("_bucket{route=\"/metrics\",le=\"0.005\"} 3\n"))
    #expect(text.contains("_bucket{route=\"/metrics\",le=\"+Inf\"} 4\n"))
    #expect(text.contains("_sum{route=\"/metrics\"} 9.0065\n"))
  }
}
