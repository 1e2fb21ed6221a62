"""The networks of a practice engine: names, addresses, and which containers are connected. No packet moves.

bridge, host and none are built in. The addresses are those that an engine would give; the only port that can
be connected to is a published one, on the loopback address.
"""
import re

from .events import PracticeObjects, nanoseconds_now, random_hex, stable_hex, wire_time
from .request import (NO_SWARM, PracticeRefusal, is_yes, label_matches, practice_filters, prune_filters,
                      read_object)

NETWORK_FILTERS = "name id driver label scope type dangling".split()
BUILT_IN_NETWORKS = (("bridge", "bridge"), ("host", "host"), ("none", "null"))
NETWORK_KINDS = {"Name": str, "Driver": str, "Internal": bool, "Attachable": bool, "EnableIPv6": bool,
                 "IPAM": dict, "Options": dict, "Labels": dict}
ENDPOINT_KINDS = {"IPAMConfig": dict, "Links": list, "Aliases": list, "DriverOpts": dict, "MacAddress": str,
                  "GwPriority": int}
ADDRESS_KINDS = {"IPv4Address": str, "IPv6Address": str, "LinkLocalIPs": list}


class PracticeEndpoint:
    """A container's place in a network: `given` are its settings; the rest is set while it runs."""

    def __init__(self, given=None):
        self.given = read_object(given or {}, ENDPOINT_KINDS, "EndpointConfig.")
        self.network = None
        self.id = self.address = self.mac = ""
        self.names = None             # by which other containers find this one in a network that was created

    def inspect(self, names=True):
        network = self.network
        return {
            "IPAMConfig": self.given.get("IPAMConfig"), "Links": self.given.get("Links"),
            "Aliases": self.given.get("Aliases") if names else None,
            "NetworkID": network.id if network else "", "EndpointID": self.id,
            "Gateway": network.gateway if self.address else "", "IPAddress": self.address,
            "IPPrefixLen": network.subnet.prefixlen if self.address else 0, "IPv6Gateway": "",
            "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "MacAddress": self.mac,
            "DriverOpts": self.given.get("DriverOpts"), "DNSNames": self.names if names else None,
        }


