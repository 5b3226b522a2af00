"""The command line: its parser, its options for networks, its streams."""
