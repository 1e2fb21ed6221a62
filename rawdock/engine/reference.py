"""Image references: what `redis:2.8`, `localhost:5000/x@sha256:…` and `ubuntu` stand for.

    reference = name [ ":" tag ] [ "@" digest ]
    name      = [ domain "/" ] component *( "/" component )      path of 255 characters at most
    domain    = host [ ":" digits ]         host: dns labels, an IPv4 address, or "[" IPv6 "]"
    component = alnum *( ( "." / "_" / "__" / 1*"-" ) alnum )    lower-case letters and digits
    tag       = 1*128( letter / digit / "_" / "." / "-" )        not beginning with "." or "-"
    digest    = algorithm ":" 32*hex                             64 for sha256

Promises: a reference parses to one Reference, and `parse_reference(reference.canonical())`
gives it again. What a short name means is settled here as docker settles it: no registry is
docker.io, one component on docker.io is below `library/`.

Refuses, with a UsageError that says which rule was broken: upper-case letters in the path, an
image id (64 hex digits name an image that is here, never one to pull), an empty reference.

Leaves out: a bare `sha256:…`, which is an id to the engine and no reference to a registry.
"""
import re

from ..errors import UsageError

REFERENCE_DOMAIN = "docker.io"
REFERENCE_DOMAIN_ALIAS = "index.docker.io"
REFERENCE_LIBRARY = "library/"
REFERENCE_TAG = "latest"
REFERENCE_PATH_LIMIT = 255

# The patterns stay text: re keeps what it compiled, and a program that names no image compiles none.
DOMAIN_LABEL = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
DOMAIN_PATTERN = r"(?:%s(?:\.%s)*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?" % (DOMAIN_LABEL, DOMAIN_LABEL)
COMPONENT_PATTERN = "[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*"
TAG_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST_PATTERN = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
IMAGE_ID_PATTERN = "[0-9a-f]{64}"


class Reference:
    """An image reference, short names spelled out.

    `domain` ("docker.io") and `path` ("library/redis") are str; `tag` and `digest`
    ("sha256:…") str or None. No tag is assumed: see `pull_query` for where "latest" comes in.
    """

    __slots__ = ("domain", "path", "tag", "digest")

    def __init__(self, domain, path, tag=None, digest=None):
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest

    def repository(self):
        """The whole name, without tag and digest: "docker.io/library/redis"."""
        return "%s/%s" % (self.domain, self.path)

    def familiar_name(self):
        """The name as people write it, without tag and digest: "redis", "localhost:5000/x"."""
        if self.domain != REFERENCE_DOMAIN:
            return self.repository()
        first, _, rest = self.path.partition("/")
        # The name of an image id's length stays below library/, or it would be taken for the id.
        if first + "/" == REFERENCE_LIBRARY and "/" not in rest and not re.fullmatch(IMAGE_ID_PATTERN, rest):
            return rest
        # A path whose first component would be taken for a registry keeps its own registry.
        return self.repository() if reads_as_domain(first) else self.path

    def suffix(self):
        """The tag and the digest, with their marks: ":2.8", "@sha256:…", both, or ""."""
        return (":" + self.tag if self.tag else "") + ("@" + self.digest if self.digest else "")

    def familiar(self):
        """The reference as people write it: "redis:2.8"."""
        return self.familiar_name() + self.suffix()

    def canonical(self):
        """The reference with nothing left to assume: "docker.io/library/redis:2.8".

        The tag is "latest" when there is neither tag nor digest.
        """
        return self.repository() + (self.suffix() or ":" + REFERENCE_TAG)

    def __eq__(self, other):
        return isinstance(other, Reference) and repr(self) == repr(other)

    def __hash__(self):
        return hash(repr(self))

    def __repr__(self):
        return "<Reference %s>" % (self.repository() + self.suffix())


def reads_as_domain(component):
    """Whether the part of a reference before its first "/" is a registry, not a name on docker.io."""
    return component == "localhost" or "." in component or ":" in component or component != component.lower()


def refused_reference(text, reason):
    """The UsageError for a reference that breaks a rule."""
    shown = ascii(text) if len(text) <= 80 else ascii(text[:77]) + "..."
    return UsageError("invalid reference format: %s: %s" % (shown, reason))


