"""Contexts: context create, export, import, inspect, ls, rm, show, update and use. None needs an engine.

Promises: the docker CLI's lines and exit statuses, and its store: each of the two reads what the other wrote.
A file is written under another name and then renamed, and TLS material before the metadata that refers to it.
An archive is read whole and checked before anything of it is stored.

A context is passed as its metadata (dict), as in meta.json, and its TLS material: {"docker": {"ca.pem":
bytes}}.
"""
import os
import re

from ..errors import AddressError, InvalidArgument
from ..net.address import parse_address
from ..net.config import choose_endpoint
from ..net.config_file import change_config_file, config_directory, replace_file
from ..net.contexts import CONTEXT_NAME, context_folder, read_context, read_store
from .console import CommandFailed, file_error
from .flags import FALSE_WORDS, TRUE_WORDS, Command, command_table
from .format import compact_json, indent_json, natural_order, quote_text
from .formatted import Listing, option_template, write_listing, write_template_lines
from .watching import NOUN_INSPECT_FLAGS, templated_object, write_json

ENDPOINT_FLAGS = """
--description  text  string  Description of the context
--docker       list  stringToString  set the docker endpoint (default [])
"""
CONTEXT_LIST_FLAGS = """
--format     text  string  Format output using a custom template
-q, --quiet  bool  Only show context names
"""
CONTEXT_LIST = Listing({"Current": "", "Name": "NAME", "Description": "DESCRIPTION",
                        "DockerEndpoint": "DOCKER ENDPOINT", "Error": "ERROR"},
                       "Name Description DockerEndpoint Error", "Name", "")
ENDPOINT_KEYS = ("from", "host", "ca", "cert", "key", "skip-tls-verify")
DEFAULT_DESCRIPTION = "Current DOCKER_HOST based configuration"
MAX_ARCHIVE_BYTES = 10 << 20   # of an archive, and of all files in it: the docker CLI's limit
MAX_ERROR_LETTERS = 45         # in the list
DOCKER_HOST_WARNING = ("Warning: DOCKER_HOST environment variable overrides the active context. To use %s, "
                       "either set the global --context flag, or unset DOCKER_HOST environment variable.")


def context_command(run):
    """Wrap `run`, a command's function, so that its errors are the docker CLI's, without `rawdock:`."""
    def checked(console, options, arguments):
        try:
            return run(console, options, arguments)
        except AddressError as error:
            raise CommandFailed(error.message, 1) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise CommandFailed(file_error(error), 1) from error
    return checked


def check_context_name(name, reserved=True):
    """CommandFailed if no context may be called `name`; with `reserved` also for "default"."""
    if not name:
        raise CommandFailed("context name cannot be empty", 1)
    if name == "default":
        if reserved:
            raise CommandFailed('"default" is a reserved context name', 1)
    elif not re.fullmatch(CONTEXT_NAME, name):
        raise CommandFailed('context name %s is invalid, names are validated against regexp "^%s$"'
                            % (quote_text(name), CONTEXT_NAME), 1)


# -- the store

def check_metadata(metadata):
    """Return `metadata` (dict), if its members are null or of the types that they have in the docker CLI.

    AddressError, which names the context, if not.
    """
    def check(members, **types):
        for name in types:
            if members.get(name) is not None and not isinstance(members[name], types[name]):
                raise AddressError('context "%s" has a malformed %s' % (metadata.get("Name"), name))

    check(metadata, Name=str, Metadata=dict, Endpoints=dict)
    check(metadata.get("Metadata") or {}, Description=str)
    check(metadata.get("Endpoints") or {}, docker=dict)
    check((metadata.get("Endpoints") or {}).get("docker") or {}, Host=str, SkipTLSVerify=bool)
    return metadata


def encode_metadata(metadata):
    """The content of meta.json (bytes). Half of a surrogate pair is written as an escape."""
    return compact_json(metadata, html=True).encode("utf-8", "backslashreplace")


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def find_context(console, name):
    """(metadata, TLS material) of the context `name`, "default" too. AddressError if there is none."""
    if name != "default":
        folder, material = context_folder(name, "tls", os.environ), {}
        for endpoint in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            place = os.path.join(folder, endpoint)
            if os.path.isdir(place):
                files = [file for file in sorted(os.listdir(place))
                         if not os.path.isdir(os.path.join(place, file))]
                material[endpoint] = {file: read_file(os.path.join(place, file)) for file in files}
        return check_metadata(read_context(name, os.environ)), material
    context = "default" if console.address is None else None
    address = choose_endpoint(console.address, context, tls=console.endpoint_flags)[0]
    tls = address.tls
    paths = zip(("ca.pem", "cert.pem", "key.pem"), tls[:3]) if tls else ()
    endpoint = {"Host": str(address), "SkipTLSVerify": bool(tls) and not tls.verify}
    return ({"Name": "default", "Metadata": {}, "Endpoints": {"docker": endpoint}},
            {"docker": {file: read_file(path) for file, path in paths if path}} if tls else {})


