"""Image references: what `redis:2.8`, `localhost:5000/x@sha256:…` and `ubuntu` stand for.

    reference = name [ ":" tag ] [ "@" digest ]
    name      = [ domain "/" ] component *( "/" component )      path of 255 characters at most
    domain    = host [ ":" digits ]         host: dns labels, an IPv4 address, or "[" IPv6 "]"
    component = alnum *( ( "." / "_" / "__" / 1*"-" ) alnum )    lower-case letters and digits
    tag       = 1*128( letter / digit / "_" / "." / "-" )        not beginning with "." or "-"
    digest    = algorithm ":" 32*hex                             64 for sha256

Promises: a reference parses to one Reference, of which canonical() is a reference that parses to it again.
Short names are completed as docker completes them: without a registry it is docker.io, and a name of one
component on docker.io is below `library/`.

Refuses, with a UsageError that says which rule is broken: upper-case letters in the path, an image id (64
hexadecimal digits name an image that is here, never one to pull), an empty reference.

Leaves out: a `sha256:…` alone, which to the engine is an id, and not a reference to a registry.
"""
import re
from collections import namedtuple

from ..errors import UsageError

REFERENCE_DOMAIN = "docker.io"
REFERENCE_DOMAIN_ALIAS = "index.docker.io"
REFERENCE_LIBRARY = "library/"
REFERENCE_TAG = "latest"
REFERENCE_PATH_LIMIT = 255

# The expressions stay text, so that a program that names no image compiles none.
DOMAIN_LABEL = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
DOMAIN_PATTERN = r"(?:%s(?:\.%s)*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?" % (DOMAIN_LABEL, DOMAIN_LABEL)
COMPONENT_PATTERN = "[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*"
TAG_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST_PATTERN = (
    "(?!sha256:(?![0-9a-f]{64}$))[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}")
IMAGE_ID_PATTERN = "[0-9a-f]{64}"


class Reference(namedtuple("Reference", "domain path tag digest")):
    """An image reference whose short name is completed.

    `domain` ("docker.io") and `path` ("library/redis") are str, `tag` and `digest` ("sha256:…") str or None.
    A missing tag stays None; canonical() and pull_query() assume "latest".
    """

    __slots__ = ()

    def repository(self):
        """The whole name, without tag and digest: "docker.io/library/redis"."""
        return "%s/%s" % (self.domain, self.path)

    def familiar_name(self):
        """The name as people write it, without tag and digest: "redis", "localhost:5000/x"."""
        if self.domain != REFERENCE_DOMAIN:
            return self.repository()
        first, _, rest = self.path.partition("/")
        # A name like an image's id keeps library/, without which it would be taken for the id.
        if first + "/" == REFERENCE_LIBRARY and "/" not in rest and not re.fullmatch(IMAGE_ID_PATTERN, rest):
            return rest
        # A path whose first component would be taken for a registry keeps its domain.
        return self.repository() if reads_as_domain(first) else self.path

    def suffix(self):
        """The tag and the digest as they are written: ":2.8", "@sha256:…", both, or ""."""
        return (":" + self.tag if self.tag else "") + ("@" + self.digest if self.digest else "")

    def familiar(self):
        """The reference as people write it: "redis:2.8"."""
        return self.familiar_name() + self.suffix()

    def canonical(self):
        """The complete reference: "docker.io/library/redis:2.8", with the tag "latest" if it has neither."""
        return self.repository() + (self.suffix() or ":" + REFERENCE_TAG)

    def __repr__(self):
        return "<Reference %s>" % (self.repository() + self.suffix())


Reference.__new__.__defaults__ = (None, None)   # no tag, no digest


def reads_as_domain(component):
    """Whether what precedes the first "/" of a reference is a registry, and not a name on docker.io."""
    return component == "localhost" or "." in component or ":" in component or component != component.lower()


def complete_path(domain, path):
    """`path`, below library/ if it is a name of one component on docker.io."""
    return REFERENCE_LIBRARY + path if domain == REFERENCE_DOMAIN and "/" not in path else path


def reference_mistake(domain, path, tag, digest):
    """The first rule (str) that the parts of a reference break; None if they are valid."""
    if not re.fullmatch(DOMAIN_PATTERN, domain):
        return "%s is no registry host" % ascii(domain)
    if not path:
        return "it names no repository"
    for component in path.split("/"):
        if not re.fullmatch(COMPONENT_PATTERN, component):
            if re.fullmatch(COMPONENT_PATTERN, component.lower()):
                return "repository name (%s) must be lowercase" % complete_path(domain, path)
            return ("%s is no path component: lower-case letters and digits, with one '.', one or two '_' or "
                    "any '-' between them" % ascii(component))
    if tag is not None and not re.fullmatch(TAG_PATTERN, tag):
        return ("%s is no tag: 1 to 128 letters, digits, '_', '.' or '-', not beginning with '.' or '-'"
                % ascii(tag))
    if digest is not None and not re.fullmatch(DIGEST_PATTERN, digest):
        return "%s is no digest: sha256: and 64 lower-case hex digits, say" % ascii(digest)
    size = len(complete_path(domain, path))
    if size > REFERENCE_PATH_LIMIT:
        return "the path is %d characters long, %d are allowed" % (size, REFERENCE_PATH_LIMIT)
    return None


def parse_reference(text):
    """`text` (str) as a Reference. UsageError with the reason if it is malformed.

    >>> parse_reference("redis:2.8"), parse_reference("redis:2.8").familiar()
    (<Reference docker.io/library/redis:2.8>, 'redis:2.8')
    """
    if not isinstance(text, str):
        raise UsageError("an image reference must be a str, got %s" % type(text).__name__)
    name, at_sign, digest = text.partition("@")
    # A ":" after the last "/" begins the tag; before it, it belongs to the registry's port.
    colon = name.find(":", name.rfind("/") + 1)
    path, tag = (name[:colon], name[colon + 1:]) if colon >= 0 else (name, None)
    first, slash, rest = path.partition("/")
    domain = REFERENCE_DOMAIN
    if slash and reads_as_domain(first):
        domain, path = first if first != REFERENCE_DOMAIN_ALIAS else REFERENCE_DOMAIN, rest
    digest = digest if at_sign else None
    if is_image_id(text):
        raise UsageError("invalid repository name (%s), cannot specify 64-byte hexadecimal strings" % text,
                         "they are the id of an image, which is no name")
    mistake = reference_mistake(domain, path, tag, digest) if text else "it is empty"
    if mistake:
        shown = ascii(text) if len(text) <= 80 else ascii(text[:77]) + "..."
        if mistake.startswith("repository name"):   # the docker CLI's words are enough
            raise UsageError("invalid reference format: " + mistake)
        raise UsageError("invalid reference format: %s: %s" % (shown, mistake))
    return Reference(domain, complete_path(domain, path), tag, digest)


def is_image_id(text):
    """Whether `text` (str) can be nothing but the id of an image: 64 hexadecimal digits."""
    return re.fullmatch("(?:sha256:)?" + IMAGE_ID_PATTERN, text) is not None


def require_image(text):
    """UsageError unless `text` (str) can name an image that is here: it is an id or a reference."""
    if not is_image_id(text):
        parse_reference(text)


def pull_query(reference):
    """The query of `image_create` that pulls `reference` (Reference or str): a dict of fromImage and tag.

    A digest takes precedence over a tag; without either, "latest" is pulled. Raises UsageError.
    """
    if isinstance(reference, str):
        reference = parse_reference(reference)
    return {"fromImage": reference.familiar_name(), "tag": reference.digest or reference.tag or REFERENCE_TAG}
