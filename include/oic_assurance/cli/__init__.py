"""The commands of `assurance`, one module for each command. The module `main` runs them."""
