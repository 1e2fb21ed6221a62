"""Networks: network connect, create, disconnect, inspect, ls and rm.

Promises: the docker CLI's lines and exit statuses, and its requests.
"""
import re

from ..engine.answers import answer_field
from ..errors import APIError, InvalidArgument, NotFound
from .console import CommandFailed, describe_error
from .flags import Command, command_table
from .format import go_time_text, natural_order, short_id
from .formatted import Listing, label_title, labels_text, write_listing
from .queries import answer_objects, comma_separated, parse_filters, string_map
from .watching import NOUN_INSPECT_FLAGS, inspect_objects

NETWORK_LIST_FLAGS = """
-f, --filter  filter  filter  Provide filter values (e.g. "driver=bridge")
--format      text  string  Format output using a custom template
--json        bool  one JSON array of the engine's own objects
--no-trunc    bool  Do not truncate the output
-q, --quiet   bool  Only display network IDs
"""
NETWORK_CREATE_FLAGS = """
--attachable   bool  Enable manual container attachment
--aux-address  list  map  Auxiliary IPv4 or IPv6 addresses used by Network driver
--config-from  text  string  The network from which to copy the configuration
--config-only  bool  Create a configuration only network
-d, --driver   text  string  Driver to manage the Network (default "bridge")
--gateway      list  strings  IPv4 or IPv6 Gateway for the master subnet
--ingress      bool  Create swarm routing-mesh network
--internal     bool  Restrict external access to the network
--ip-range     list  strings  Allocate container ip from a sub-range
--ipam-driver  text  string  IP Address Management Driver (default "default")
--ipam-opt     list  map  Set IPAM driver specific options
--ipv4         on  Enable or disable IPv4 address assignment (default true)
--ipv6         bool  Enable or disable IPv6 address assignment
--label        label  list  Set metadata on a network
-o, --opt      list  map  Set driver specific options
--scope        text  string  Control the network's scope
--subnet       list  strings  Subnet in CIDR format that represents a network segment
"""
# ==== table begin: the flags of network connect
NETWORK_CONNECT_FLAGS = """
--alias          list  strings  Add network-scoped alias for the container
--driver-opt     list  strings  driver options for the network
--gw-priority    int  int  Highest gw-priority provides the default gateway. Accepts positive and negative values.
--ip             text  string  IPv4 address (e.g., "172.30.100.104")
--ip6            text  string  IPv6 address (e.g., "2001:db8::33")
--link           list  list  Add link to another container
--link-local-ip  list  strings  Add a link-local address for the container
"""
# ==== table end
NETWORK_LIST = Listing(
    {"ID": "NETWORK ID", "Name": "NAME", "Driver": "DRIVER", "Scope": "SCOPE", "IPv4": "IPV4", "IPv6": "IPV6",
     "Internal": "INTERNAL", "Labels": "LABELS", "CreatedAt": "CREATED AT", "Label": label_title},
    "ID Name Driver Scope", "ID",
    "network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n")
INGRESS_WARNING = ("WARNING! Before removing the routing-mesh network, make sure all the nodes in your swarm "
                   "run the same docker engine version. Otherwise, removal may not be effective and "
                   "functionality of newly create ingress networks will be impaired.")


def network_row(network, whole):
    """The fields of a network that a --format can name."""
    labels = network.get("Labels") or {}
    truth = {name: "true" if network.get(field) else "false" for name, field in (
        ("IPv4", "EnableIPv4"), ("IPv6", "EnableIPv6"), ("Internal", "Internal"))}
    return dict(truth, ID=network["Id"] if whole else short_id(network["Id"]), Name=network["Name"],
                CreatedAt=go_time_text(network.get("Created") or ""), Driver=network.get("Driver") or "",
                Labels=labels_text(labels), Scope=network.get("Scope") or "",
                Label=lambda name: labels.get(name, ""))


def network_ls(console, options, arguments):
    filters = parse_filters(options["filter"])
    answer = console.docker.call("network_list", filters=filters or None)
    networks = sorted(answer_objects(answer, "NetworkList", "Id", "Name"),
                      key=lambda network: natural_order(network["Name"]))
    options["format"] = console.list_format(options, "networksFormat")
    write_listing(console, options, NETWORK_LIST,
                  [network_row(network, options["no_trunc"]) for network in networks], networks)
    return 0


def network_inspect(console, options, arguments):
    query = {"verbose": True} if options["verbose"] else {}
    return inspect_objects(console, options, arguments, "network", query)


# ---- network create

def subnet_has(subnet, address):
    """Whether the network `subnet` ("10.1.0.0/16") has an address, or the first of a range (str)."""
    from ipaddress import ip_address, ip_network
    try:
        return ip_address(address.partition("/")[0]) in ip_network(require_cidr(subnet), strict=False)
    except CommandFailed as error:
        raise CommandFailed("invalid subnet: %s" % error, 1)
    except ValueError:   # not an address
        return False


def require_cidr(text):
    """`text` if it is a network in CIDR notation, such as 10.1.0.0/16. CommandFailed if not."""
    from ipaddress import ip_network
    try:
        if re.fullmatch(r"[^/]+/[0-9]{1,3}", text, re.ASCII):
            ip_network(text, strict=False)
            return text
    except ValueError:
        pass
    raise CommandFailed("invalid CIDR address: %s" % text, 1)