def store_context(name, metadata, material):
    """Write a context. `material` None: leave its TLS material as it is."""
    if material is not None:
        remove_tree(context_folder(name, "tls", os.environ))
        for endpoint in material:
            folder = os.path.join(context_folder(name, "tls", os.environ), endpoint)
            make_private_folder(folder)
            for file, data in material[endpoint].items():
                replace_file(os.path.join(folder, file), data)
    path = os.path.join(context_folder(name, "meta", os.environ), "meta.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    members = dict(metadata, Name=name)
    members = {key: members[key] for key in ("Name", "Metadata", "Endpoints") if key in members}
    replace_file(path, encode_metadata(members))
    os.chmod(path, 0o644)   # nothing in it is secret


def make_private_folder(folder):
    """Make `folder`, and those above it that are missing, so that only their owner can enter them."""
    before = os.umask(0o077)
    try:
        os.makedirs(folder)
    finally:
        os.umask(before)


def remove_tree(folder):
    from shutil import rmtree
    if os.path.isdir(folder):
        rmtree(folder)


def remove_context(name):
    for kind in ("meta", "tls"):
        remove_tree(context_folder(name, kind, os.environ))


def has_context(name):
    return os.path.isdir(context_folder(name, "meta", os.environ))


def require_new_name(name):
    """CommandFailed if no new context may be called `name`."""
    check_context_name(name)
    if has_context(name):
        raise CommandFailed('context "%s" already exists' % name, 1)


# -- create and update

def parse_pairs(words):
    """The values of --docker (list of str) → dict. InvalidArgument, in the docker CLI's words, for others.

    A value is KEY=VALUE, or a line of CSV with several of them.
    """
    from csv import reader
    found = {}
    for word in words:
        pairs = [word.strip('"')] if word.count("=") < 2 else next(reader([word]))
        for pair in pairs:
            if "=" not in pair:
                raise InvalidArgument('invalid argument "%s" for "--docker" flag: %s must be formatted as '
                                      'key=value' % (word, pair))
            found.update([pair.split("=", 1)])
    return found


def new_endpoint(console, settings):
    """(endpoint, TLS material) for the settings of --docker (dict). CommandFailed if they cannot be used."""
    try:
        unknown = sorted(key for key in settings if key not in ENDPOINT_KEYS)
        if unknown:
            raise CommandFailed("unrecognized config key: %s" % unknown[0], 1)
        if "from" in settings:
            endpoints = find_context(console, settings["from"])[0].get("Endpoints") or {}
            if not endpoints.get("docker"):
                raise CommandFailed('unable to get endpoint from context "%s"' % settings["from"], 1)
            return endpoints["docker"], {}
        files = {key + ".pem": read_file(settings[key]) for key in ("ca", "cert", "key") if settings.get(key)}
        skip = settings.get("skip-tls-verify", "false")
        if skip not in TRUE_WORDS + FALSE_WORDS:
            raise CommandFailed('skip-tls-verify: parsing "%s": invalid syntax' % skip, 1)
        refuse_unusable_endpoint(settings.get("host"), files, settings)
    except (CommandFailed, AddressError) as error:
        raise CommandFailed("unable to create docker endpoint config: %s" % error.message, 1) from error
    except OSError as error:
        raise CommandFailed("unable to create docker endpoint config: %s" % file_error(error), 1) from error
    endpoint = {"Host": settings["host"]} if settings.get("host") else {}
    return dict(endpoint, SkipTLSVerify=skip in TRUE_WORDS), {"docker": files} if files else {}


def refuse_unusable_endpoint(host, files, settings):
    """CommandFailed if no connection could be made to `host` (str or None) with the TLS `files`.

    `settings` has the paths of the files. A scheme that is not known here is refused when it is used.
    """
    def refuse(problem, before="invalid docker endpoint options: "):
        raise CommandFailed(before + problem, 1)

    key, certificate = files.get("key.pem"), files.get("cert.pem")
    tls = "failed to retrieve context tls info: "
    if b"-----BEGIN CERTIFICATE-----" not in files.get("ca.pem", b"-----BEGIN CERTIFICATE-----"):
        refuse(tls + "ca.pem seems invalid")
    if key is not None and certificate is not None:
        if b"-----BEGIN " not in key:
            refuse("no valid private key found")
        if b"Proc-Type: 4,ENCRYPTED" in key:
            refuse("private key is encrypted - support for encrypted private keys has been removed, "
                   "see https://docs.docker.com/go/deprecated/")
        if b"-----BEGIN CERTIFICATE-----" not in certificate:
            refuse(tls + "tls: failed to find any PEM data in certificate input")
        problem = key_mismatch(settings["cert"], settings["key"])
        if problem:
            refuse("%stls: %s" % (tls, problem))
    if host and "://" not in host:
        refuse("unable to parse docker host `%s`" % host, "unable to apply docker endpoint options: ")
    if host and host.startswith("ssh://"):
        try:
            parse_address(host)
        except AddressError as error:
            refuse(error.message)


def key_mismatch(certificate, key):
    """Why the PEM files at these paths are not a certificate and its key (str), or None."""
    import ssl
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, lambda: "")
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        return "private key does not match public key" if mismatch else "failed to parse private key"
    return None


