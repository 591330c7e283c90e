"""The commands of `assurance`, one module each."""
