"""Generate pages for the documentation site while MkDocs builds it."""
