// FeatureWindows: being built.
