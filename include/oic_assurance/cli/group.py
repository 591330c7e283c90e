"""A group of commands for click, with better help and better errors than click's own group."""

import sys
from typing import Any

import click


class Group(click.Group):
    """A group of commands.

    Its help shows each command's description in full. If the user mistypes the name of a command,
    the error suggests a similar name. If the user names no command, `default` is called.
    """

    def __init__(self, *args: Any, default: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split the arguments, and add the name of the default command if none is named."""
        is_option = not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)
        if self.default and is_option and not ctx.resilient_parsing:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name and the object of the command to run, and the arguments after its name.

        Raises:
            click.UsageError: There is no such command.
        """
        known = self.list_commands(ctx)
        is_name = bool(args) and not args[0].startswith("-")
        if is_name and args[0] not in known and not ctx.resilient_parsing:
            raise click.NoSuchCommand(args[0], possibilities=known, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands. A long description continues on the next line."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(limit=sys.maxsize))
                    for name in self.list_commands(ctx)
                    if (command := self.get_command(ctx, name)) is not None
                ]
            )
