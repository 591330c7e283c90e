"""Operations that a person can start. The daily run also performs some of them."""
