"""The command line, one module for each command. `main` finds and runs them."""
