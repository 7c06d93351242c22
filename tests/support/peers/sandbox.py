"""Own network, mount and process namespaces for a test with a node in it.

Inside there is a loopback and one bridge, NODE_IP on it; bridges, veths, iptables rules and mounts
that a kubelet or a CNI plugin makes are gone with the namespaces, and so is every process.
"""

import os
import subprocess
import sys

NODE_IP = "10.111.0.1"
NODE_BRIDGE = "node0"
USER_IP = "10.111.0.2"
_INSIDE = "PADDOCK_TEST_SANDBOX"


def enter():
    """Runs this program again inside; returns None there, or a sentence that says why not."""
    if os.environ.get(_INSIDE):
        _set_up()
        return None
    if os.geteuid() != 0:
        return "namespaces and containers need root"
    flags = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    probe = subprocess.run([*flags, "ip", "link", "add", "probe0", "type", "bridge"],
                           capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        return f"no own namespaces here: {probe.stderr.strip()}"
    os.environ[_INSIDE] = "1"
    sys.stdout.flush()
    os.execvp("unshare", [*flags, sys.executable, *sys.argv])
    return None


def _set_up():
    for command in (
            "ip link set lo up",
            f"ip link add {NODE_BRIDGE} type bridge",
            f"ip address add {NODE_IP}/24 dev {NODE_BRIDGE}",
            f"ip link set {NODE_BRIDGE} up",
            f"ip route add default dev {NODE_BRIDGE}",
            "sysctl -qw net.ipv4.ip_forward=1"):
        subprocess.run(command.split(), check=True)


def other_host(name="user"):
    """A second host on the bridge: argv that runs a command there. It sees the node come and go as
    little as a person's machine does (a browser drops its connections when interfaces change)."""
    inside = ["ip", "netns", "exec", name]
    for command in (
            "mkdir -p /run/netns",
            "mount -t tmpfs tmpfs /run/netns",  # a name there would outlive the sandbox
            f"ip netns add {name}",
            f"ip link add {name}0 type veth peer name eth0 netns {name}",
            f"ip link set {name}0 master {NODE_BRIDGE} up"):
        subprocess.run(command.split(), check=True)
    for command in (
            "sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
            "ip link set lo up",
            f"ip address add {USER_IP}/24 dev eth0",
            "ip link set eth0 up",
            f"ip route add default via {NODE_IP}"):
        subprocess.run([*inside, *command.split()], check=True)
    return inside
