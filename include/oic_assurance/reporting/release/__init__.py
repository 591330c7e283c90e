"""Write the files of a public release."""
