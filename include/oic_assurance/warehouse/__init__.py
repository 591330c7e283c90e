"""The server, the connections to it and the shape of its own tables."""
