"""Files in folders and on other machines, by URL: the dropzone, the archive, the reports."""
