/* Reads media sockets and passes on, without Python, the packets that nobody has to look at.
 *
 * Python decides everything. It lends this module one direction of a call at a time, once that is
 * settled: from which one source, of which payload type and SSRC, which numbers come next, and what
 * becomes of such a packet on its way out (a "passage"). Here a packet is either exactly what the
 * passage expects - then its header is rewritten in the buffer it was read into, it is sent, and the
 * passage counts it as media/reception.py and media/outgoing.py would - or it is handed to Python as
 * it came, with nothing changed. The first such packet has Python take the passage back, with all
 * that it has counted. tests/contract/test_relay.py holds this to the packets of the Python path.
 *
 * Of what is read at one look Python gets its packets when the others are on their way. These know
 * nothing of what those change, as if they had come a moment earlier.
 *
 * Bounds: a look takes at most MOST_EVENTS datagrams, one from each socket that has any, so that the
 * interpreter waits a millisecond at most. It is held all the while: no other thread ever sees the
 * table, and getting it back from a busy thread would cost up to 5 ms. Nothing is allocated for a
 * packet that is passed on. The limited API makes one build serve every Python from 3.11 on.
 */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "_relay_packet.h"

enum {
    REVISION = 1,          /* of what Python and this module expect of each other */
    MOST_EVENTS = 256,     /* of 3 us each: below a millisecond */
    MOST_FILES = 1 << 20   /* Linux's own bound of a process (fs.nr_open) */
};

typedef struct {
    PyObject_HEAD
    int epoll; /* its set of sockets, which is Python's */
    int size;  /* of passages[] */
    struct passage **passages; /* by the number of the socket that they come from */
    unsigned long long passed;
    struct epoll_event events[MOST_EVENTS];
    uint8_t buffer[DATAGRAM_OCTETS];
} Relay;

/* Addresses. */

/* Read (host, port) or (host, port, flow, scope). 1 if it is an address, 0 if not, -1 on an error. */
static int read_address(PyObject *given, union address *address, socklen_t *size)
{
    const char *host;
    int port;
    unsigned int flow = 0, scope = 0;

    memset(address, 0, sizeof *address);
    if (!PyTuple_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "an address is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(given, "si|II", &host, &port, &flow, &scope))
        return -1;
    if (port <= 0 || port > 65535)
        return 0;
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons((uint16_t)port);
        *size = sizeof address->v4;
        return 1;
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons((uint16_t)port);
        address->v6.sin6_flowinfo = htonl(flow);
        address->v6.sin6_scope_id = scope;
        *size = sizeof address->v6;
        return 1;
    }
    return 0;
}

/* An address as Python's own recvfrom() gives it. */
static PyObject *written_address(const union address *address)
{
    char host[INET6_ADDRSTRLEN];

    if (address->any.sa_family == AF_INET) {
        if (inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host) == NULL)
            return PyErr_SetFromErrno(PyExc_OSError);
        return Py_BuildValue("(si)", host, (int)ntohs(address->v4.sin_port));
    }
    if (inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host) == NULL)
        return PyErr_SetFromErrno(PyExc_OSError);
    return Py_BuildValue("(siII)", host, (int)ntohs(address->v6.sin6_port),
                         (unsigned int)ntohl(address->v6.sin6_flowinfo),
                         (unsigned int)address->v6.sin6_scope_id);
}

/* What Python calls. */

static int append_other(PyObject *others, int number, const uint8_t *data, Py_ssize_t size,
                        const union address *source)
{
    PyObject *address = written_address(source), *item;
    int result;

    if (address == NULL)
        return -1;
    item = Py_BuildValue("(iy#N)", number, (const char *)data, size, address);
    if (item == NULL)
        return -1;
    result = PyList_Append(others, item);
    Py_DECREF(item);
    return result;
}

PyDoc_STRVAR(look_doc, "look(now) -> (sockets that had something, [(number, data, source), ...])");

