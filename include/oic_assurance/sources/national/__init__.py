"""The exports of forces, from which the national view is made."""
