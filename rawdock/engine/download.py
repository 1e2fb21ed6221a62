"""The context of a build that is elsewhere: a URL, or a git repository.

    download            http:// and https:// → a Response, whose body is the tar or the Dockerfile
    clone_repository    a repository → the folder of its files, by the program git

Promises: redirects are followed, ten at most. A certificate is verified. git reads no settings of this
machine or its user, and takes no protocol that a server names.

Left out: cookies, and HTTP's caches.
"""
import os
import re

from ..errors import ConnectError, RawdockError, UsageError
from ..net.address import Address, TLSSettings
from .archives import clean_path
from .docker import Docker

MAX_REDIRECTS = 10
MAX_REFUSAL_BYTES = 1 << 20
URL_FORM = re.compile(r"(https?)://(?:([^/@?#]*)@)?(\[[0-9A-Fa-f:.]+\]|[^/:?#\[\]@\s]+)(?::([0-9]{1,5}))?"
                      r"(/[^?#\s]*)?(\?[^#\s]*)?(?:#.*)?")
REDIRECTIONS = (301, 302, 303, 307, 308)


def is_git_url(text):
    """Whether `text` (str), which is no local path, is a git repository by the docker CLI's rules.

    >>> is_git_url("https://host/a.git#main:dir"), is_git_url("https://host/a.tar"), is_git_url("git@host:a")
    (True, False, True)
    """
    if text.startswith(("http://", "https://")):
        return re.search(r"[.]git(?:#.+)?\Z", text) is not None
    return text.startswith(("git://", "github.com/", "git@", "ssh://"))


# ---- a URL

def join_url(url, place):
    """The URL (str) that a redirect from `url` to `place` names. (RFC 3986 §5.2)

    >>> join_url("http://h/a/b?q", "c"), join_url("http://h/a", "/c"), join_url("https://h", "//g/c")
    ('http://h/a/c', 'http://h/c', 'https://g/c')
    """
    if re.match("[A-Za-z][A-Za-z0-9+.-]*://", place):
        return place
    scheme, _, rest = url.partition("://")
    if place.startswith("//"):
        return "%s:%s" % (scheme, place)
    host, _, path = re.split("[?#]", rest)[0].partition("/")
    whole, mark, query = (place if place[:1] == "/" else path.rpartition("/")[0] + "/" + place).partition("?")
    slash = "/" if whole.endswith("/") else ""
    return "%s://%s%s%s%s" % (scheme, host, clean_path("/" + whole).rstrip("/"), slash, mark + query)


def download_error(url, error):
    """The UsageError for a RawdockError that ends the download of `url` (str): it is not about the engine."""
    if isinstance(error, UsageError):   # about the URL itself, which it shows with its line ends as escapes
        return error
    return UsageError("unable to download remote context %s: %s"
                      % (url, error.reason if isinstance(error, ConnectError) else error.message))


def download_pieces(response, url):
    """The body of the Response of download(url), in pieces. UsageError if it is cut."""
    try:
        yield from response
    except RawdockError as error:
        raise download_error(url, error) from None


def download(url):
    """GET `url` (str) → the Response, of a status below 400. UsageError if it is no URL, or refused."""
    place = url
    for _ in range(MAX_REDIRECTS + 1):
        try:
            response = request_url(place)
        except RawdockError as error:
            raise download_error(url, error) from None
        location = response.headers.get("location")
        if response.status in REDIRECTIONS and location:
            response.close()
            place = join_url(place, location)
            continue
        if response.status < 400:
            return response
        with response:
            text = response.read(MAX_REFUSAL_BYTES).decode("utf-8", "replace").strip()
        raise UsageError("unable to download remote context %s: failed to GET %s with status %d %s: %s"
                         % (url, place, response.status, response.reason, text))
    raise UsageError("unable to download remote context %s: stopped after %d redirects"
                     % (url, MAX_REDIRECTS))


def request_url(url):
    """The Response to GET `url`, whatever its status."""
    match = URL_FORM.fullmatch(url)
    if match is None or int(match.group(4) or 1) not in range(1, 65536):
        raise UsageError("%r is no URL of http:// or https://" % url)
    scheme, user, host, port, path, query = match.groups()
    default = 443 if scheme == "https" else 80
    address = Address("tcp", "%s://%s" % (scheme, host), host=host.strip("[]"), port=int(port or default))
    address.insecure_tcp = True   # what is meant for engines: whoever may use one owns the machine
    address.tls = TLSSettings(None, None, None, True, "https://") if scheme == "https" else None
    headers = [("Host", host + (":" + port if port and int(port) != default else ""))]
    if user:
        from base64 import b64encode
        headers.append(("Authorization", "Basic " + b64encode(user.encode("utf-8")).decode("ascii")))
    client = Docker(address)
    return client.request("GET", (path or "/") + (query or ""), headers=headers, head_timeout=client.timeout)


# ---- a repository

def clone_repository(url, folder):
    """Check out a repository in the empty directory `folder` (str) → the path of the context in it.

    `url` is "URL#REF:FOLDER", of which the last two may be missing. UsageError without git, and for
    what it cannot do.
    """
    remote, _, fragment = url.partition("#")
    remote = "https://" + remote if remote.startswith("github.com/") else remote
    reference, _, inner = fragment.partition(":")
    reference = reference or "HEAD"
    if reference.startswith("-"):
        raise UsageError("invalid refspec: %s" % reference)
    run_git(folder, "failed to init repo at %s" % folder, "init")
    run_git(folder, "failed add origin repo at %s" % remote, "remote", "add", "origin", remote)
    try:
        run_git(folder, "", "fetch", "--depth", "1", "origin", reference)
    except UsageError:   # a server of HTTP that only has files
        run_git(folder, "error fetching", "fetch", "origin", reference)
    run_git(folder, "error checking out %s" % reference, "checkout", "FETCH_HEAD")
    run_git(folder, "error initializing submodules", "submodule", "update", "--init", "--recursive",
            "--depth=1")
    found = os.path.realpath(os.path.join(folder, clean_path("/" + inner)[1:]))
    root = os.path.realpath(folder)
    if found != root and not found.startswith(root + "/"):
        raise UsageError('error setting git context, "%s" not within git root' % inner)
    if not os.path.isdir(found):
        raise UsageError("error setting git context, not a directory: %s" % found)
    return found


def run_git(folder, failed, *words):
    """Run git with `words` in `folder`. UsageError, which begins with `failed`, if it does not succeed."""
    import subprocess
    environment = dict(os.environ, GIT_PROTOCOL_FROM_USER="0", GIT_CONFIG_NOSYSTEM="1", HOME=folder)
    try:
        process = subprocess.Popen(("git",) + words, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError:
        raise UsageError("unable to find 'git': exec: \"git\": executable file not found in $PATH") from None
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        raise UsageError("unable to 'git clone' to temporary context directory: %s: %s: exit status %d"
                         % (failed, " ".join(output.split()), process.returncode))
