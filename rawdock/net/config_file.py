"""config.json, the settings of the docker CLI: read, and changed without losing what somebody else wrote.

Promises: whoever reads the file finds the old text or the new one, never half of it, because the new text is
written to another file, which is then renamed. Members keep their order, unknown ones too. A symbolic link
stays, and the file that it points to is replaced. The file keeps its owner, and only the owner can read it
(mode 0600). The text is indented with tabs, as the docker CLI's is.

Unlike the docker CLI this does not replace a file that is not JSON. Left out, as in the docker CLI: a lock,
so that of two changes made at once one may be lost.
"""
import os

from ..errors import ConfigError

CONFIG_FILE_NAME = "config.json"


def config_directory(environ):
    """The directory (str) of config.json and of the contexts: DOCKER_CONFIG, or ~/.docker."""
    return environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")


def read_config_file(directory):
    """The JSON object in config.json of `directory` (str) as a dict, {} if there is no such file.

    An empty file and `null` count as {}. ConfigError if the file cannot be read or holds something else; the
    docker CLI prints its message after "WARNING: Error ".
    """
    path = os.path.join(directory, CONFIG_FILE_NAME)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read().lstrip()
        import json
        # The docker CLI reads one value, and ignores what follows it.
        config = json.JSONDecoder().raw_decode(text)[0] if text else None
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError("loading config file: open %s: %s" % (path, error.strerror.lower()),
                          "mend or move the file") from None
    except (ValueError, RecursionError) as error:
        raise malformed_config(directory, error) from None
    if not isinstance(config, (dict, type(None))):
        raise malformed_config(directory, "it does not hold a JSON object")
    return config or {}


def malformed_config(directory, reason):
    """The ConfigError for what is in config.json of `directory` (str)."""
    return ConfigError("parsing config file (%s): %s" % (os.path.join(directory, CONFIG_FILE_NAME), reason),
                       "mend or move the file")


def feature_setting(directory, name):
    """The setting (str) of the feature `name` in config.json; None if there is none, or no such file."""
    try:
        features = read_config_file(directory).get("features")
    except ConfigError:   # whoever needs the file for more says so
        return None
    return features.get(name) if isinstance(features, dict) else None


def change_config_file(directory, change):
    """Call `change(config)`, which changes the dict of read_config_file() in place, and write the result.

    `directory` is made if it is missing. An exception of `change` leaves the file as it is. ConfigError if
    the file cannot be read or written.
    """
    import json
    config = read_config_file(directory)
    change(config)
    path = os.path.realpath(os.path.join(directory, CONFIG_FILE_NAME))
    try:
        text = json.dumps(config, indent="\t", ensure_ascii=False, allow_nan=False)
        os.makedirs(directory, 0o700, exist_ok=True)
        replace_file(path, text.encode("utf-8", "backslashreplace"))   # half a surrogate pair as an escape
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError("writing config file: %s: %s" % (path, getattr(error, "strerror", None) or error),
                          "see who may write there") from None


def replace_file(path, data):
    """Replace the file at `path` (str) in one step by one with `data` (bytes), mode 0600. Raises OSError."""
    from tempfile import mkstemp
    descriptor, beside = mkstemp(prefix=os.path.basename(path), dir=os.path.dirname(path))   # has mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            keep_owner(path, descriptor)
            os.fsync(descriptor)   # after a power cut the name must not stand for an empty file
        os.replace(beside, path)
    except BaseException:
        os.remove(beside)
        raise


def keep_owner(path, descriptor):
    """Give the open file `descriptor` the owner of the file at `path`, where the system lets us."""
    try:
        before = os.stat(path)
        os.fchown(descriptor, before.st_uid, before.st_gid)
    except OSError:
        pass   # there was no such file, or only root may give files away
