"""If a deployment has several forces, the commands in messages name the force."""

from oic_assurance.commands import with_force


def test_a_command_names_the_force() -> None:
    text = "Next: `assurance status`; `assurance publication release` ends the hold."
    assert with_force(text, "E23000022") == (
        "Next: `assurance status --force E23000022`; "
        "`assurance publication release --force E23000022` ends the hold."
    )


def test_a_command_about_the_deployment_names_none() -> None:
    for text in ("`assurance up`", "`assurance forces run`", "`assurance help tls`", "`make run`"):
        assert with_force(text, "E23000022") == text


def test_with_one_force_the_text_stays() -> None:
    assert with_force("`assurance status`") == "`assurance status`"