def put_in_subnet(pools, key, word, address):
    """Set `key` of the one of `pools` (subnet → dict) that has the `address`. CommandFailed if none has it.

    `word` is what the docker CLI calls such an address.
    """
    found = [subnet for subnet in pools if subnet_has(subnet, address)]
    if not found:
        raise CommandFailed("no matching subnet for %s %s" % (word, address), 1)
    for subnet in found:
        if key in pools[subnet]:
            raise CommandFailed("cannot configure multiple %ss (%s, %s) %s the same subnet (%s)" % (
                word, address, pools[subnet][key], "on" if word == "range" else "for", subnet), 1)
        pools[subnet][key] = address


def address_pools(options):
    """The IPAM.Config of a network: its subnets, each with its range, gateway and auxiliary addresses."""
    subnets, ranges, gateways = [comma_separated(options[name]) for name in ("subnet", "ip_range", "gateway")]
    if len(subnets) < len(ranges) or len(subnets) < len(gateways):
        raise CommandFailed("every ip-range or gateway must have a corresponding subnet", 1)
    pools = {}
    for subnet in subnets:
        if any(subnet_has(one, subnet) or subnet_has(subnet, one) for one in pools):
            raise CommandFailed("multiple overlapping subnet configuration is not supported", 1)
        pools[subnet] = {"Subnet": subnet}
    for one in ranges:
        put_in_subnet(pools, "IPRange", "range", require_cidr(one))
    for one in gateways:
        put_in_subnet(pools, "Gateway", "gateway", one)
    for name, address in string_map(options["aux_address"]).items():
        found = [pool for pool in pools.values() if subnet_has(pool["Subnet"], address)]
        if not found:
            raise CommandFailed("no matching subnet for aux-address %s" % address, 1)
        for pool in found:
            pool.setdefault("AuxiliaryAddresses", {})[name] = address
    return list(pools.values())


def network_create(console, options, arguments):
    docker = console.docker
    body = {"Name": arguments[0], "Driver": options["driver"] or "bridge", "Scope": options["scope"] or "",
            "IPAM": {"Driver": options["ipam_driver"] or "default", "Config": address_pools(options),
                     "Options": string_map(options["ipam_opt"])},
            "ConfigFrom": {"Network": options["config_from"]} if options["config_from"] else None,
            "Options": string_map(options["opt"]), "Labels": string_map(options["label"])}
    for name in ("internal", "attachable", "ingress", "config_only"):
        body[name.title().replace("_", "")] = options[name]
    body.update({} if options["ipv4"] else {"EnableIPv4": False})   # otherwise the engine decides
    body.update({"EnableIPv6": True} if options["ipv6"] else {})
    if not docker.supports("1.44"):   # older engines take two networks of one name otherwise
        body["CheckDuplicate"] = True
    console.out.line(answer_field(docker.call("network_create", body=body), "NetworkCreate", str, "Id"))
    return 0


# ---- network connect, disconnect, rm

def network_connect(console, options, arguments):
    driver_options = {}
    for word in comma_separated(options["driver_opt"]):
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise CommandFailed("invalid key/value pair format in driver options", 1)
        driver_options[name.strip()] = value.strip()
    for link in options["link"] or ():
        if not re.fullmatch("[^:]+(:[^:]+)?", link):
            raise InvalidArgument('invalid argument "%s" for "--link" flag: bad format for links: %s'
                                  % (link, link))
    addresses = {"IPv4Address": options["ip"], "IPv6Address": options["ip6"],
                 "LinkLocalIPs": comma_separated(options["link_local_ip"])}
    endpoint = {"IPAMConfig": {key: value for key, value in addresses.items() if value},
                "Links": options["link"], "Aliases": comma_separated(options["alias"]),
                "DriverOpts": driver_options, "GwPriority": options["gw_priority"] or 0}
    console.docker.call("network_connect", arguments[0],
                        body={"Container": arguments[1], "EndpointConfig": endpoint})
    return 0


def network_disconnect(console, options, arguments):
    console.docker.call("network_disconnect", arguments[0],
                        body={"Container": arguments[1], "Force": options["force"]})
    return 0


def is_kept_ingress(console, name):
    """Whether `name` is the network of a swarm's routing mesh, and the user wants to keep it."""
    from .prune import confirmed
    try:
        network = console.docker.call("network_inspect", name)
    except APIError:
        return False
    return bool(network.get("Ingress")) and not confirmed(console, INGRESS_WARNING)


def network_rm(console, options, arguments):
    status = 0
    for name in arguments:
        try:
            if not is_kept_ingress(console, name):
                console.docker.call("network_delete", name)
                console.out.line(name)
        except APIError as error:
            if not options["force"] or not isinstance(error, NotFound):
                console.err.line(describe_error(error))
                status = 1
    if status:
        console.err.line("exit status 1")
    return status


NETWORK_COMMANDS = command_table(
    Command("network connect", network_connect, "NETWORK CONTAINER", "Connect a container to a network",
            NETWORK_CONNECT_FLAGS, 2, 2),
    Command("network create", network_create, "NETWORK", "Create a network", NETWORK_CREATE_FLAGS, 1, 1),
    Command("network disconnect", network_disconnect, "NETWORK CONTAINER",
            "Disconnect a container from a network",
            "-f, --force  bool  Force the container to disconnect from a network", 2, 2),
    Command("network inspect", network_inspect, "NETWORK [NETWORK...]",
            "Display detailed information on one or more networks",
            NOUN_INSPECT_FLAGS + "-v, --verbose  bool  Verbose output for diagnostics", 1, None),
    Command("network ls", network_ls, "", "List networks", NETWORK_LIST_FLAGS, 0, 0),
    Command("network rm", network_rm, "NETWORK [NETWORK...]", "Remove one or more networks",
            "-f, --force  bool  Do not error if the network does not exist", 1, None),
)
