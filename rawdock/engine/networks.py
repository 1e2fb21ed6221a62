"""`--network` and the options of the first network, as the Engine API's NetworkMode and EndpointSettings.

--network takes a network's name, or comma-separated fields: name=…,alias=…,ip=…. Options such as --ip are
those of the first network, or of the default one. As in the docker CLI, a single network of which nothing
else is said has no EndpointSettings: its name in NetworkMode is enough for every engine.
"""
import re

from ..errors import UsageError
from .values import csv_fields, quoted, read_integer

# A key of --network: its place in the EndpointSettings; the option that says it for the first network; and
# how an error calls it.
NETWORK_KEYS = {
    "alias": ("Aliases", "network_alias", "alias"),
    "ip": ("IPAMConfig.IPv4Address", "ip", "IPv4 address"),
    "ip6": ("IPAMConfig.IPv6Address", "ip6", "IPv6 address"),
    "link-local-ip": ("IPAMConfig.LinkLocalIPs", "link_local_ip", "link-local IP addresses"),
    "mac-address": ("MacAddress", "mac_address", "MAC address"),
    "link": ("Links", "link", "links")}
NETWORK_LISTS = ("alias", "link-local-ip", "link")
# Fields of EndpointSettings that older engines drop without a word: since when, and their name.
ENDPOINT_VERSIONS = (("MacAddress", "1.44", "mac-address"), ("DriverOpts", "1.32", "driver-opt"),
                     ("GwPriority", "1.48", "gw-priority"))


def is_mac_address(text):
    """Whether `text` is 6, 8 or 20 bytes in hexadecimal, in pairs after : or -, or in fours after a dot."""
    for separator, size in ((":", 2), ("-", 2), (".", 4)):
        digits = text.split(separator)
        if len(digits) * size in (12, 16, 40):
            return all(re.fullmatch("[0-9a-fA-F]{%d}" % size, item) for item in digits)
    return False


def is_user_defined(network):
    """Whether a network mode (str) is the name of a network that somebody has created."""
    return network not in ("default", "bridge", "host", "none") and not network.startswith("container:")


def parse_network(value):
    """A --network (str) → {"name": …, key: str or list of str, …}.

    As in the docker CLI, the long form is put in lower case.

    >>> parse_network("name=net,alias=web,ip=10.0.0.5")
    {'name': 'net', 'alias': ['web'], 'ip': '10.0.0.5'}
    """
    if not re.search(r"\w=\w", value, re.ASCII):
        return {"name": value}
    network = {}
    for field in csv_fields(value.lower()):
        key, equals, text = field.partition("=")
        if not equals or not key:
            raise UsageError("invalid field %s" % field, "write key=value")
        key, text = key.strip(), text.strip()
        if key == "name":
            network["name"] = text
        elif key == "driver-opt":
            name, equals, text = text.partition("=")
            if not equals or not name:
                raise UsageError("invalid key value pair format in driver options")
            network.setdefault(key, {})[name.strip()] = text.strip()
        elif key == "gw-priority":
            network[key] = gateway_priority(text)
        elif key not in NETWORK_KEYS or key == "link":
            raise UsageError("invalid field key " + key)
        elif key in NETWORK_LISTS:
            network.setdefault(key, []).append(text)
        elif text:
            network[key] = text
    if not network.get("name"):
        raise UsageError("network name/id is not specified")
    return network


def gateway_priority(text):
    try:
        return read_integer(text)
    except UsageError as error:
        raise UsageError("invalid gw-priority (%s): %s" % (text, error.message.rpartition(": ")[2])) from None


def apply_network_options(network, options):
    """Add the options that are about the first network, {"network_alias": …}, to the parsed `network`."""
    for key, (_, keyword, what) in NETWORK_KEYS.items():
        value = options.get(keyword)
        if not value or key == "link" and not is_user_defined(network["name"]):
            continue   # links between containers of the default network are in HostConfig
        if key in network:
            raise UsageError("conflicting options: cannot specify both --%s and per-network %s"
                             % (keyword.replace("_", "-"), what))
        network[key] = value


def endpoint_settings(network):
    """The EndpointSettings (dict) of a parsed --network. UsageError if the engine could not use them."""
    if not network["name"].strip():
        raise UsageError("no name set for network")
    if "alias" in network and not is_user_defined(network["name"]):
        raise UsageError("network-scoped aliases are only supported for user-defined networks",
                         "make one: rawdock network create NAME")
    address = network.get("mac-address")
    if address and not is_mac_address(address.strip()):
        raise UsageError("%s is not a valid mac address" % address)
    settings = {}
    for key, (place, _, _) in NETWORK_KEYS.items():
        if key in network:
            outer, _, inner = place.rpartition(".")
            (settings.setdefault(outer, {}) if outer else settings)[inner] = network[key]
    for key, place in (("driver-opt", "DriverOpts"), ("gw-priority", "GwPriority")):
        if network.get(key):
            settings[place] = network[key]
    return settings


def network_settings(networks, options):
    """(NetworkMode or None, {network: EndpointSettings}) of the parsed `networks` and the other `options`."""
    given, endpoints = networks or [{"name": "default"}], {}
    apply_network_options(given[0], options)
    for network in given:
        name, settings = network["name"], endpoint_settings(network)
        if name in endpoints:
            raise UsageError("network %s is specified multiple times" % quoted(name))
        if settings or len(given) > 1:
            endpoints[name] = settings
    if len({is_user_defined(network["name"]) for network in given}) > 1:
        raise UsageError("conflicting options: cannot attach both user-defined and non-user-defined "
                         "network-modes")
    return networks[0]["name"] if networks else None, endpoints


def require_endpoint_versions(docker, endpoints):
    """UsageError if the engine would ignore something in `endpoints` ({network: EndpointSettings})."""
    for field, since, name in ENDPOINT_VERSIONS:
        if any(field in settings for settings in endpoints.values()) and not docker.supports(since):
            raise UsageError('"specify %s per network" requires API version %s, but the Docker daemon API '
                             "version is %s" % (name, since, docker.version))
