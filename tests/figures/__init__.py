"""Show that a change of the code moves no published figure.

Write the marts to files before and after the change, and compare the files.
"""
