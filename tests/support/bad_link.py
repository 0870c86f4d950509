"""Joins two network namespaces by a line that is as bad as told: ``python -m support.bad_link``.

    bad_link NAMESPACE ADDRESS NAMESPACE ADDRESS --loss 0.1 --delay 0.02 --jitter 0.1 ...

Each namespace gets a TUN interface with its address and a route to the other one. Whatever IP
packet comes out of one goes into the other, through a :class:`~support.impairment.BadLine` for
each way. It prints ``ready``, and what became of the packets when SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import select
import signal
import struct
import sys
import time
from dataclasses import dataclass

from support.impairment import BadLine, Fate, Impairment
from support.namespaces import enter, ip

INTERFACE = "bad0"
MTU = 1500
# <linux/if_tun.h>
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKETS_AT_A_TIME = 64
"""Read of one side before the other has its turn."""


@dataclass(frozen=True, slots=True)
class Side:
    """One end of the line: a TUN interface as a file, and the way from it to the other end."""

    tun: int
    line: BadLine


def open_tun(namespace: str, address: str, peer: str) -> int:
    """Make the interface in a namespace; leaves this thread there."""
    enter(namespace)
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), IFF_TUN | IFF_NO_PI))
    ip("address", "add", address, "peer", peer, "dev", INTERFACE)
    ip("link", "set", INTERFACE, "up")
    return tun


def carry(sides: tuple[Side, Side], stopped: list[int]) -> None:
    """Carry packets both ways until ``stopped`` holds something."""
    first, second = sides
    ways = ((first, second.tun), (second, first.tun))
    while not stopped:
        due = [at for side in sides if (at := side.line.next_time()) is not None]
        wait = max(0.0, min(due) - time.monotonic()) if due else 0.5
        readable, _, _ = select.select([first.tun, second.tun], [], [], wait)
        for side, other in ways:
            if side.tun in readable:
                read(side)
            for packet in side.line.take(time.monotonic()):
                write(other, packet)


def read(side: Side) -> None:
    """Take in what has come out of an interface; only IPv4, for of itself IPv6 talks a lot."""
    for _ in range(PACKETS_AT_A_TIME):
        try:
            packet = os.read(side.tun, 2 * MTU)
        except BlockingIOError:
            return
        if packet[0] >> 4 == 4:
            side.line.put(packet, time.monotonic())


def write(tun: int, packet: bytes) -> None:
    """Let a packet go into an interface; a full one loses it."""
    try:
        os.write(tun, packet)
    except OSError:
        return


def told(side: Side) -> str:
    """What became of the packets of one way, in one line."""
    fates = side.line.fates
    return ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate)


def main() -> None:
    """Carry packets until SIGTERM."""
    arguments = argparse.ArgumentParser(prog="python -m support.bad_link", description=__doc__)
    for name in ("namespace", "address", "other_namespace", "other_address"):
        arguments.add_argument(name)
    for name in ("loss", "delay", "jitter", "duplication"):
        arguments.add_argument(f"--{name}", type=float, default=0.0)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    bad = Impairment(given.loss, given.delay, given.jitter, given.duplication)
    first = open_tun(given.namespace, given.address, given.other_address)
    second = open_tun(given.other_namespace, given.other_address, given.address)
    sides = (Side(first, BadLine(bad, given.seed)), Side(second, BadLine(bad, given.seed + 1)))
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    carry(sides, stopped)
    for namespace, side in zip((given.namespace, given.other_namespace), sides, strict=True):
        sys.stdout.write(f"from {namespace}: {told(side)}\n")


if __name__ == "__main__":
    main()
