"""The tasks that ask people in Airflow's web page about records that are past their retention.

The form shows how many records wait, and no key. Who wants to see keys uses the command line, where
each look is logged.
"""

from datetime import datetime
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from oic_assurance.errors import UsageError
from oic_assurance.operations import review
from oic_assurance.settings import load_settings

ERASE, KEEP, LEAVE = "Erase them", "Keep them", "Decide nothing"
CONFIRM, REFUSE = "Confirm", "Do not confirm"


class ReviewDecision(HITLOperator):
    """Ask a person whether to erase or to keep the records of a dataset that wait for a decision.

    The decision is recorded under the account with which the person answers. Without an answer in
    time, nothing is decided, and the records are kept and stay on the list.
    """

    template_fields = (*HITLOperator.template_fields, "dataset")

    def __init__(self, *, dataset: Any, **how: Any) -> None:
        # Airflow also passes the parameters of the DAG. The form does not ask for them again.
        how.pop("params", None)
        super().__init__(
            subject="Erase or keep these records?",
            options=[ERASE, KEEP, LEAVE],
            defaults=LEAVE,
            params={
                "reason": Param("", type="string", title="Why, without naming a record"),
                "until": Param(
                    "", type="string", title="Only to keep: until which day, such as 2028-06-30"
                ),
            },
            **how,
        )
        self.dataset = dataset

    def execute(self, context: Any) -> Any:
        """Show how many records wait, and wait for an answer. Return at once if none waits."""
        lines = review.show_undecided(load_settings(), self.dataset)
        if not lines:
            return None
        self.subject = f"{self.dataset}: erase or keep what is past its retention?"
        self.body = "\n".join(f"- {line}" for line in lines)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the decision.

        Raises:
            UsageError: The answer has no reason, or a rule of the review does not allow it.
        """
        if "error" in event or event.get("timedout") or event["chosen_options"] == [LEAVE]:
            return super().execute_complete(context, event)
        answer = event["params_input"] or {}
        review.decide_all(
            load_settings(),
            self.dataset,
            is_kept=event["chosen_options"] == [KEEP],
            account=account_of(event),
            reason=str(answer.get("reason") or ""),
            until=str(answer.get("until") or "").strip(),
            asked_at=asked_at(context),
        )
        return super().execute_complete(context, event)


class ReviewConfirmation(HITLOperator):
    """Ask a second person to confirm the decisions about a dataset that wait for one."""

    template_fields = (*HITLOperator.template_fields, "dataset")

    def __init__(self, *, dataset: Any, **how: Any) -> None:
        how.pop("params", None)
        super().__init__(
            subject="Confirm this decision?", options=[CONFIRM, REFUSE], defaults=REFUSE, **how
        )
        self.dataset = dataset

    def execute(self, context: Any) -> Any:
        """Show the decisions, and wait for an answer. Return at once if none waits."""
        waiting = review.unconfirmed(load_settings(), self.dataset)
        if not waiting:
            return None
        self.subject = f"{self.dataset}: confirm what another person has decided?"
        self.body = "\n".join(
            f"- decision {one.decision_id} by {one.account}: {one.decision} {one.records} records"
            f"{f' until {one.keep_until}' if one.keep_until else ''}: {one.reason}"
            for one in waiting
        )
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Confirm the decisions if the answer is yes.

        Raises:
            UsageError: The account that answers made one of the decisions.
        """
        is_yes = "error" not in event and event["chosen_options"] == [CONFIRM]
        if is_yes and not event.get("timedout"):
            review.confirm_all(load_settings(), self.dataset, account_of(event), asked_at(context))
        return super().execute_complete(context, event)


def asked_at(context: Any) -> datetime:
    """Return the moment at which the form was made, with what it says.

    A task that goes on after an answer keeps the moment of its start.
    """
    moment: datetime = context["ti"].start_date
    return moment


def account_of(event: dict[str, Any]) -> str:
    """Return the account with which a person answered.

    Raises:
        UsageError: Airflow does not say who answered.
    """
    user = event["responded_by_user"] or {}
    account = str(user.get("name") or user.get("id") or "")
    if not account:
        raise UsageError("Airflow does not say who answered. Clear the task to be asked again.")
    return account
