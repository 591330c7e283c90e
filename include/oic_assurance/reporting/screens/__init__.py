"""The screens of the command line, and the records that they show."""
