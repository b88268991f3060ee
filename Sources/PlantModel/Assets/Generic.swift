extension AssetKind {
  /// Any other asset; its power, if any, is consumption.
  public static let generic = AssetKind(AssetTraits(name: "generic", hasOneDirection: false))
}
