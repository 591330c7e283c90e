"""Operations that a person starts by hand. Most of them are not part of the daily run."""
