"""Platforms: what `linux/arm64`, `windows` and `armhf` stand for, read as the docker CLI reads them.

    platform = os [ "(" version ")" ] [ "/" architecture [ "/" variant ] ]
             / architecture                                                of this machine's system

Names have several spellings, of which the engine is sent one: "x86_64" is amd64, "aarch64" is arm64.
"""
import os
import re

from ..errors import UsageError

SYSTEM_PATTERN = r"^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?$"
PLATFORM_PART_PATTERN = "^[A-Za-z0-9_.-]+$"
KNOWN_SYSTEMS = ("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 "
                 "solaris windows zos").split()
KNOWN_ARCHITECTURES = ("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le "
                       "mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 "
                       "wasm").split()
# Other spellings of architectures.
ARCHITECTURE_SPELLINGS = {"i386": "386", "i686": "386", "x86_64": "amd64", "x86-64": "amd64",
                          "aarch64": "arm64", "armhf": "arm", "armel": "arm", "armv7l": "arm"}


def platform_architecture(text, variant=""):
    """(architecture, variant) in the engine's spelling; the variant that an architecture has anyway is ""."""
    text, variant = text.lower(), variant.lower()
    name = ARCHITECTURE_SPELLINGS.get(text, text)
    if text in ("i386", "armhf", "armel"):
        variant = "v6" if text == "armel" else ""
    elif name == "arm" and variant in ("5", "6", "7", "8"):
        variant = "v" + variant
    elif (name, variant) in (("amd64", "v1"), ("arm64", "8"), ("arm64", "v8")):
        variant = ""
    return name, variant


def parse_platform(text):
    """`text` (str) as the Engine API's object (dict). UsageError, in docker's words, if it is malformed.

    >>> sorted(parse_platform("linux/ARM/7").items())
    [('architecture', 'arm'), ('os', 'linux'), ('variant', 'v7')]
    """
    parts = text.split("/")
    system = re.fullmatch(SYSTEM_PATTERN, parts[0])
    problem = None
    if "*" in text:
        problem = '"%s": wildcards not yet supported' % text
    elif system is None:
        problem = ('"%s" is an invalid OS component of "%s": OSAndVersion specifier component must match "%s"'
                   % (parts[0], text, SYSTEM_PATTERN.replace("\\", "\\\\")))
    for part in parts[1:]:
        if problem is None and not re.fullmatch(PLATFORM_PART_PATTERN, part):
            problem = ('"%s" is an invalid component of "%s": platform specifier component must match "%s"'
                       % (part, text, PLATFORM_PART_PATTERN))
    if problem is None and len(parts) > 3:
        problem = '"%s": cannot parse platform specifier' % text
    if problem is not None:
        raise UsageError(problem + ": invalid argument")
    name, version = system.group(1).lower(), system.group(2)
    name = "darwin" if name == "macos" else name
    if len(parts) > 1:
        architecture, variant = platform_architecture(*parts[1:])
    elif name in KNOWN_SYSTEMS:
        architecture, variant = platform_architecture(os.uname().machine)
    else:
        name, (architecture, variant) = os.uname().sysname.lower(), platform_architecture(text)
        if architecture not in KNOWN_ARCHITECTURES:
            raise UsageError('"%s": unknown operating system or architecture: invalid argument' % text)
    if len(parts) == 3 and architecture == "arm64":
        variant = variant or "v8"
    platform = {"architecture": architecture, "os": name, "os.version": version, "variant": variant}
    return {key: value for key, value in platform.items() if value}


def format_platform(platform):
    """A platform (dict) as text: "linux/arm/v7". The version of the system is not in it."""
    return "/".join(platform[key] for key in ("os", "architecture", "variant") if key in platform)
