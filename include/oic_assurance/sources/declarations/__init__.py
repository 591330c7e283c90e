"""The declaration of each dataset, and the model that it is read into."""
