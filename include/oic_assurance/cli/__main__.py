"""`python -m oic_assurance.cli`: the same as the command `assurance`."""

from oic_assurance.cli.main import main

main()
