"""What the intelligence system holds: reports, disseminations, and products."""
