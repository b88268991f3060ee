import Foundation
import Savings
import SavingsAccounts

/// Plots of an account as SVG.
enum SavingsPlot {
  private static let width = 900.0
  private static let height = 260.0
  private static let margin = (left: 70.0, right: 10.0, top: 12.0, bottom: 28.0)

  /// Axes of a plot.
  private struct Axes {
    let range: ClosedRange<Double>
    let count: Double

    init(_ values: [Double], count: Int) {
      let known = values.filter(\.isFinite) + [0]
      let (low, high) = (known.min() ?? 0, known.max() ?? 1)
      range = low...(high > low ? high : low + 1)
      self.count = Double(max(1, count))
    }

    func x(_ place: Double) -> Double {
      SavingsPlot.margin.left + (SavingsPlot.width - SavingsPlot.margin.left - SavingsPlot.margin.right) * place / count
    }

    func y(_ value: Double) -> Double {
      SavingsPlot.height - SavingsPlot.margin.bottom
        - (SavingsPlot.height - SavingsPlot.margin.top - SavingsPlot.margin.bottom) * (value - range.lowerBound)
        / (range.upperBound - range.lowerBound)
    }

    /// Lines and numbers of the vertical axis, at round values.
    var grid: String {
      let step = Axes.roundStep((range.upperBound - range.lowerBound) / 4)
      var text = ""
      var value = (range.lowerBound / step).rounded(.up) * step
      while value <= range.upperBound {
        text += String(
          format: "<line x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#d0d7de\"/>"
            + "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>", SavingsPlot.margin.left,
          SavingsPlot.width - SavingsPlot.margin.right,
          y(value), y(value), SavingsPlot.margin.left - 6, y(value) + 4, value)
        value += step
      }
      return text
    }

    private static func roundStep(_ rough: Double) -> Double {
      let power = pow(10, log10(rough).rounded(.down))
      return ([1, 2, 5].first { $0 * power >= rough } ?? 10) * power
    }
  }

  /// Returns predicted and actual use of months as bars, with the interval of the prediction.
  static func months(_ account: SavingsAccount) -> String {
    let months = account.months
    let axes = Axes(
      months.flatMap { [$0.figures.predicted + $0.figures.half, $0.figures.actual] }, count: months.count)
    var text = axes.grid
    for (place, month) in months.enumerated() {
      let (figures, x) = (month.figures, axes.x(Double(place)))
      let step = axes.x(1) - axes.x(0)
      for (offset, value, color) in [(0.12, figures.predicted, "#8c959f"), (0.5, figures.actual, "#0969da")] {
        text += String(
          format: "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%@\"/>", x + offset * step,
          min(axes.y(value), axes.y(0)), 0.36 * step, abs(axes.y(0) - axes.y(value)), color)
      }
      text += String(
        format: "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#1b1f24\"/>", x + 0.3 * step,
        x + 0.3 * step, axes.y(figures.predicted - figures.half), axes.y(figures.predicted + figures.half))
      if months.count <= 14 || place % 3 == 0 {
        text += label(figures.name, x: x + 0.5 * step)
      }
    }
    return svg(text, title: "Predicted (grey, with its interval) and actual use (blue) of each month in kWh")
  }

  /// Returns the cumulative saving with its interval at the ends of months, and the guarantee.
  static func cumulative(_ account: SavingsAccount) -> String {
    let months = account.months
    let sums = months.map(\.cumulative)
    let axes = Axes(
      sums.flatMap { [$0.value - $0.half, $0.value + $0.half] } + months.compactMap(\.guaranteed), count: months.count)
    func points(_ values: [(place: Int, value: Double)]) -> String {
      values.map { String(format: "%.1f,%.1f", axes.x(Double($0.place) + 1), axes.y($0.value)) }.joined(separator: " ")
    }
    let upper = sums.enumerated().map { (place: $0, value: $1.value + $1.half) }
    let lower = sums.enumerated().map { (place: $0, value: $1.value - $1.half) }
    let contract = months.enumerated().compactMap { place, month in
      month.guaranteed.map { (place: place, value: $0) }
    }
    var text = axes.grid
    text += "<polygon fill=\"#0969da\" fill-opacity=\".18\" points=\"\(points(upper + lower.reversed()))\"/>"
    text += line(points(sums.enumerated().map { (place: $0, value: $1.value) }), style: "stroke=\"#0969da\"")
    text += line(points(contract), style: "stroke=\"#cf222e\" stroke-dasharray=\"6 4\"")
    for (place, month) in months.enumerated() where months.count <= 14 || place % 3 == 0 {
      text += label(month.figures.name, x: axes.x(Double(place) + 1) - 24)
    }
    return svg(
      text,
      title: "Cumulative saving in kWh (blue, with its interval)"
        + (contract.isEmpty ? "" : " and the guarantee (red, dashed)"))
  }

  private static func line(_ points: String, style: String) -> String {
    "<polyline fill=\"none\" stroke-width=\"2\" \(style) points=\"\(points)\"/>"
  }

  private static func label(_ text: String, x: Double) -> String {
    String(format: "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%@</text>", x, height - 8, text)
  }

  private static func svg(_ content: String, title: String) -> String {
    "<figure><svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" font-size=\"11\" fill=\"#57606a\">"
      + "<title>\(title)</title>\(content)</svg><figcaption>\(title)</figcaption></figure>"
  }
}
