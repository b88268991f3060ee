/// Samples of one metric with what describes them, in the terms of Prometheus and OpenMetrics 1.0.
public struct MetricFamily: Sendable {
  /// The meaning of the samples.
  public enum Kind: String, Sendable {
    /// A count that only grows while the process runs.
    case counter
    /// A value that rises and falls.
    case gauge
    /// Counts of observations by upper bounds, with their sum.
    case histogram
  }

  /// A value, an integer as long as it is one.
  public enum Number: Sendable, Equatable {
    /// A count.
    case integer(UInt64)
    /// A measurement.
    case decimal(Double)
  }

  /// A value and the labels that tell it from the others of its family.
  public struct Sample: Sendable {
    /// End of the name, such as `_bucket`; empty for most.
    public var suffix = ""
    /// Names and values of the labels.
    public var labels: [(name: String, value: String)]
    /// The value.
    public var value: Number
  }

  /// Name without `_total`. A name of a quantity ends in its unit.
  public let name: String
  /// The meaning of the samples.
  public let kind: Kind
  /// One sentence for people.
  public let help: String
  /// The samples.
  public private(set) var samples: [Sample] = []

  /// Creates a family without samples.
  ///
  /// - Parameters:
  ///   - name: Name without `_total`. A name of a quantity ends in its unit.
  ///   - kind: What the samples are.
  ///   - help: One sentence for people.
  public init(_ name: String, kind: Kind, help: String) { (self.name, self.kind, self.help) = (name, kind, help) }

  /// Creates a family with one sample without labels.
  ///
  /// - Parameters:
  ///   - name: Name without `_total`.
  ///   - kind: What the sample is.
  ///   - help: One sentence for people.
  ///   - value: The sample.
  public init(_ name: String, kind: Kind, help: String, value: Number) {
    self.init(name, kind: kind, help: help)
    append(value)
  }

  /// Adds a sample.
  ///
  /// - Parameters:
  ///   - value: The value.
  ///   - labels: Names and values of the labels.
  ///   - suffix: End of the name.
  public mutating func append(_ value: Number, labels: KeyValuePairs<String, String> = [:], suffix: String = "") {
    samples.append(Sample(suffix: suffix, labels: labels.map { ($0.key, $0.value) }, value: value))
  }

  /// The unit in which the name ends, if OpenMetrics has to be told one.
  var unit: String? { ["seconds", "bytes", "ratio"].first { name.hasSuffix("_\($0)") } }
}

/// Text forms of metrics.
public enum MetricsText: Sendable {
  /// Prometheus text exposition format 0.0.4.
  case prometheus
  /// OpenMetrics 1.0.0.
  case openMetrics

  /// Returns the form that an `Accept` header prefers.
  public init(accepting header: String?) {
    let types = ["text/plain", "application/openmetrics-text"]
    self = AcceptHeader.best(header, of: types) == types[1] ? .openMetrics : .prometheus
  }

  /// Media type.
  public var contentType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// Returns the text of families.
  ///
  /// Example: a counter `wattline_messages_received` of 3 gives the line `wattline_messages_received_total 3`.
  public func render(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families {
      let total = family.kind == .counter ? "_total" : ""
      let described = self == .prometheus ? family.name + total : family.name
      text += "# HELP \(described) \(Self.escaped(family.help, quotes: self == .openMetrics))\n"
      text += "# TYPE \(described) \(family.kind.rawValue)\n"
      if self == .openMetrics, let unit = family.unit { text += "# UNIT \(described) \(unit)\n" }
      for sample in family.samples {
        text += family.name + total + sample.suffix
        if !sample.labels.isEmpty {
          let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
          text += "{\(labels.joined(separator: ","))}"
        }
        text += " \(Self.text(sample.value))\n"
      }
    }
    return self == .openMetrics ? text + "# EOF\n" : text
  }

  private static func text(_ value: MetricFamily.Number) -> String {
    switch value {
    case .integer(let count): "\(count)"
    case .decimal(let number):
      number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Inf" : "+Inf") : "\(number)"
    }
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
