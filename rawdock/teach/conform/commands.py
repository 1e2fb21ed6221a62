"""The command `conform`: its row. What it runs is imported when it is run: `rawdock --help` needs it not."""
from ...cli.flags import Command, command_table

CONFORM_FLAGS = """
--record  bool  print what the engine answered as the table of facts in the source has it
"""


def do_conform(console, options, arguments):
    from .report import run_conform
    return run_conform(console, options, arguments)


CONFORM_COMMANDS = command_table(
    Command("conform", do_conform, "[SOCK]",
            "how like a real Docker engine the one at SOCK answers (a path, or an address)", CONFORM_FLAGS,
            most=1),
)
