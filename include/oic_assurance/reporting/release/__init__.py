"""The files of a release to the public."""
