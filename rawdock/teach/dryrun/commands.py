"""`--dry-run`: run a command with a console whose engine is planned, and print the plan.

Promises: if the command refuses its arguments, its own message and exit status show that, and no plan is
printed. A command that sends nothing is refused in one line. stdin is not read.

Left out: the commands that serve, or only show things. Only the client's commands are planned, and of these
not UNPLANNED_COMMANDS, so that a dry run never starts another one.
"""
import json
import os

from ...cli.console import Console
from ...engine.file_target import FileTarget
from ...errors import RawdockError, UsageError
from .dry_run import Plan, PlannedDocker, PlannedOutput
from .form_http import print_http
from .form_python import PythonScript
from .form_shell import CurlScript, NetcatScript

UNPLANNED_COMMANDS = ("nc", "system dial-stdio", "endpoints", "completion", "__complete", "logout", "doctor")


def print_json(plan):
    """The first JSON body of a plan (bytes), for `run` that of the container. UsageError without one."""
    for step in plan.steps:
        head, _, body = step.request.partition(b"\r\n\r\n")
        if b"\r\nContent-Type: application/json" in head and body.startswith(b"{"):
            found = json.loads(body.decode("utf-8"))
            return json.dumps(found, indent=2, sort_keys=True).encode("ascii") + b"\n"
    raise UsageError("--dry-run=json: %s sends no JSON" % plan.command, "leave =json out")


# The forms of a plan: name → a function that gives the Plan in that form (bytes).
DRY_RUN_FORMS = {"http": print_http, "json": print_json, "nc": lambda plan: NetcatScript(plan).script(),
                 "curl": lambda plan: CurlScript(plan).script(),
                 "python": lambda plan: PythonScript(plan).script()}


class PlannedConsole(Console):
    """The Console of a command that only plans, in place of the Console `real`."""

    def __init__(self, real, plan):
        Console.__init__(self, real.address, real.context)
        self.program = real.program
        self.endpoint_flags, self._config = real.endpoint_flags, real.config()
        self.plan, self.plans = plan, True
        self.out = PlannedOutput(lambda data: plan.events.append(("print", data)))
        self.err = PlannedOutput(plan.complaints.append)
        self._docker = PlannedDocker(plan)
        self._docker.headers = self.custom_headers()

    def file_target(self, path):
        Console.file_target(self, path)   # refuses what cannot be written
        self.plan.answer_file = path
        return FileTarget(os.devnull)

    def registry_auth(self, registry):
        """As in the command itself, but no credential helper is run: what it would give is made up."""
        from ...engine.credentials import CredentialSettings, credentials_key
        settings = CredentialSettings(config=self.config())
        if settings.helper(credentials_key(registry)) is None:
            return Console.registry_auth(self, registry)
        return {} if settings.detected else {"identitytoken": "of the helper"}

    def all_credentials(self):
        """As in the command itself, less those that only a credential helper knows, which is not run."""
        from ...engine.credentials import CredentialSettings
        settings = CredentialSettings(config=self.config())
        found = {key: settings.stored(key) for key in settings.auths}
        return {key: credentials for key, credentials in found.items() if credentials}

    def socket_credentials(self):
        """None: the archive with them would show them."""
        return {}

    @property
    def stdin(self):
        from io import BytesIO
        self.plan.uses_stdin = True
        return BytesIO()   # stdin is at its end, and not read


def plan_command(console, command, words, run_command):
    """Plan `command` (a Command) with `words` (list of str). Returns (Plan, exit status of the command).

    run_command(console, command, words) runs it. Raises what the command raises. What the command printed is
    in the plan's events and complaints.
    """
    address = console.chosen_endpoint()[0]
    for missing in (True, False):
        plan, failure, status = Plan(address, command.name, words, missing), None, 1
        try:
            status = run_command(PlannedConsole(console, plan), command, words)
        except RawdockError as error:
            failure = error
        if not plan.refused_in_vain:
            break
    if failure is not None:
        raise failure
    plan.finish()
    return plan, status


def dry_run(console, form, command, words, run_command, client):
    """Print the plan of `command` with `words` in `form`, a key of DRY_RUN_FORMS or "" for http.

    `client` are the names of the client's commands. Returns the exit status. UsageError if there is no such
    form, or nothing to plan.
    """
    form = form or "http"
    if form not in DRY_RUN_FORMS:
        raise UsageError("--dry-run=%s: there is no such form" % form,
                         "write one of " + ", ".join(DRY_RUN_FORMS))
    if command.name == "login":
        raise UsageError("login sends a password, and changes config.json: there is no plan of that",
                         "leave --dry-run out")
    if (command.name not in client or command.name in UNPLANNED_COMMANDS
            or command.name.startswith("context ")):
        raise UsageError("%s sends no requests of its own: there is nothing to plan" % command.name,
                         "leave --dry-run out")
    if command.name == "stats" and "--no-stream" not in words:
        raise UsageError("stats reads on until it is ended: there is no plan of that", "add --no-stream")
    plan, status = plan_command(console, command, words, run_command)
    if plan.steps and not status:
        console.out.write(DRY_RUN_FORMS[form](plan))
        return 0
    for data in plan.complaints:
        console.err.write(data)
    printed = [data for kind, data in plan.events if kind == "print" and not plan.steps]   # a help page
    for data in printed:
        console.out.write(data)
    if not status and not printed:
        raise UsageError("%s sends nothing with these arguments" % command.name, "leave --dry-run out")
    return status
