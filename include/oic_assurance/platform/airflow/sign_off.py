"""The task that asks a person for one step of a sign-off in Airflow's web page."""

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from oic_assurance.errors import UsageError
from oic_assurance.operations.sign_off import steps
from oic_assurance.settings import load_settings

MAKE, LEAVE = "Make this step", "Do not make it"


class SignOffStep(HITLOperator):
    """Show how far a closure is, and ask a person whether to make the step.

    If the answer is yes, the step is made. It is recorded under the account with which the person
    answers under *Required Actions*. The rules of sign-off are checked when the answer comes, as on
    the command line. Without an answer in time, no step is made.
    """

    template_fields = (*HITLOperator.template_fields, "code", "step")

    def __init__(self, *, code: Any, step: Any, **how: Any) -> None:
        # Airflow also passes the parameters of the DAG. They are left out here, so that the form
        # does not ask for them again. Templates read them from the context.
        how.pop("params", None)
        super().__init__(
            subject="Make this step of a sign-off?",
            options=[MAKE, LEAVE],
            defaults=LEAVE,
            params={
                "because": Param("", type="string", title="What was agreed, shown or decided"),
                "evidence": Param(
                    "", type="string", title="Only for EVIDENCE: path in the folder of evidence"
                ),
            },
            **how,
        )
        self.code = code
        self.step = step

    def execute(self, context: Any) -> Any:
        """Show how far the closure is, and wait for an answer."""
        lines = steps.show_steps(load_settings(), self.code)
        self.subject = f"{self.code}: make the step {self.step}?"
        self.body = "\n".join(f"- {line}" for line in lines)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Make the step if the answer is yes.

        Raises:
            UsageError: A rule of sign-off does not allow the step, or the answer does not say what
                was agreed, shown or decided.
        """
        if "error" in event or event.get("timedout") or event["chosen_options"] != [MAKE]:
            return super().execute_complete(context, event)
        user = event["responded_by_user"] or {}
        account = str(user.get("name") or user.get("id") or "")
        answer = event["params_input"] or {}
        because = str(answer.get("because") or "")
        if not because.strip():
            raise UsageError("The answer lacks its words. Clear the task, to be asked again.")
        steps.make_step(
            load_settings(),
            self.code,
            self.step,
            account=account,
            through="airflow",
            because=because,
            evidence=str(answer.get("evidence") or "").strip() or None,
        )
        return super().execute_complete(context, event)
