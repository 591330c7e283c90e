"""`python -m oic_assurance.cli` runs the command `assurance`."""

from oic_assurance.cli.main import main

if __name__ == "__main__":
    main()
