"""The credentials of registries: where the docker CLI keeps them, and the header fields that carry them.

    find_credentials       the credentials of one registry
    find_all_credentials   those of all registries, for a build
    store_credentials      keeps them after a login
    erase_credentials      removes them for a logout
    registry_auth_field    X-Registry-Auth: the credentials of the one registry that a request is about

Credentials are a dict of str with the names of the Engine API's AuthConfig: username, password, email,
serveraddress, identitytoken, registrytoken. They are filed under a key: the registry's HOST[:PORT], but
https://index.docker.io/v1/ for Docker Hub.

They are in `auths` of config.json, or a program called docker-credential-NAME keeps them (a credential
helper): credHelpers names the helper for one key, credsStore that for all others. It is run with a verb (get,
store, erase, list), reads from stdin, and answers on stdout; with an exit status other than 0 the answer is
an error. As in the docker CLI, a config.json without any of these means the helper `pass` or `secretservice`,
if it is installed. Unlike there, a failure of that helper is not reported, because no setting names it.

Promises: credentials of one registry are never given for another. Secrets go to a helper through stdin, never
as an argument, and no secret is in an error. A helper that hangs is killed after HELPER_SECONDS, and one that
does not stop writing after MAX_HELPER_BYTES.

Left out: DOCKER_AUTH_CONFIG, which docker 28.2.2 does not read either.
"""
import os
import re
import time

from ..errors import ConfigError, UsageError
from ..net.config_file import (
    CONFIG_FILE_NAME, change_config_file, config_directory, malformed_config, read_config_file)

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
AUTH_FIELDS = ("username", "password", "email", "serveraddress", "identitytoken", "registrytoken")
HELPER_SECONDS = 60            # it may ask the user for a passphrase
MAX_HELPER_BYTES = 1 << 20
TOKEN_USER = "<token>"         # in a helper the name of the user whose secret is an identity token
HELPER_VERBS = {"get": "getting", "store": "storing", "erase": "erasing", "list": "listing"}
NOT_IN_HELPER = "credentials not found in native keychain"


class HelperFailed(ConfigError):
    """A credential helper is missing, failed, or did not answer as it should."""


# ---- what is sent

def auth_field_value(value):
    """A JSON value as the Engine API wants it in a field: base64url with its padding (RFC 4648 §5)."""
    import json
    from base64 import urlsafe_b64encode
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode("utf-8")).decode("ascii")


def registry_auth_field(credentials):
    """The header field (name, value) with the `credentials` (dict, {} for none) of one registry.

    UsageError, which does not repeat them, if they are not a dict of str.
    """
    if not isinstance(credentials, dict) or not all(isinstance(one, str) for one in credentials.values()):
        raise UsageError("the credentials of a registry are a dict of str",
                         "write auth={\"username\": …, \"password\": …}, or auth=find_credentials(…)")
    return "X-Registry-Auth", auth_field_value(credentials)


def registry_config_field(credentials):
    """The header field (name, value) of a build; find_all_credentials() gives its `credentials`."""
    return "X-Registry-Config", auth_field_value(credentials)


# ---- keys

def credentials_key(registry):
    """The key of a `registry` (str), which is the domain of a Reference.

    >>> credentials_key("docker.io"), credentials_key("localhost:5000")
    ('https://index.docker.io/v1/', 'localhost:5000')
    """
    return DOCKER_HUB_KEY if registry == "docker.io" else registry


def registry_host(server):
    """HOST[:PORT] in a user's name for a registry (str), which may have a scheme and a path.

    >>> registry_host("https://localhost:5000/v1/")
    'localhost:5000'
    """
    host = server.partition("://")[2].partition("/")[0].rpartition("@")[2]   # without the user that a URL has
    return host or server.partition("/")[0]


# ---- config.json

def setting_of_type(config, directory, name, kind):
    """The member `name` of the dict `config`, which is config.json; an empty `kind` if it is missing."""
    value = config.get(name)
    if not isinstance(value, (kind, type(None))):
        raise malformed_config(directory, "%s is no %s" % (name, "text" if kind is str else "object"))
    return value or kind()


