"""A group of commands for click, with better help and better errors than click's own group."""

import sys

import click


class Group(click.Group):
    """A group of commands.

    Its help shows each command's description in full. If the user mistypes the name of a command,
    the error suggests a similar name.
    """

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
