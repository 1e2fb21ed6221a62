"""`login` and `logout`: the engine tries the credentials, and config.json or a credential helper keeps them.

A password is read from the terminal without echo, or from stdin (--password-stdin). It goes to the engine in
the body of POST /auth, and to a helper through stdin.

Unlike the docker CLI, rawdock has no login in a browser, which the docker CLI begins for Docker Hub at a
terminal without -u. config.json becomes readable by its owner only, and is not replaced if it cannot be read.
A logout that leaves credentials behind fails. docker.io, too, is a name of Docker Hub.
"""
import os

from ..engine.answers import answer_field
from ..errors import APIError, ConfigError, ProtocolError
from .console import CommandFailed, describe_error
from .flags import Command, command_table
from .printable import printable_text

LOGIN_FLAGS = """
-p, --password     text  string  the password or personal access token (it is visible to other users)
--password-stdin   bool  read the password or personal access token from stdin
-u, --username     text  string  the user's name
"""

MAX_PASSWORD_BYTES = 60000
NO_TERMINAL = "Error: Cannot perform an interactive login from a non TTY device"
WEB_LOGIN_NOTE = ("rawdock has no login in a browser: type a user name and a personal access token, which "
                  "https://app.docker.com/settings makes\n")
HUB_ADVICE = """\
Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a \
Docker ID, head over to https://hub.docker.com/ to create one.
You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better \
security and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/
"""
TOKEN_ADVICE = """
 Info -> A Personal Access Token (PAT) can be used instead.
         To create a PAT, visit https://app.docker.com/settings

"""
OTHER_ACCOUNT_ADVICE = """
 Info -> To login with a different account, run 'docker logout' followed by 'docker login'

"""
UNENCRYPTED_WARNING = """
WARNING! Your credentials are stored unencrypted in '%s'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/
"""


def password_from_stdin(console):
    """The text (str) on stdin. CommandFailed if it cannot be a password."""
    from io import BufferedReader
    data = BufferedReader(console.stdin).read(MAX_PASSWORD_BYTES + 1)
    if len(data) > MAX_PASSWORD_BYTES:
        raise CommandFailed("the password on stdin is longer than %d bytes" % MAX_PASSWORD_BYTES, 1)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise CommandFailed("the password on stdin is not UTF-8", 1) from None


