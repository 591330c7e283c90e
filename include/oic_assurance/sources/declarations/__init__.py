"""The declaration of each dataset, and the code that reads and checks declarations."""
