"""Each night a share of the archive is compared, and what is damaged keeps nothing else waiting."""

import pytest

from oic_assurance.operations import upkeep
from oic_assurance.settings import Settings
from tests.databases import administrator

BATCHES, DAMAGED = 60, 5


def test_every_batch_has_its_turn_although_some_never_agree(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def verify(_: Settings, *, batch_id: int) -> list[object]:
        compared.append(batch_id)
        with administrator(fresh_warehouse) as session:
            session.execute(
                "insert into audit.archive_proof (batch_id, disagreement) values (%s, %s) "
                "on conflict (batch_id) do update set proven_at = clock_timestamp()",
                (batch_id, "it is damaged" if batch_id <= DAMAGED else None),
            )
        return []

    monkeypatch.setattr(upkeep, "verify", verify)
    monkeypatch.setattr(upkeep, "LOOKS", ())
    with administrator(fresh_warehouse) as session:
        session.execute(
            "insert into audit.batch (batch_id, run_id, force_code, dataset, source_place, kind, "
            "delivered_for, status, kept_as) overriding system value "
            "select n, 'r', %s, case when n = %s then 'hr/forgotten' else 'hr/personnel' end, "
            "n || '.csv', 'file', now() + n * interval '1 second', 'landed', n || '.gz' "
            "from generate_series(1, %s) as n",
            (fresh_warehouse.force_code, BATCHES + 1, BATCHES + 1),
        )
        session.execute(
            "insert into audit.setting values ('force_code', %s)", (fresh_warehouse.force_code,)
        )
    for _ in range(upkeep.NIGHTS):
        did = upkeep.PROOFS.run(fresh_warehouse, False)
        assert did.counts["batches"] <= 4
    # A batch of a dataset that is declared no longer cannot be compared, and has no turn.
    assert set(compared) == set(range(1, BATCHES + 1))