def context_create(console, options, arguments):
    name, source = arguments[0], options["from"]
    settings = None if options["docker"] is None else parse_pairs(options["docker"])
    require_new_name(name)
    if source and settings is not None:
        raise CommandFailed("cannot use --docker flag when --from is set", 1)
    if settings is None:
        source = source or console.current_context()
        metadata, material = find_context(console, source)
        about = {"Description": DEFAULT_DESCRIPTION} if source == "default" else metadata.get("Metadata")
    else:
        endpoint, material = new_endpoint(console, settings)
        metadata, about = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}, {}
    if options["description"]:
        about = dict(about or {}, Description=options["description"])
    store_context(name, dict(metadata, Metadata=about), material)
    console.out.line(name)
    console.err.line('Successfully created context "%s"' % name)
    return 0


def context_update(console, options, arguments):
    name, material = arguments[0], None
    settings = None if options["docker"] is None else parse_pairs(options["docker"])
    check_context_name(name)
    metadata = check_metadata(read_context(name, os.environ))
    if options["description"]:
        about = dict(metadata.get("Metadata") or {}, Description=options["description"])
        metadata = dict(metadata, Metadata=about)
    if settings is not None:
        endpoint, material = new_endpoint(console, settings)
        metadata = dict(metadata, Endpoints=dict(metadata.get("Endpoints") or {}, docker=endpoint))
    store_context(name, metadata, material)
    console.out.line(name)
    console.err.line('Successfully updated context "%s"' % name)
    return 0


# -- which there are, and which is used

def list_row(metadata, current):
    """The fields of a context that --format can name, as a dict. `current` is the name of the one in use."""
    about, endpoints = metadata.get("Metadata") or {}, metadata.get("Endpoints") or {}
    endpoint, error = endpoints.get("docker") or {}, metadata.get("Error") or ""
    if not (error or endpoint):
        error = "cannot find docker endpoint in context"
    if len(error) > MAX_ERROR_LETTERS:
        error = error[:MAX_ERROR_LETTERS - 1] + "\u2026"
    return {"Name": metadata["Name"], "Current": metadata["Name"] == current,
            "Description": about.get("Description") or "", "DockerEndpoint": endpoint.get("Host") or "",
            "Error": error}


def context_ls(console, options, arguments):
    current = console.current_context()
    try:
        found = [check_metadata(one) for one in read_store(os.environ)]
    except AddressError as error:
        raise CommandFailed("failed to read metadata: %s" % error.message, 1) from error
    found += [dict(find_context(console, "default")[0], Metadata={"Description": DEFAULT_DESCRIPTION})]
    if current not in [one["Name"] for one in found]:
        try:
            read_context(current, os.environ)
        except AddressError as error:
            found.append({"Name": current, "Error": error.message})
    rows = sorted([list_row(one, current) for one in found], key=lambda row: natural_order(row["Name"]))
    shown = rows
    if (options["format"] or "table") == "table" and not options["quiet"]:
        shown = [dict(row, Name=row["Name"] + (" *" if row["Current"] else "")) for row in rows]
    write_listing(console, options, CONTEXT_LIST, shown, rows)
    if os.environ.get("DOCKER_HOST"):
        console.err.line(DOCKER_HOST_WARNING % "a context")
    return 0