class CredentialSettings:
    """What config.json in `directory` (str; None: DOCKER_CONFIG, or ~/.docker) says about credentials.

    `config` is its content (dict), if that was read already. `auths` (dict), `store` (str) and `helpers`
    (dict) are auths, credsStore and credHelpers. `detected` is the helper (str) to use if all are empty, or
    None. ConfigError if one has the wrong type.
    """

    def __init__(self, directory=None, config=None):
        self.directory = directory or config_directory(os.environ)
        config = read_config_file(self.directory) if config is None else config
        self.auths = setting_of_type(config, self.directory, "auths", dict)
        self.store = setting_of_type(config, self.directory, "credsStore", str)
        self.helpers = setting_of_type(config, self.directory, "credHelpers", dict)
        self.detected = None if self.auths or self.store or self.helpers else detected_helper()

    def helper(self, key):
        """The name (str) of the helper that keeps the credentials of `key`; None for config.json itself."""
        return str(self.helpers.get(key) or "") or self.store or self.detected or None

    def entry(self, key):
        """(key, dict) of the entry of `auths` for `key`, which may be filed under a URL with that host."""
        keys = [key] if key in self.auths else [one for one in self.auths if registry_host(one) == key]
        entry = self.auths[keys[0]] if keys else {}
        if not isinstance(entry, dict):
            raise malformed_config(self.directory, "auths has no object for %s" % keys[0])
        return keys[0] if keys else key, entry

    def stored(self, key):
        """The credentials (dict) of `key` in config.json, {} for none."""
        key, entry = self.entry(key)
        if not entry:
            return {}
        found = dict(entry, serveraddress=key)
        if entry.get("auth"):
            found["username"], found["password"] = self._decode(key, entry["auth"])
        return ordered_credentials(found)

    def _decode(self, key, auth):
        """`auth`, base64 of USER:PASSWORD, of `key` → (user, password)."""
        from base64 import b64decode
        try:
            auth = re.sub("[\r\n]", "", auth)   # `base64` ends a line after 76 characters
            user, colon, password = b64decode(auth, validate=True).decode("utf-8").partition(":")
        except (TypeError, ValueError):
            user = colon = password = ""
        if not user or not colon:
            # The decoder's own message is left out, because it could quote the secret.
            raise malformed_config(self.directory, "auth of %s is not base64 of USER:PASSWORD" % key)
        return user, password.strip("\0")

    def find(self, key):
        """The credentials (dict) of `key`, {} for none. ConfigError if the file or a helper fails."""
        helper = self.helper(key)
        if helper is None:
            return self.stored(key)
        kept = self.entry(key)[1]
        found = {name: kept[name] for name in ("email", "registrytoken") if name in kept}
        try:
            answer = ask_helper(helper, "get", key)
        except HelperFailed:
            if not self.detected:
                raise
            answer = None
        if answer is not None:
            secret = "identitytoken" if answer.get("username") == TOKEN_USER else "password"
            found.update({secret: answer.get("secret"), "serveraddress": key})
            if secret == "password":
                found["username"] = answer.get("username")
        return ordered_credentials(found)


def ordered_credentials(fields):
    """The members of a dict that are credentials, in the order of the Engine API; {} for none."""
    found = {name: fields[name] for name in AUTH_FIELDS if fields.get(name) and isinstance(fields[name], str)}
    return found if set(found) - {"email", "serveraddress"} else {}


def find_credentials(registry, directory=None, config=None):
    """The credentials (dict, {} for none) of a `registry`, such as "docker.io" or "localhost:5000".

    They are read from config.json in `directory` (str; None: DOCKER_CONFIG, or ~/.docker), whose content
    (dict) may be given as `config`, or from a credential helper. ConfigError if the file cannot be used, or
    if the helper fails.
    """
    return CredentialSettings(directory, config).find(credentials_key(registry))


def find_all_credentials(directory=None, config=None, warn=None):
    """The credentials of all registries that config.json or its helpers know: {key: credentials}.

    `directory` and `config` are those of find_credentials(). `warn`, if given, is called with a line (str)
    for each helper of credHelpers that fails. ConfigError if the file cannot be used, or if the helper of
    credsStore fails.
    """
    settings = CredentialSettings(directory, config)
    store = settings.helper("")
    try:
        keys = settings.auths if store is None else ask_helper(store, "list", "unused")
    except HelperFailed:
        if not settings.detected:
            raise
        keys = ()
    found = {key: settings.stored(key) if store is None else settings.find(key) for key in keys}
    for key in settings.helpers:
        try:
            found[key] = settings.find(key)
        except ConfigError as error:
            if warn is not None:
                warn("Failed to get credentials for registry: %s: %s" % (key, error.message))
    return found


def config_entry(credentials):
    """The member of `auths` in config.json (dict) that keeps `credentials`."""
    from base64 import b64encode
    pair = "%s:%s" % (credentials.get("username", ""), credentials.get("password", ""))
    entry = {"auth": b64encode(pair.encode("utf-8")).decode("ascii")}
    tokens = [name for name in ("identitytoken", "registrytoken") if credentials.get(name)]
    return dict(entry, **{name: credentials[name] for name in tokens})


def store_credentials(credentials, directory=None):
    """Store `credentials` under their serveraddress, in config.json or with a helper.

    Returns the path (str) of config.json if that was changed and now has the password in it, else None.
    ConfigError if they cannot be stored.
    """
    settings, key = CredentialSettings(directory), credentials["serveraddress"]
    helper, token = settings.helper(key), credentials.get("identitytoken")
    user, password = credentials.get("username", ""), credentials.get("password", "")
    before = settings.auths.get(key)
    entry = {name: value for name, value in (before if isinstance(before, dict) else {}).items()
             if name not in AUTH_FIELDS + ("auth",) or name == "email"}
    if helper is not None:
        message = {"ServerURL": key, "Username": TOKEN_USER if token else user, "Secret": token or password}
        ask_helper(helper, "store", message)
    else:
        entry.update(config_entry(credentials))
    if entry == before:
        return None

    def change(config):
        config["auths"] = dict(config.get("auths") or {}, **{key: entry})
        if settings.detected:
            config["credsStore"] = settings.detected

    change_config_file(settings.directory, change)
    return os.path.join(settings.directory, CONFIG_FILE_NAME) if password and helper is None else None


