extension AssetKind {
  /// Anything else; a power that it has is consumption.
  public static let generic = AssetKind(AssetTraits(name: "generic", hasOneDirection: false))
}