class PracticeNetwork:
    """One network; `pools` are the entries of its IPAM Config, `given` the body of the create request.

    `subnet` is the first IPv4Network of the pools; without one (None) its containers have no addresses.
    """

    def __init__(self, name, driver, pools=(), given=None):
        from ipaddress import ip_network
        given = given or {}
        self.name = name
        self.size = 0
        self.id = stable_hex("network", name) if not given else random_hex()
        self.driver = driver
        self.pools = list(pools)
        self.has_own_pools = False    # whether the create request gave a subnet
        self.created = nanoseconds_now()
        self.options = given.get("Options") or {}
        self.labels = given.get("Labels") or {}
        self.ipv6 = bool(given.get("EnableIPv6"))
        self.internal = bool(given.get("Internal"))
        self.attachable = bool(given.get("Attachable"))
        self.endpoints = {}           # container → PracticeEndpoint, of those that run
        pool = next((one for one in self.pools if ":" not in one.get("Subnet", "")), None)
        try:
            self.subnet = None if pool is None else ip_network(pool.get("Subnet"), False)
        except ValueError:
            raise PracticeRefusal(400, "invalid network config:\ninvalid subnet %s: invalid CIDR block"
                                       " notation" % pool.get("Subnet"))
        self.gateway = (pool.get("Gateway") or str(self.subnet[1])) if pool else ""

    def plug(self, container, endpoint):
        endpoint.network, endpoint.id = self, random_hex()
        if self.name not in dict(BUILT_IN_NETWORKS):
            names = [container.name] + (endpoint.given.get("Aliases") or []) + [container.id[:12]]
            endpoint.names = list(dict.fromkeys(names))
        if self.subnet:
            taken = {self.gateway, str(self.subnet[0]), str(self.subnet[-1])}
            taken.update(one.address for one in self.endpoints.values())
            wanted = (endpoint.given.get("IPAMConfig") or {}).get("IPv4Address")
            free = (str(one) for one in self.subnet if str(one) not in taken)
            if wanted in taken:
                raise PracticeRefusal(403, "Address already in use")
            endpoint.address = wanted or next(free, "")
            if not endpoint.address:
                raise PracticeRefusal(500, "no available IPv4 addresses on network %s" % self.name)
            own = "02:42:%02x:%02x:%02x:%02x" % tuple(map(int, endpoint.address.split(".")))
            endpoint.mac = endpoint.given.get("MacAddress") or container.config.get("MacAddress") or own
        self.endpoints[container] = endpoint

    def endpoint_problems(self, given):
        """Return what is wrong with the addresses and aliases that a container wants here: a list of str."""
        from ipaddress import ip_address, ip_network
        addresses = read_object(given.get("IPAMConfig") or {}, ADDRESS_KINDS, "IPAMConfig.")
        wanted = [(kind, addresses[kind + "Address"]) for kind in ("IPv4", "IPv6")
                  if addresses.get(kind + "Address")]
        if self.name in dict(BUILT_IN_NETWORKS):
            return (["user specified IP address is supported on user defined networks only"] * bool(wanted)
                    + ["network-scoped alias is supported only for containers in user defined networks"]
                    * bool(given.get("Aliases")))
        if wanted and not self.has_own_pools:
            return ["user specified IP address is supported only when connecting to networks with user"
                    " configured subnets"]
        found = []
        for kind, text in wanted:
            try:
                address = ip_address(text)
            except ValueError:
                address = None
                found.append("invalid %s address: %s" % (kind, text))
            subnets = [ip_network(pool["Subnet"], False) for pool in self.pools]
            if address is None or not any(address in one for one in subnets):
                found.append("no configured subnet or ip-range contain the IP address " + text)
        return found

    def check_endpoint(self, given, prefix=""):
        """Raise PracticeRefusal, its message with `prefix`, for endpoint settings that an engine refuses."""
        mac = given.get("MacAddress")
        if mac and not re.fullmatch("(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", mac):
            raise PracticeRefusal(400, "%sinvalid MAC address %s" % (prefix, mac))
        problems = self.endpoint_problems(given)
        if problems:
            listed = problems if len(problems) == 1 else ["* " + one for one in problems]
            raise PracticeRefusal(400, "%sinvalid endpoint settings:\n%s" % (prefix, "\n".join(listed)))

    def unplug(self, container):
        endpoint = self.endpoints.pop(container, None)
        if endpoint is not None:
            endpoint.id = endpoint.address = endpoint.mac = ""
            endpoint.names = None

    def inspect(self, with_containers):
        containers = {
            container.id: {"Name": container.name, "EndpointID": endpoint.id, "MacAddress": endpoint.mac,
                           "IPv4Address": "%s/%d" % (endpoint.address, self.subnet.prefixlen)
                                          if endpoint.address else "", "IPv6Address": ""}
            for container, endpoint in self.endpoints.items()}
        return {
            "Name": self.name, "Id": self.id, "Created": wire_time(self.created), "Scope": "local",
            "Driver": self.driver, "EnableIPv6": self.ipv6,
            "IPAM": {"Driver": "default", "Options": None, "Config": self.pools or None},
            "Internal": self.internal, "Attachable": self.attachable, "Ingress": False,
            "ConfigFrom": {"Network": ""},
            "ConfigOnly": False, "Containers": containers if with_containers else {}, "Options": self.options,
            "Labels": self.labels,
        }


def default_pool(number):
    return {"Subnet": "172.%d.0.0/16" % number, "Gateway": "172.%d.0.1" % number}


class PracticeNetworks(PracticeObjects):
    """The networks of an engine."""

    kind = "network"
    missing = "network %s not found"

    def __init__(self, engine):
        PracticeObjects.__init__(self, engine)
        for name, driver in BUILT_IN_NETWORKS:
            network = PracticeNetwork(name, driver, [default_pool(17)] * (driver == "bridge"))
            self.by_id[network.id] = network

    def emit(self, network, action, **more):
        more.update(name=network.name, type=network.driver)
        self.engine.events.emit("network", action, network.id, more)

    def tests(self, network):
        built_in = network.name in dict(BUILT_IN_NETWORKS)
        in_use = built_in or bool(network.endpoints)
        return {"name": lambda value: value in network.name, "id": network.id.startswith,
                "driver": lambda value: value == network.driver,
                "label": lambda value: label_matches(network.labels, value),
                "scope": lambda value: value == "local",
                "type": lambda value: (value == "builtin") == built_in,
                "dangling": lambda value: is_yes(value) != in_use,
                "until": lambda moment: network.created <= moment}   # of a prune

    def check_endpoints(self, settings):
        """Check {network's name: endpoint settings} of a create request; start finds a missing network."""
        for name, given in settings.items():
            network = self.named("bridge" if name == "default" else name)
            if network is not None:
                network.check_endpoint(read_object(given or {}, ENDPOINT_KINDS, "EndpointConfig."),
                                       "invalid config for network %s: " % name)

    def free_pool(self):
        """Return an IPAM Config entry with a subnet that no network has. Raises PracticeRefusal."""
        taken = [pool.get("Subnet") for one in self.by_id.values() for pool in one.pools]
        for number in range(18, 256):
            if default_pool(number)["Subnet"] not in taken:
                return default_pool(number)
        raise PracticeRefusal(500, "all predefined address pools have been fully subnetted")

    def remove(self, network):
        """Remove a network that no running container is connected to → its name. Raises PracticeRefusal."""
        if network.name in dict(BUILT_IN_NETWORKS):
            raise PracticeRefusal(403, "%s is a pre-defined network and cannot be removed" % network.name)
        if network.endpoints:
            raise PracticeRefusal(403, "error while removing network: network %s id %s has active"
                                       " endpoints" % (network.name, network.id))
        if self.by_id.pop(network.id, None) is not None:
            self.emit(network, "destroy")
        return network.name

    def plug(self, container, name, endpoint):
        network = self.find(name)
        network.plug(container, endpoint)
        self.emit(network, "connect", container=container.id)

    def unplug_all(self, container):
        for network in self.by_id.values():
            if container in network.endpoints:
                network.unplug(container)
                self.emit(network, "disconnect", container=container.id)


