"""The defects of the catalogue. Each module has the defects of one stage."""
