// DispatchPolicy: being built.
