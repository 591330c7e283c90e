"""Which login reads as whom: given and ended by a command, on record for ever."""
