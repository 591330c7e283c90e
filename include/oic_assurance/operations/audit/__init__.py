"""The log of processing: check it, ship its head, collect what readers did, report from it."""
