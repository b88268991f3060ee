/// The effects of an asset's faults on its physics at a time. The defaults are those without any fault.
struct FaultEffects {
  /// Whether it neither generates nor consumes.
  var isTripped = false
  /// Share of strings without sun, 0...1.
  var shadedShare = 0.0
  /// Share of strings without power, 0...1.
  var lostShare = 0.0
  /// Share of the rating that is available, 0...1.
  var ratingShare = 1.0
  /// Share of light lost by dust in addition to the usual soiling, 0...1.
  var dust = 0.0
  /// Error of the reported state of charge [percentage points].
  var chargeOffset = 0.0
  /// Voltage difference between the strongest and the weakest cell in addition to the usual one [mV].
  var cellSpread = 0.0
  /// Temperature rise of the cells without cooling [K/h]; `nil` while cooling works.
  var selfHeating: Double?
  /// Share of a battery's capacity that is lost, 0...1.
  var fadedShare = 0.0
  /// Whether a charger's contactor fails to close.
  var isContactorOpen = false
  /// Whether commands fail to reach it.
  var isDeaf = false
  /// Rise of the grid voltage, as a share of the nominal one.
  var voltageRise = 0.0
  /// Lag of the asset's clock [s].
  var clockLag = 0.0
}
