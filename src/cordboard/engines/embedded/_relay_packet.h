/* A passage: one direction of a call whose packets are passed on without Python, and what is done
 * with each of them. No Python in here, and no memory of its own.
 *
 * What count() and pass_on() do is the plain middle of MediaStream.receive_rtp() (media/stream.py),
 * Reception.note() (media/reception.py) and Outgoing.relay() (media/outgoing.py), whose numbers these
 * are; tests/contract/test_relay.py holds both to the same packets.
 */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum {
    DATAGRAM_OCTETS = 2048, /* engines/embedded/rtp_ports.py: above any Ethernet frame */
    HEADER_OCTETS = 12,     /* media/rtp.py */
    PLAIN = 0x80,           /* media/rtp.py: no padding, no extension, no CSRC */
    MARKER = 0x80,
    MAX_PACKET_OCTETS = 1500, /* media/admission.py */
    MAX_DROPOUT = 3000,       /* media/reception.py */
    LAWS = 256                /* octets of a table from one law of G.711 to the other */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* One direction of a call. The first part is Python's word, the second follows the packets. */
struct passage {
    union address source, destination;
    socklen_t destination_size;
    int sending; /* the socket that it leaves by */
    int payload_type, payload_type_out;
    int translated; /* whether laws[] is used */
    uint32_t ssrc, ssrc_out;
    uint32_t furthest; /* clock units: a timestamp further on is no plain packet */
    uint32_t sequence_offset, timestamp_offset;
    double rate; /* Hz */

    uint32_t sequence, timestamp;         /* of the last packet, as it came */
    uint32_t sequence_out, timestamp_out; /* as it was sent */
    double jitter;                        /* clock units */
    double at;                            /* when it came, s */
    double stamped_at;                    /* when the timestamp last moved, s */
    unsigned long long packets, octets, steps; /* since they were last collected */

    uint8_t laws[LAWS];
};

static int same_address(const union address *a, const union address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return 0;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->v6.sin6_port == b->v6.sin6_port && a->v6.sin6_flowinfo == b->v6.sin6_flowinfo
        && a->v6.sin6_scope_id == b->v6.sin6_scope_id
        && memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

static uint32_t read16(const uint8_t *at) { return (uint32_t)at[0] << 8 | at[1]; }

static uint32_t read32(const uint8_t *at) { return read16(at) << 16 | read16(at + 2); }

static void write16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void write32(uint8_t *at, uint32_t value)
{
    write16(at, value >> 16);
    write16(at + 2, value);
}

/* Note a packet of audio that came in order: Reception.note(), RFC 3550, A.8. */
static void count(struct passage *way, uint32_t step, uint32_t elapsed, size_t octets, double now)
{
    double deviation = (now - way->at) * way->rate - (double)elapsed;

    if (deviation < 0)
        deviation = -deviation;
    way->jitter += (deviation - way->jitter) * 0.0625;
    way->at = now;
    way->sequence = (way->sequence + step) & 0xFFFF;
    way->timestamp += elapsed;
    way->packets += 1;
    way->octets += octets;
    way->steps += step;
}

/* Send a packet on if it is exactly what the passage expects; 0, with nothing changed, if not. */
static int pass_on(struct passage *way, uint8_t *packet, size_t size, const union address *source,
                   double now)
{
    uint32_t step, elapsed, number, units;
    size_t at;

    if (size < HEADER_OCTETS || size > MAX_PACKET_OCTETS || packet[0] != PLAIN
        || (packet[1] & 0x7F) != way->payload_type || read32(packet + 8) != way->ssrc
        || !same_address(source, &way->source))
        return 0;
    step = (read16(packet + 2) - way->sequence) & 0xFFFF;
    elapsed = read32(packet + 4) - way->timestamp;
    number = (read16(packet + 2) + way->sequence_offset) & 0xFFFF;
    if (step == 0 || step >= MAX_DROPOUT || elapsed > way->furthest
        || ((number - way->sequence_out) & 0xFFFF) >= 0x8000)
        return 0;

    count(way, step, elapsed, size - HEADER_OCTETS, now);
    units = way->timestamp + way->timestamp_offset;
    way->sequence_out = number;
    if (units != way->timestamp_out) {
        way->timestamp_out = units;
        way->stamped_at = now;
    }
    packet[1] = (uint8_t)((packet[1] & MARKER) | way->payload_type_out);
    write16(packet + 2, number);
    write32(packet + 4, units);
    write32(packet + 8, way->ssrc_out);
    if (way->translated)
        for (at = HEADER_OCTETS; at < size; at++)
            packet[at] = way->laws[packet[at]];
    /* What the system does not take is as if lost on the way. */
    (void)sendto(way->sending, packet, size, MSG_DONTWAIT, &way->destination.any,
                 way->destination_size);
    return 1;
}
