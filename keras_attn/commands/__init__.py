"""One file for each command of the shell. Nothing but the parser imports them."""