def parse_reference(text):
    """`text` (str) as a Reference. Raises UsageError with the reason.

    >>> parse_reference("redis:2.8"), parse_reference("redis:2.8").familiar()
    (<Reference docker.io/library/redis:2.8>, 'redis:2.8')
    """
    if not isinstance(text, str):
        raise UsageError("an image reference must be a str, got %s" % type(text).__name__)
    if not text:
        raise refused_reference(text, "it is empty")
    if re.fullmatch(IMAGE_ID_PATTERN, text):
        raise refused_reference(text, "64 hex digits are an image id, which cannot be a repository name")
    if re.fullmatch("sha256:" + IMAGE_ID_PATTERN, text):
        raise refused_reference(text, "a digest alone is an image id; write NAME@%s..." % text[:15])
    name, at_sign, digest = text.partition("@")
    # A ":" after the last "/" begins the tag; before it, it belongs to the registry's port.
    colon = name.find(":", name.rfind("/") + 1)
    tag = None
    if colon >= 0:
        name, tag = name[:colon], name[colon + 1:]
    domain, path = REFERENCE_DOMAIN, name
    first, slash, rest = name.partition("/")
    if slash and reads_as_domain(first):
        domain, path = first, rest
    if domain == REFERENCE_DOMAIN_ALIAS:
        domain = REFERENCE_DOMAIN
    check_reference_parts(text, domain, path, tag, digest if at_sign else None)
    if domain == REFERENCE_DOMAIN and "/" not in path:
        path = REFERENCE_LIBRARY + path
    if len(path) > REFERENCE_PATH_LIMIT:
        raise refused_reference(text, "the path is %d characters long, %d are allowed"
                                % (len(path), REFERENCE_PATH_LIMIT))
    return Reference(domain, path, tag, digest if at_sign else None)


def check_reference_parts(text, domain, path, tag, digest):
    """Raise UsageError for the first part that breaks its grammar."""
    if not re.fullmatch(DOMAIN_PATTERN, domain):
        raise refused_reference(text, "%s is no registry host" % ascii(domain))
    if not path:
        raise refused_reference(text, "it names no repository")
    for component in path.split("/"):
        if re.fullmatch(COMPONENT_PATTERN, component):
            continue
        if re.fullmatch(COMPONENT_PATTERN, component.lower()):
            raise refused_reference(text, "repository name (%s) must be lowercase" % path)
        if not component:
            raise refused_reference(text, "the path has an empty component")
        raise refused_reference(text, "%s is no path component: lower-case letters and digits,"
                                " single '.', one or two '_' or any '-' between them" % ascii(component))
    wrong = None
    if tag is not None and not re.fullmatch(TAG_PATTERN, tag):
        wrong = ("%s is no tag: 1 to 128 letters, digits, '_', '.' or '-',"
                 " not beginning with '.' or '-'" % ascii(tag))
    elif digest is not None and not re.fullmatch(DIGEST_PATTERN, digest):
        wrong = "%s is no digest: algorithm ':' and 32 or more hex digits" % ascii(digest)
    elif (digest or "").startswith("sha256:") and not re.fullmatch("sha256:" + IMAGE_ID_PATTERN, digest):
        wrong = "a sha256 digest has 64 lower-case hex digits, %s has not" % ascii(digest)
    if wrong:
        raise refused_reference(text, wrong)


def familiar_image(text):
    """An image's name (str) as people write it, its digest left out: "redis:2", not "docker.io/…/redis:2"."""
    if "@" not in text and not text.startswith((REFERENCE_DOMAIN + "/", REFERENCE_DOMAIN_ALIAS + "/")):
        return text
    try:
        reference = parse_reference(text)
    except UsageError:
        return text
    return reference.familiar_name() + (":" + reference.tag if reference.tag else "")


def pull_query(reference):
    """The query of `image_create` that pulls `reference` (Reference or str): a dict of fromImage and tag.

    A digest wins over a tag; "latest" is pulled when there is neither. Raises UsageError.
    """
    if isinstance(reference, str):
        reference = parse_reference(reference)
    return {"fromImage": reference.familiar_name(), "tag": reference.digest or reference.tag or REFERENCE_TAG}
