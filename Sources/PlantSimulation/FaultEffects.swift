/// What the faults of an asset do to its physics at one moment; without any, nothing.
struct FaultEffects {
  /// Gives and takes nothing.
  var isTripped = false
  /// Share of strings without sun, 0...1.
  var shadedShare = 0.0
  /// Share of strings that give nothing, 0...1.
  var lostShare = 0.0
  /// Share of the rating that is left, 0...1.
  var ratingShare = 1.0
  /// Share of light that dust takes, beside what is usual, 0...1.
  var dust = 0.0
  /// Added to the state of charge that is reported [percentage points].
  var chargeOffset = 0.0
  /// How far the weakest cell is behind the strongest, beside what is usual [mV].
  var cellSpread = 0.0
  /// Heat that cells make without cooling [K/h]; `nil` while cooling works.
  var selfHeating: Double?
  /// Share of a battery's capacity that is gone, 0...1.
  var fadedShare = 0.0
  /// A charger's contactor does not close.
  var isContactorOpen = false
  /// Commands do not reach it.
  var isDeaf = false
  /// Added to the grid's voltage, share of nominal.
  var voltageRise = 0.0
  /// How far the asset's clock is behind [s].
  var clockLag = 0.0
}
