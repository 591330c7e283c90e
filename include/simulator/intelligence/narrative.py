"""Made-up narratives and source identities. Each has a unique phrase that a test can search for.

Tests prove that these texts exist only in the intelligence database, so no other part of the
simulator may store, print or return them.
"""

from simulator.chance import Stream

ADJECTIVES = ("amber", "brindled", "cobalt", "dappled", "ermine", "fallow", "gilded", "hazel")
CREATURES = ("avocet", "bittern", "curlew", "dunlin", "egret", "firecrest", "godwit", "hobby")
THINGS = ("anvil", "bellows", "compass", "dulcimer", "ewer", "fulcrum", "gimbal", "hourglass")
FIRST_NAMES = ("Ottoline", "Peregrine", "Quillon", "Rosamund", "Septimus", "Thomasina", "Ulric")
SURNAMES = ("Brackwater", "Crumblehulme", "Dunthorpe", "Eaglesworth", "Fennimere", "Gathercole")
OPENINGS = (
    "Vehicle seen leaving the A14 services with people in the load space.",
    "Caller states that several men sleep above a car wash and are not paid.",
    "Driver gave two different accounts of where the trailer was sealed.",
    "A flat is let by the bed; rent is collected in cash on Fridays.",
    "Passengers did not know the driver and had no documents.",
)


def narrative(rng: Stream, urn: str) -> str:
    """Return a narrative with a unique phrase."""
    phrase = f"{rng.one_of(ADJECTIVES)} {rng.one_of(CREATURES)} {rng.one_of(THINGS)}"
    return (
        f"{rng.one_of(OPENINGS)} Codeword {phrase} {rng.getrandbits(40):010x}."
        f" Recorded under {urn}.\nNo further action requested."
    )


def source_identity(rng: Stream) -> str:
    """Return a made-up source identity that is unique to one report."""
    name = f"{rng.one_of(FIRST_NAMES)} {rng.one_of(SURNAMES)}"
    return f"{name} [registered source {rng.getrandbits(32):08x}]"
