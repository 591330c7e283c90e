"""Several tables have one combined content fingerprint, whatever the order of the tables."""

from oic_assurance.warehouse.fingerprint import TableFingerprint, content_fingerprint


def test_only_the_order_of_tables_does_not_change_the_fingerprint() -> None:
    a, b = TableFingerprint(1, "aa"), TableFingerprint(2, "bb")
    whole = content_fingerprint({"marts.a": a, "marts.b": b})
    assert whole == content_fingerprint({"marts.b": b, "marts.a": a})
    others = [
        content_fingerprint({"marts.a": b, "marts.b": a}),
        content_fingerprint({"marts.a": a}),
        content_fingerprint({"marts.a": TableFingerprint(2, "aa"), "marts.b": b}),
        content_fingerprint({"marts.a": a, "public_release.b": b}),
        content_fingerprint({}),
    ]
    assert len({whole, *others}) == 6