def context_inspect(console, options, arguments):
    text = options["format"] or None
    template = option_template(text) if text not in (None, "json") else None
    found, errors = [], []
    for name in arguments or [console.current_context()]:
        try:
            metadata, material = find_context(console, name)
            places = ["<IN MEMORY>"] * 2 if name == "default" else [
                context_folder(name, kind, os.environ) for kind in ("meta", "tls")]
            files = {endpoint: sorted(material[endpoint]) or None for endpoint in material}
            fields = [(key, metadata[key]) for key in ("Name", "Metadata", "Endpoints") if key in metadata]
            data = compact_json(dict(fields + [
                ("TLSMaterial", files), ("Storage", dict(zip(("MetadataPath", "TLSPath"), places)))]), True)
            found.append(data if template is None else templated_object(template, "context", data, False))
        except (CommandFailed, AddressError) as error:
            errors.append(error.message)
    if template is not None:
        write_template_lines(console.out, found or [""])
    else:
        array = "[%s]" % ",".join(found)
        write_json(console.out, array if text == "json" else indent_json(array))
    for error in errors:
        console.err.line(error)
    return 1 if errors else 0


def context_show(console, options, arguments):
    console.out.line(console.current_context())
    return 0


def set_current_context(name):
    """Set currentContext in config.json to `name` (str), or remove it if that is None."""
    def change(config):
        config.pop("currentContext", None)
        if name is not None:
            config["currentContext"] = name

    change_config_file(config_directory(os.environ), change)


def context_use(console, options, arguments):
    if len(arguments) != 1:
        raise CommandFailed("accepts 1 arg(s), received %d" % len(arguments), 1)
    name = arguments[0]
    check_context_name(name, reserved=False)
    if name != "default":
        check_metadata(read_context(name, os.environ))
    wanted = None if name == "default" else name
    if console.config().get("currentContext") != wanted:
        set_current_context(wanted)
    console.out.line(name)
    console.err.line('Current context is now "%s"' % name)
    if wanted and os.environ.get("DOCKER_HOST"):
        console.err.line(DOCKER_HOST_WARNING % ('"%s"' % name))
    return 0


def context_rm(console, options, arguments):
    current, errors = console.current_context(), []
    for name in arguments:
        problem = None
        if name == "default":
            problem = 'context "default" cannot be removed'
        elif name == current and not options["force"]:
            problem = 'context "%s" is in use, set -f flag to force remove' % name
        elif not has_context(name) and not options["force"]:
            problem = 'context "%s" does not exist' % name
        if problem:
            errors.append(problem)
            continue
        if name == current and console.config().get("currentContext"):
            set_current_context(None)
        remove_context(name)
        console.out.line(name)
    for error in errors:
        console.err.line(error)
    return 1 if errors else 0


# -- export and import

