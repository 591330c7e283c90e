"""A proof of a restore lasts equally long for the notification and for the mart."""

from oic_assurance.notifications.restores import PROOF_LASTS
from oic_assurance.operations.doctor import restores as doctor
from tests.conftest import PROJECT_ROOT

MODEL = "dbt_project/models/intermediate/backup/int_restore_proof.sql"


def test_the_mart_and_the_notification_use_the_same_number_of_days() -> None:
    rule = (PROJECT_ROOT / MODEL).read_text(encoding="utf-8")
    assert f'dbt.dateadd("hour", {PROOF_LASTS.days} * 24, "last_proven_at")' in rule
    assert PROOF_LASTS.seconds == 0
    assert doctor.PROOF_LASTS == PROOF_LASTS
