"""The intelligence system: reports, disseminations and products."""
