"""Terminals on the command line: what docker says about them, and where the detach keys come from.

How a container's terminal is shown is engine/terminal.
"""
import os

from .console import CommandFailed


def require_terminal(stdin, tty):
    """CommandFailed if stdin is sent (`stdin`) to a container's terminal (`tty`), and is not a terminal."""
    if stdin and tty and not os.isatty(0):
        raise CommandFailed("the input device is not a TTY", 1)


def find_detach_keys(console, options):
    """The keys (str) of --detach-keys, or of detachKeys in config.json; None for the default."""
    if options["detach_keys"]:
        return options["detach_keys"]
    keys = console.config().get("detachKeys")
    return keys if isinstance(keys, str) and keys else None


def detached():
    """The exception that ends attach and exec when the user types the detach keys."""
    return CommandFailed("read escape sequence", 1)