static PyObject *look(PyObject *object, PyObject *given)
{
    Relay *self = (Relay *)object;
    double now = PyFloat_AsDouble(given);
    PyObject *others;
    int found, at;

    if (now == -1.0 && PyErr_Occurred())
        return NULL;
    found = epoll_wait(self->epoll, self->events, MOST_EVENTS, 0);
    if (found < 0) {
        if (errno != EINTR)
            return PyErr_SetFromErrno(PyExc_OSError);
        found = 0;
    }
    others = PyList_New(0);
    if (others == NULL)
        return NULL;
    for (at = 0; at < found; at++) {
        int number = self->events[at].data.fd;
        struct passage *way = number >= 0 && number < self->size ? self->passages[number] : NULL;
        union address source;
        socklen_t source_size = sizeof source;
        ssize_t size = recvfrom(number, self->buffer, DATAGRAM_OCTETS, MSG_DONTWAIT, &source.any,
                                &source_size);

        if (size < 0 || (source.any.sa_family != AF_INET && source.any.sa_family != AF_INET6))
            continue; /* nothing there after all, or an ICMP error of an earlier packet */
        if (way != NULL && pass_on(way, self->buffer, (size_t)size, &source, now)) {
            self->passed++;
        } else if (append_other(others, number, self->buffer, size, &source) < 0) {
            Py_DECREF(others);
            return NULL;
        }
    }
    return Py_BuildValue("(iN)", found, others);
}

/* Make room for the passage of a socket. */
static int make_room(Relay *self, int number)
{
    int size = self->size > 0 ? self->size : 64;
    struct passage **grown;

    if (number < self->size)
        return 0;
    while (size <= number)
        size *= 2;
    grown = realloc(self->passages, (size_t)size * sizeof *grown);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(grown + self->size, 0, (size_t)(size - self->size) * sizeof *grown);
    self->passages = grown;
    self->size = size;
    return 0;
}

/* Read what media/passage.py calls Terms. 1 if they can be kept, 0 if not, -1 on an error. */
static int read_terms(struct passage *way, PyObject *terms, PyObject *destination)
{
    PyObject *source, *laws;
    socklen_t source_size;
    int known;

    if (!PyArg_ParseTuple(terms, "OiiOd(IIIIdd)(IIIIId)", &source, &way->payload_type,
                          &way->payload_type_out, &laws, &way->rate, &way->ssrc,
                          &way->sequence, &way->timestamp, &way->furthest, &way->jitter, &way->at,
                          &way->ssrc_out, &way->sequence_out, &way->timestamp_out,
                          &way->sequence_offset, &way->timestamp_offset, &way->stamped_at))
        return -1;
    if (laws != Py_None) {
        char *table;
        Py_ssize_t size;

        if (PyBytes_AsStringAndSize(laws, &table, &size) < 0)
            return -1;
        if (size != LAWS)
            return 0;
        memcpy(way->laws, table, LAWS);
        way->translated = 1;
    }
    known = read_address(source, &way->source, &source_size);
    if (known == 1)
        known = read_address(destination, &way->destination, &way->destination_size);
    if (known == 1 && (way->payload_type | way->payload_type_out) & ~0x7F)
        known = 0;
    return known;
}

PyDoc_STRVAR(lend_doc, "lend(number, sending, terms, destination) -> whether it is passed on here");

static PyObject *lend(PyObject *object, PyObject *given)
{
    Relay *self = (Relay *)object;
    int number, sending, known;
    PyObject *terms, *destination;
    struct passage *way;

    if (!PyArg_ParseTuple(given, "iiOO", &number, &sending, &terms, &destination))
        return NULL;
    if (!PyTuple_Check(terms)) {
        PyErr_SetString(PyExc_TypeError, "terms are a tuple");
        return NULL;
    }
    if (number < 0 || number >= MOST_FILES || sending < 0) {
        PyErr_SetString(PyExc_ValueError, "no number of a socket");
        return NULL;
    }
    if (make_room(self, number) < 0)
        return NULL;
    if (self->passages[number] != NULL) {
        PyErr_SetString(PyExc_ValueError, "it is lent already");
        return NULL;
    }
    way = calloc(1, sizeof *way);
    if (way == NULL)
        return PyErr_NoMemory();
    way->sending = sending;
    known = read_terms(way, terms, destination);
    if (known != 1) {
        free(way);
        return known < 0 ? NULL : PyBool_FromLong(0);
    }
    self->passages[number] = way;
    return PyBool_FromLong(1);
}

