"""Generate pages of the documentation site while MkDocs builds it."""
