"""The upkeep: parts that run while nobody works, each with what it did on record."""
