// Cleaning: being built.