def erase_credentials(key, directory=None):
    """Erase the credentials of `key` (str) from config.json and its helper. ConfigError if that fails."""
    settings = CredentialSettings(directory)
    helper = settings.helper(key)
    if helper is not None and not settings.detected:
        try:
            ask_helper(helper, "erase", key)
        except HelperFailed as error:
            if helper_may_have(helper, key):
                raise error from None
    if key in settings.auths:
        change_config_file(settings.directory, lambda config: config["auths"].pop(key, None))


# ---- helpers

def helper_may_have(helper, key):
    """Whether a helper that could not erase `key` still has a secret for it, or fails again."""
    try:
        return bool((ask_helper(helper, "get", key) or {}).get("secret"))
    except HelperFailed:
        return True


def detected_helper():
    """The helper of the docker CLI for a config.json that names none; None if it is not installed."""
    from shutil import which
    name = "pass" if which("pass") else "secretservice"
    return name if which("docker-credential-" + name) else None


def ask_helper(helper, verb, message):
    """Run a helper with a `verb` and `message` (a key, or a dict sent as JSON) as its stdin.

    Returns the decoded JSON object for get (with its names in lower case) and list; None for the others, and
    for get if it has no such credentials. HelperFailed if it fails or answers with anything else.
    """
    import json
    name = "docker-credential-" + helper
    data = message if isinstance(message, str) else json.dumps(message, separators=(",", ":")) + "\n"
    status, output = run_helper(name, verb, data.encode("utf-8", "backslashreplace"))
    text = output.decode("utf-8", "replace").strip()
    if status:
        if verb == "get" and text == NOT_IN_HELPER:
            return None
        secret = "" if isinstance(message, str) else re.escape(message["Secret"])
        # As a word of its own: a short one is a part of many words.
        shown = secret and re.search(r"(?<!\w)%s(?!\w)" % secret, text)
        raise helper_error(verb, status, "(the secret is in it)" if shown else text)
    if verb not in ("get", "list"):
        return None
    try:
        answer = json.loads(text)
        return {key.lower() if verb == "get" else key: value for key, value in answer.items()}
    except (ValueError, AttributeError, RecursionError):
        raise helper_error(verb, "%s did not answer with a JSON object" % name, "") from None


def helper_error(verb, reason, output):
    """The HelperFailed for a failure. `output` (str) is repeated unless it may have a secret in it."""
    if "{" in output:
        output = "(JSON, which may have the secret in it)"
    return HelperFailed("error %s credentials - err: %s, out: `%s`"
                        % (HELPER_VERBS[verb], reason, " ".join(output.split())[:500]))


def run_helper(name, verb, data):
    """Run the program `name` with `data` (bytes) as its stdin → (why it failed (str) or "", its stdout).

    HelperFailed if it cannot be run, or has to be killed.
    """
    import subprocess
    from shutil import which
    path = which(name)
    if path is None:
        raise helper_error(verb, 'exec: "%s": executable file not found in $PATH' % name, "")
    try:
        process = subprocess.Popen([path, verb], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", error)).lower()
        raise helper_error(verb, "fork/exec %s: %s" % (path, reason), "") from None
    try:
        with process.stdin, process.stdout:
            deadline = time.monotonic() + HELPER_SECONDS
            write_to_helper(process.stdin.fileno(), data, verb)
            process.stdin.close()
            output = read_from_helper(process.stdout.fileno(), deadline, name, verb)
        status = process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise helper_error(verb, "%s did not end within %g s" % (name, HELPER_SECONDS), "") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    reason = "signal: %d" % -status if status < 0 else "exit status %d" % status
    return reason if status else "", output


def write_to_helper(descriptor, data, verb):
    """Write `data` (bytes) to a helper's stdin. HelperFailed if it is longer than the buffer of a pipe."""
    os.set_blocking(descriptor, False)
    try:
        if os.write(descriptor, data) < len(data):   # the pipe is empty: some of it is always taken
            raise helper_error(verb, "the credentials are too long", "")
    except BrokenPipeError:
        pass   # it ended without reading, and its exit status decides


def read_from_helper(descriptor, deadline, name, verb):
    """A helper's stdout to its end (bytes). HelperFailed after `deadline`, or for over MAX_HELPER_BYTES."""
    from select import select
    output = bytearray()
    while True:
        if not select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
            raise helper_error(verb, "%s did not answer within %g s" % (name, HELPER_SECONDS), "")
        data = os.read(descriptor, 65536)
        if not data:
            return bytes(output)
        output += data
        if len(output) > MAX_HELPER_BYTES:
            raise helper_error(verb, "%s writes more than %d bytes" % (name, MAX_HELPER_BYTES), "")