def answer_networks(engine, connection, request):
    filters = practice_filters(request.text("filters"), NETWORK_FILTERS)
    return [one.inspect(False) for one in engine.networks.select(filters)]


def answer_network(engine, connection, request, network):
    return network.inspect(True)


def answer_network_create(engine, connection, request):
    given, networks = read_object(request.json(), NETWORK_KINDS), engine.networks
    name, driver = given.get("Name") or "", given.get("Driver") or "bridge"
    if not name.strip():
        raise PracticeRefusal(400, "invalid name: %s" % name)
    if name in dict(BUILT_IN_NETWORKS):
        raise PracticeRefusal(403, "operation is not permitted on predefined %s network " % name)
    if driver == "overlay":
        raise PracticeRefusal(500, NO_SWARM)
    if driver != "bridge":
        raise PracticeRefusal(404, "plugin \"%s\" not found" % driver)
    ipam = read_object(given.get("IPAM") or {}, {"Config": list, "Driver": str}, "IPAM.")
    if ipam.get("Driver") not in (None, "", "default"):
        raise PracticeRefusal(404, "plugin \"%s\" not found" % ipam["Driver"])
    pools = [read_object(one if isinstance(one, dict) else {}, {"Subnet": str, "Gateway": str},
                         "IPAM.Config.")
             for one in ipam.get("Config") or ()]
    pools = [{key: value for key, value in one.items() if value} for one in pools]
    if networks.named(name):
        raise PracticeRefusal(409, "network with name %s already exists" % name)
    has_own_pools = any("Subnet" in one for one in pools)
    if all(":" in one.get("Subnet", "") for one in pools):
        pools = [networks.free_pool()] + pools
    network = PracticeNetwork(name, driver, pools, given)
    network.has_own_pools = has_own_pools
    networks.by_id[network.id] = network
    networks.emit(network, "create")
    return 201, {"Id": network.id, "Warning": ""}


def answer_network_delete(engine, connection, request, network):
    engine.networks.remove(network)
    return 204


def connect_request(engine, request):
    """Return (container, the request's body) of a connect or disconnect request."""
    given = read_object(request.json(), {"Container": str, "EndpointConfig": dict})
    return engine.containers.find(given.get("Container") or ""), given


def answer_network_connect(engine, connection, request, network):
    container, given = connect_request(engine, request)
    if "host" in (network.name, container.host_config["NetworkMode"]):
        raise PracticeRefusal(400, "container cannot be disconnected from host network or connected to"
                                   " host network")
    if container.is_up and network.name in container.endpoints:
        raise PracticeRefusal(403, "endpoint with name %s already exists in network %s"
                              % (container.name, network.name))
    endpoint = PracticeEndpoint(given.get("EndpointConfig"))
    network.check_endpoint(endpoint.given)
    container.endpoints[network.name] = endpoint
    if container.is_up:
        engine.networks.plug(container, network.name, endpoint)
    return 200


def answer_network_disconnect(engine, connection, request, network):
    container, _ = connect_request(engine, request)
    if container.endpoints.pop(network.name, None) is None:
        raise PracticeRefusal(500, "container %s is not connected to the network %s"
                              % (container.id, network.name))
    network.unplug(container)
    engine.networks.emit(network, "disconnect", container=container.id)
    return 200


def answer_networks_prune(engine, connection, request):
    removed, _ = engine.networks.prune(
        prune_filters(request),
        lambda one: one.name not in dict(BUILT_IN_NETWORKS) and not one.endpoints, engine.networks.remove)
    return {"NetworksDeleted": removed or None}


NETWORK_ROUTES = (
    ("GET", "/networks/?", answer_networks),
    ("POST", "/networks/create", answer_network_create),
    ("POST", "/networks/prune", answer_networks_prune),
    ("POST", "/networks/(?P<network>[^/]+)/connect", answer_network_connect),
    ("POST", "/networks/(?P<network>[^/]+)/disconnect", answer_network_disconnect),
    ("GET", "/networks/(?P<network>[^/]+)", answer_network),
    ("DELETE", "/networks/(?P<network>[^/]+)", answer_network_delete),
)
