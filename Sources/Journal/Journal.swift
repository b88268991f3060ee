// Journal: being built.
