// CommandChannel: being built.