static struct passage *passage_of(Relay *self, PyObject *given, long *number)
{
    *number = PyLong_AsLong(given);
    if (*number == -1 && PyErr_Occurred())
        return NULL;
    if (*number < 0 || *number >= self->size || self->passages[*number] == NULL) {
        PyErr_SetString(PyExc_KeyError, "nothing is lent of this socket");
        return NULL;
    }
    return self->passages[*number];
}

/* What media/passage.py calls Passed. */
static PyObject *counted(const struct passage *way)
{
    return Py_BuildValue("(KKKIIIIddd)", way->packets, way->octets, way->steps, way->sequence,
                         way->timestamp, way->sequence_out, way->timestamp_out, way->jitter, way->at,
                         way->stamped_at);
}

PyDoc_STRVAR(collect_doc, "collect(number) -> what was passed on since it was last told");

static PyObject *collect(PyObject *object, PyObject *given)
{
    Relay *self = (Relay *)object;
    long number;
    struct passage *way = passage_of(self, given, &number);
    PyObject *told = way == NULL ? NULL : counted(way);

    if (told != NULL)
        way->packets = way->octets = way->steps = 0;
    return told;
}

PyDoc_STRVAR(end_doc, "end(number) -> the same, for the last time");

static PyObject *end(PyObject *object, PyObject *given)
{
    Relay *self = (Relay *)object;
    long number;
    struct passage *way = passage_of(self, given, &number);
    PyObject *told = way == NULL ? NULL : counted(way);

    if (told != NULL) {
        self->passages[number] = NULL;
        free(way);
    }
    return told;
}

static PyObject *passed(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((Relay *)object)->passed);
}

/* The type and the module. */

static PyObject *relay_new(PyTypeObject *type, PyObject *given, PyObject *named)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Relay *self;
    int epoll;

    if (named != NULL && PyDict_Size(named) > 0) {
        PyErr_SetString(PyExc_TypeError, "Relay() takes no named arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(given, "i", &epoll))
        return NULL;
    self = (Relay *)allocate(type, 0); /* filled with zeros */
    if (self != NULL)
        self->epoll = epoll;
    return (PyObject *)self;
}

static void relay_dealloc(PyObject *object)
{
    Relay *self = (Relay *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    int number;

    for (number = 0; number < self->size; number++)
        free(self->passages[number]);
    free(self->passages);
    release(object);
    Py_DECREF(type);
}

static PyMethodDef relay_methods[] = {
    {"look", look, METH_O, look_doc},
    {"lend", lend, METH_VARARGS, lend_doc},
    {"collect", collect, METH_O, collect_doc},
    {"end", end, METH_O, end_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef relay_attributes[] = {
    {"passed", passed, NULL, "How many packets were passed on.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot relay_slots[] = {
    {Py_tp_doc, "Relay(epoll): passes on what comes to the sockets of an epoll set."},
    {Py_tp_new, relay_new},
    {Py_tp_dealloc, relay_dealloc},
    {Py_tp_methods, relay_methods},
    {Py_tp_getset, relay_attributes},
    {0, NULL},
};

static PyType_Spec relay_spec = {
    .name = "cordboard.engines.embedded._relay.Relay",
    .basicsize = sizeof(Relay),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = relay_slots,
};

static int execute(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &relay_spec, NULL);
    int result;

    if (type == NULL)
        return -1;
    result = PyModule_AddObjectRef(module, "Relay", type);
    Py_DECREF(type);
    return result < 0 ? -1 : PyModule_AddIntConstant(module, "REVISION", REVISION);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_relay",
    .m_doc = "Passes on packets of audio without Python.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__relay(void) { return PyModuleDef_Init(&module); }
