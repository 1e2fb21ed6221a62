"""Another machine, for tests of TCP: a network namespace with one link, which ends at the engine's bridge.

A program is run there with `ip netns exec NAME …`. The engine's socket is there too, for the file system is
this machine's; its addresses are reached over the link, and those of 127.0.0.1 are the namespace's own.
"""
import ipaddress
import os

from real_engine.state import ToolError, run_quiet

HOST_NUMBER = 250   # of the namespace in the bridge's /24: containers begin at 2


def make_namespace(name, bridge, subnet):
    """Make the network namespace `name` (str) → its name, or None where this machine does not allow it."""
    address = "%s/24" % ipaddress.ip_network(subnet)[HOST_NUMBER]
    try:
        run_quiet("ip", "netns", "add", name)
    except ToolError:
        return None
    run_quiet("ip", "link", "add", bridge + "v", "type", "veth", "peer", "name", "eth0", "netns", name)
    run_quiet("ip", "link", "set", bridge + "v", "master", bridge, "up")
    run_quiet("ip", "-n", name, "addr", "add", address, "dev", "eth0")
    for link in ("lo", "eth0"):
        run_quiet("ip", "-n", name, "link", "set", link, "up")
    return name


def namespace_exists(name):
    return bool(name) and os.path.exists("/run/netns/" + name)


def delete_namespace(name):
    """Delete the namespace `name` (str or None), and with it the link."""
    if namespace_exists(name):
        run_quiet("ip", "netns", "delete", name)
