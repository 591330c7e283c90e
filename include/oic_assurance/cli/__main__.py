"""`python -m oic_assurance.cli` runs the command `assurance`."""

from oic_assurance.cli.main import main

# A process that `assurance forces run` starts imports this module too.
if __name__ == "__main__":
    main()