def context_export(console, options, arguments):
    from ..wire.tar import END_OF_TAR, TarMember, file_member
    name, path = (arguments + [arguments[0] + ".dockercontext"])[:2]
    check_context_name(name, reserved=False)
    if path == "-" and console.out.isatty():
        raise CommandFailed("cowardly refusing to export to a terminal, specify a file path", 1)
    metadata, material = find_context(console, name)
    members = [file_member("meta.json", encode_metadata(metadata), mode=0o644),
               TarMember("tls/", "directory", 0o700).encode()]
    for endpoint in material:
        members.append(TarMember("tls/%s/" % endpoint, "directory", 0o700).encode())
        members += [file_member("tls/%s/%s" % (endpoint, file), data)
                    for file, data in material[endpoint].items()]
    archive = b"".join(members) + END_OF_TAR
    if path == "-":
        console.out.write(archive)
        return 0
    with open(path, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(archive)
    console.err.line('Written file "%s"' % path)
    return 0


def tar_members(data):
    """(name, bytes) of each file in the tar archive `data`. CommandFailed if it is malformed, or cut."""
    from io import BytesIO
    import tarfile
    try:
        # The docker CLI ends its archives without padding.
        with tarfile.open(fileobj=BytesIO(data + bytes(1024)), mode="r:") as tar:
            for member in tar:
                if member.isdir():
                    continue
                if member.offset_data + member.size > len(data):
                    raise CommandFailed("unexpected EOF", 1)
                yield member.name, tar.extractfile(member).read() if member.isreg() else None
            # tarfile ends an archive at a block that is not a header, as at a block of zeros.
            if data[tar.offset:tar.offset + 512].strip(b"\0"):
                raise CommandFailed("unexpected EOF" if len(data) < tar.offset + 512
                                    else "archive/tar: invalid tar header", 1)
    except (tarfile.TarError, ValueError) as error:
        if data:
            raise CommandFailed("unexpected EOF" if len(data) < 512 else "archive/tar: invalid tar header",
                                1) from error


def zip_members(data):
    """(name, bytes) of each file in the zip archive `data`. CommandFailed if it is broken."""
    from io import BytesIO
    import zipfile
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist():
                if not member.filename.endswith("/"):
                    with archive.open(member) as file:
                        content = file.read(MAX_ARCHIVE_BYTES + 1)
                    yield member.filename, content
    except Exception as error:   # of zipfile, and of whatever it decompresses with
        raise CommandFailed("zip: not a valid zip file (%s)" % error, 1) from error


def read_archive(data):
    """(metadata, TLS material) of an exported context, a tar or zip (bytes). CommandFailed for others."""
    import json
    from posixpath import normpath
    metadata, material, total = None, {}, 0
    members = zip_members if data.startswith(b"PK\3\4") else tar_members
    for name, content in members(data):
        problem, total = None, total + len(content or b"")
        if name != "meta.json" and not name.startswith("tls/") or content is None:
            problem = "%s: unexpected context file" % name
        elif normpath(name) != name:
            problem = "%s: unexpected path format" % name
        elif "\\" in name or "\0" in name:
            problem = "%s: unexpected '%s' in path" % (name, "\\" if "\\" in name else "\\0")
        elif total > MAX_ARCHIVE_BYTES:
            problem = "read exceeds the defined limit"
        elif name != "meta.json" and name.count("/") != 2:
            problem = "archive format is invalid"
        if problem:
            raise CommandFailed(problem, 1)
        if name != "meta.json":
            material.setdefault(name.split("/")[1], {})[name.split("/")[2]] = content
            continue
        try:
            metadata = json.loads(content.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError) as error:
            raise CommandFailed("meta.json: %s" % error, 1) from error
    if not isinstance(metadata, dict):
        raise CommandFailed("invalid context: no metadata found", 1)
    return check_metadata(metadata), material


def context_import(console, options, arguments):
    from io import BufferedReader
    name, path = arguments
    require_new_name(name)
    with console.stdin if path == "-" else open(path, "rb", buffering=0) as file:
        data = BufferedReader(file).read(MAX_ARCHIVE_BYTES + 1) or b""
    if len(data) > MAX_ARCHIVE_BYTES:
        raise CommandFailed("read exceeds the defined limit", 1)
    metadata, material = read_archive(data)
    try:
        store_context(name, metadata, material)
    except BaseException:
        remove_context(name)
        raise
    console.out.line(name)
    console.err.line('Successfully imported context "%s"' % name)
    return 0


CONTEXT_COMMANDS = command_table(
    Command("context create", context_command(context_create), "CONTEXT", "Create a context",
            ENDPOINT_FLAGS + "--from  text  string  create context from a named context\n", 1, 1),
    Command("context export", context_command(context_export), "[OPTIONS] CONTEXT [FILE|-]",
            "Export a context to a tar archive FILE or a tar stream on STDOUT.", "", 1, 2),
    Command("context import", context_command(context_import), "CONTEXT FILE|-",
            "Import a context from a tar or zip file", "", 2, 2),
    Command("context inspect", context_command(context_inspect), "[CONTEXT] [CONTEXT...]",
            "Display detailed information on one or more contexts", NOUN_INSPECT_FLAGS),
    Command("context ls", context_command(context_ls), "", "List contexts", CONTEXT_LIST_FLAGS, 0, 0),
    Command("context rm", context_command(context_rm), "CONTEXT [CONTEXT...]", "Remove one or more contexts",
            "-f, --force  bool  Force the removal of a context in use", 1),
    Command("context show", context_command(context_show), "", "Print the name of the current context", "",
            0, 0),
    Command("context update", context_command(context_update), "CONTEXT", "Update a context", ENDPOINT_FLAGS,
            1, 1),
    Command("context use", context_command(context_use), "CONTEXT", "Set the current docker context"),
)
