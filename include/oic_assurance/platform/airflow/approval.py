"""The task that asks a person to approve a build with warnings."""

import os
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from oic_assurance import pipeline
from oic_assurance.errors import UsageError
from oic_assurance.settings import load_settings

#: The environment variable that tells the task not to wait. `assurance run` sets it, because nobody
#: can fill in an Airflow form while Airflow's web server is not running.
NOBODY_CAN_ANSWER = "ASSURANCE_NOBODY_CAN_ANSWER"
APPROVE, REJECT = "Approve", "Reject"


class WarningApproval(HITLOperator):
    """Ask a person whether a build with warnings may be published, if the deployment requires it.

    The task records the answer and succeeds, even if the answer is no. The task `publish` reads the
    record, and refuses a build that was rejected or that still needs an answer.
    """

    template_fields = (*HITLOperator.template_fields, "build_id")

    def __init__(self, *, build_id: Any, **how: Any) -> None:
        # The form asks for a name, because several people may share one Airflow login.
        # `execute_complete` checks that the name and the reason are filled in. By default,
        # Airflow would ask here again for what the form of a run asks for.
        how["params"] = {
            "name": Param("", type="string", title="Your name"),
            "reason": Param("", type="string", title="Why"),
        }
        super().__init__(
            subject="Publish with these warnings?",
            options=[APPROVE, REJECT],
            # If nobody answers in time, the build is rejected.
            defaults=REJECT,
            **how,
        )
        self.build_id = build_id

    def execute(self, context: Any) -> Any:
        """Show the warnings and wait for an answer.

        Returns at once if there is nothing to decide or if nobody can answer.
        """
        warnings = pipeline.warnings_to_approve(load_settings(), self.build_id)
        if not warnings or os.environ.get(NOBODY_CAN_ANSWER):
            return None
        self.subject = f"Publish build {self.build_id} with {len(warnings)} warnings?"
        self.body = "\n".join(f"- {line}" for line in warnings)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the answer.

        Raises:
            UsageError: The answer has no name or no reason.
        """
        if "error" in event:
            return super().execute_complete(context, event)
        if not pipeline.warnings_to_approve(load_settings(), self.build_id):
            # Nothing is left to decide. Either somebody has decided on the command line in the
            # meantime, or the build cannot be published for another reason.
            return None
        is_approved = event["chosen_options"] == [APPROVE]
        if event.get("timedout"):
            who = login = "expiry"
            reason = "there was no answer in time"
            event["params_input"] = {"name": who, "reason": reason}
        else:
            user = event["responded_by_user"] or {}
            login = str(user.get("name") or user.get("id") or "")
            answer = event["params_input"] or {}
            who, reason = (str(answer.get(name) or "") for name in ("name", "reason"))
        if not who.strip() or not reason.strip():
            raise UsageError(
                "The answer lacks a name or a reason. Clear `approve_warning` to be asked again."
            )
        pipeline.decide(
            load_settings(),
            self.build_id,
            is_approved=is_approved,
            who=who,
            login=login,
            reason=reason,
            through="expiry" if event.get("timedout") else "airflow",
        )
        return super().execute_complete(context, event)
