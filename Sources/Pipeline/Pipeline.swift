// Pipeline: being built.
