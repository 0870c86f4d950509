"""What relaying one RTP packet costs, in microseconds of CPU on this machine.

Run alone: ``python -m bench.relay_micro``. The first figures are of the sans-IO core; the others
are of the whole way through the local media plane over the loopback, the sender's own cost taken
off, with the native part of the relay and without it.
"""

from __future__ import annotations

import asyncio
import socket
import time

import uvloop

from cordboard.engines.embedded.local_media import LocalMediaPlane
from cordboard.engines.embedded.native_relay import NATIVE
from cordboard.media.audio import AudioParameters
from cordboard.media.bridging import bridge
from cordboard.media.rtp import HEADER, PLAIN
from cordboard.media.stream import MediaStream

PACKETS = 200_000
CALLS = 350  # so many that they don't stay in the caches from one packet to the next
ROUNDS = 80
SETTLING = 10  # rounds that don't count: until each source is certain, and a little more
FRAME_SECONDS = 0.02
PAYLOAD = bytes(range(160))
PORTS = (12000, 18999)


def parameters(port: int, codec: str) -> AudioParameters:
    """A phone on the loopback that takes and sends one codec."""
    number = {"PCMU": 0, "PCMA": 8}[codec]
    return AudioParameters(
        ("127.0.0.1", port), codec, number, {number: codec}, 101, 101, signalling_host="127.0.0.1"
    )


def packet(sequence: int, payload_type: int = 0) -> bytes:
    """One packet of a phone's stream."""
    header = HEADER.pack(PLAIN, payload_type, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, 77)
    return header + PAYLOAD


def core(received: str, sent: str) -> float:
    """Microseconds for a packet from one bridged stream to the other, no socket involved."""
    a, b = MediaStream(1), MediaStream(2)
    a.configure(parameters(4000, received), 0.0)
    b.configure(parameters(5000, sent), 0.0)
    a.answered(0.0)
    b.answered(0.0)
    bridge(a, b)
    payload_type = {"PCMU": 0, "PCMA": 8}[received]
    packets = [packet(sequence, payload_type) for sequence in range(PACKETS)]
    source = ("127.0.0.1", 4000)
    receive = a.receive_rtp
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        for number, data in enumerate(packets):
            receive(data, source, number * 0.02)
        best = min(best, time.process_time() - began)
    return best / PACKETS * 1e6


async def plane(native: bool) -> float:
    """Microseconds for a packet through sockets and event loop, both syscalls included."""
    media = LocalMediaPlane("127.0.0.1", port_range=PORTS, warm=2 * CALLS, native=native)
    phones: list[tuple[socket.socket, tuple[str, int]]] = []
    for number in range(CALLS):
        sessions = []
        for _ in range(2):
            phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            phone.bind(("127.0.0.1", 0))
            phone.setblocking(False)
            session = media.open(f"call-{number}", lambda *_: None)
            session.configure(parameters(phone.getsockname()[1], "PCMU"))
            session.answered()
            phones.append((phone, ("127.0.0.1", session.address[1])))
            sessions.append(session)
        sessions[0].bridge(sessions[1])
    spent = sending = 0.0
    arrived = 0
    for sequence in range(ROUNDS):
        data = packet(sequence)
        began = time.process_time()
        for phone, address in phones:
            phone.sendto(data, address)
        sent = time.process_time()
        await asyncio.sleep(FRAME_SECONDS)  # while nothing comes it costs next to nothing
        if sequence >= SETTLING:
            spent += time.process_time() - sent
            sending += sent - began
        for phone, _ in phones:
            while True:
                try:
                    phone.recv(2048)
                except BlockingIOError:
                    break
                arrived += 1
    for phone, _ in phones:
        phone.close()
    media.close()
    total, counted = ROUNDS * len(phones), (ROUNDS - SETTLING) * len(phones)
    print(f"  arrived {arrived} of {total}; one sendto alone {sending / counted * 1e6:.1f} us")
    return spent / counted * 1e6


def main() -> None:
    """Print the figures."""
    print(f"core, PCMU to PCMU: {core('PCMU', 'PCMU'):.2f} us a packet")
    print(f"core, PCMU to PCMA: {core('PCMU', 'PCMA'):.2f} us a packet")
    for native in (True, False) if NATIVE else (False,):
        how = "native" if native else "Python"
        print(f"plane, {how}, asyncio: {asyncio.run(plane(native)):.2f} us a packet")
        print(f"plane, {how}, uvloop:  {uvloop.run(plane(native)):.2f} us a packet")


if __name__ == "__main__":
    main()
