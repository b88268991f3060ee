// Forecasting: being built.
