"""The task that waits for a person: Airflow's own operator, where there is something to ask."""

import os
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from oic_assurance import pipeline
from oic_assurance.errors import UsageError
from oic_assurance.settings import load_settings

#: Set where a run is alone in its process: nobody could answer it, so it does not wait.
NOBODY_CAN_ANSWER = "ASSURANCE_NOBODY_CAN_ANSWER"
APPROVE, REJECT = "Approve", "Reject"


class WarningApproval(HITLOperator):
    """Asks for a decision on a build's warnings, where the deployment wants one; else goes on.

    The answer is put on record, and that record decides: a rejected build, or one whose question
    nobody could answer, is refused by the publication itself.
    """

    template_fields = (*HITLOperator.template_fields, "build_id")

    def __init__(self, *, build_id: Any, **how: Any) -> None:
        super().__init__(
            subject="Publish with these warnings?",
            options=[APPROVE, REJECT],
            # No answer in time is a no.
            defaults=REJECT,
            # Blank until it is answered: that the answer says something is seen to below.
            # Several people may share Airflow's login, so it asks for a name as well.
            params={
                "name": Param("", type="string", title="Your name"),
                "reason": Param("", type="string", title="Why"),
            },
            **how,
        )
        self.build_id = build_id

    def execute(self, context: Any) -> Any:
        """Ask and wait, or return at once when there is nothing to ask."""
        warnings = pipeline.warnings_to_approve(load_settings(), self.build_id)
        if not warnings or os.environ.get(NOBODY_CAN_ANSWER):
            return None
        self.subject = f"Publish build {self.build_id} with {len(warnings)} warnings?"
        self.body = "\n".join(f"- {line}" for line in warnings)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Put the answer on record, and go on: the publication looks at it."""
        if "error" in event:
            return super().execute_complete(context, event)
        if not pipeline.warnings_to_approve(load_settings(), self.build_id):
            # Somebody has answered on the command line, or the build may not be published at all.
            return None
        is_approved = event["chosen_options"] == [APPROVE]
        if event.get("timedout"):
            who = login = "expiry"
            reason = "there was no answer in time"
            event["params_input"] = {"name": who, "reason": reason}
        else:
            user = event["responded_by_user"] or {}
            login = str(user.get("name") or user.get("id") or "")
            said = event["params_input"] or {}
            who, reason = (str(said.get(what) or "") for what in ("name", "reason"))
        if not who.strip() or not reason.strip():
            raise UsageError(
                "The answer lacks a name or a reason. Clear `approve_warning`, to be asked again."
            )
        pipeline.decide(
            load_settings(), self.build_id,
            is_approved=is_approved, who=who, login=login, reason=reason,
            through="expiry" if event.get("timedout") else "airflow",
        )  # fmt: skip
        return super().execute_complete(context, event)