def given_credentials(console, options):
    """(user, password) from the flags and stdin (str, blanks around them stripped), "" if not given."""
    user, password = options["username"], options["password"]
    if options["password_stdin"]:
        if password is not None:
            raise CommandFailed("conflicting options: cannot specify both --password and --password-stdin", 1)
        if user is None:
            raise CommandFailed("the --password-stdin option requires --username to be set", 1)
    if user == "" or password == "":
        raise CommandFailed("%s is empty" % ("username" if user == "" else "password"), 1)
    if password is not None:
        console.err.line("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
    if options["password_stdin"]:
        password = password_from_stdin(console)
    try:
        ((user or "") + (password or "")).encode("utf-8")
    except UnicodeEncodeError:
        raise CommandFailed("the user name and the password must be UTF-8", 1) from None
    return (user or "").strip(), (password or "").strip()


def ask_at_terminal(console, prompt, echo=True):
    """Print `prompt` (str) and read a line from the terminal → str, blanks around it stripped."""
    import termios
    before = termios.tcgetattr(0)
    silent = before[:3] + [before[3] & ~termios.ECHO] + before[4:]
    line = b""
    try:
        if not echo:
            termios.tcsetattr(0, termios.TCSADRAIN, silent)
        # After the echo is off, so that nothing typed after the prompt is shown.
        console.out.write(printable_text(prompt).encode("utf-8"))
        while not line.endswith(b"\n") and len(line) < MAX_PASSWORD_BYTES:
            data = os.read(0, 4096)
            if not data:
                break
            line += data
    finally:
        if not echo:
            termios.tcsetattr(0, termios.TCSADRAIN, before)
            console.out.line()   # the user's own line end was not shown
    return line.decode("utf-8", "replace").strip()


def ask_user(console, hub, user, password, default_user):
    """(user, password) (str): one that is empty is read from the terminal. `hub`: they are Docker Hub's."""
    if not user:
        if hub:
            console.out.line(HUB_ADVICE)
        user = ask_at_terminal(console, "Username (%s): " % default_user if default_user else "Username: ")
        user = user or default_user
        if not user:
            raise CommandFailed("Error: Non-null Username Required", 1)
    if not password:
        if hub:
            console.err.line(TOKEN_ADVICE)
        password = ask_at_terminal(console, "Password: ", echo=False)
        if not password:
            raise CommandFailed("Error: Password Required", 1)
    return user, password


def try_login(console, credentials):
    """Have the engine try `credentials` (dict), store them, and print its answer. APIError if it refuses."""
    from ..engine.credentials import store_credentials
    try:
        answer = console.docker.call("system_auth", body=credentials)
        if answer is None:   # 204
            answer = {"Status": "Login Succeeded"}
        token, status = [answer_field(answer, "SystemAuth", (str, type(None)), name) or ""
                         for name in ("IdentityToken", "Status")]
    except ProtocolError:
        raise CommandFailed("the engine's answer to the login is malformed; it is not shown, because it may "
                            "have a token in it", 1) from None
    if token:   # it takes the place of the password
        credentials = dict(credentials, password="", identitytoken=token)
    try:
        path = store_credentials(credentials)
    except ConfigError as error:
        raise CommandFailed("Error saving credentials: %s" % error.message, 1)
    if path:
        console.err.line(UNENCRYPTED_WARNING % path)
    if status:
        console.out.line(status)


def try_known_login(console, key):
    """Try the stored credentials of `key` (str) → (whether that succeeded, their user's name or "")."""
    from ..engine.credentials import CredentialSettings
    try:
        known = CredentialSettings().find(key)
    except ConfigError:
        return False, ""
    user = known.get("username", "")
    if not user or not known.get("password"):
        return False, user
    console.err.line("Authenticating with existing credentials... [Username: %s]" % user)
    console.err.line(OTHER_ACCOUNT_ADVICE)
    try:
        try_login(console, dict(known, serveraddress=key))
        return True, user
    except APIError as error:
        console.err.line("Stored credentials invalid or expired" if error.status == 401 else
                         "Login did not succeed, error: %s" % describe_error(error))
        return False, user


def login_command(console, options, arguments):
    from ..engine.credentials import DOCKER_HUB_KEY, registry_host
    user, password = given_credentials(console, options)
    server = arguments[0] if arguments else ""
    hub = server in ("", "docker.io", DOCKER_HUB_KEY)
    key, known_user = DOCKER_HUB_KEY if hub else registry_host(server), ""
    if not user and not password:
        done, known_user = try_known_login(console, key)
        if done:
            return 0
    if not user or not password:
        if not os.isatty(0):
            raise CommandFailed(NO_TERMINAL, 1)
        if hub and not user and not password:
            console.err.line(WEB_LOGIN_NOTE)
        user, password = ask_user(console, hub, user, password, known_user)
    try_login(console, {"username": user, "password": password, "serveraddress": key})
    return 0


def logout_command(console, options, arguments):
    from ..engine.credentials import DOCKER_HUB_KEY, CredentialSettings, erase_credentials, registry_host
    named = arguments[0] if arguments else ""
    server = named or DOCKER_HUB_KEY
    host = registry_host(named) if named else server
    keys = [server, host, "http://" + host, "https://" + host] if named else [server]
    if server in ("docker.io", DOCKER_HUB_KEY):
        more = [DOCKER_HUB_KEY + "access-token", DOCKER_HUB_KEY + "refresh-token"]   # of a login in a browser
        keys = [DOCKER_HUB_KEY] + [key for key in CredentialSettings().auths if key in more]
    console.out.line("Removing login credentials for %s" % host)
    errors = {}
    for key in dict.fromkeys(keys):
        try:
            erase_credentials(key)
        except ConfigError as error:
            errors[key] = error
    if not errors:
        return 0
    console.err.line("WARNING: could not erase credentials:")
    for key in errors:
        console.err.line("%s: %s" % (key, errors[key]))
    return 1


LOGIN_COMMANDS = command_table(
    Command("login", login_command, "[SERVER]",
            "Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.", LOGIN_FLAGS,
            0, 1),
    Command("logout", logout_command, "[SERVER]",
            "Log out from a registry.\nIf no server is specified, the default is defined by the daemon.", "",
            0, 1),
)
