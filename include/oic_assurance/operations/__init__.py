"""Operations that a person starts by hand. The daily run does not need them."""
