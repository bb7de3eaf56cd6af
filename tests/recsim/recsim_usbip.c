// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recsim-usbip: simulated recorders behind USB/IP (Documentation/usb/usbip_protocol.rst of the kernel), so
 * that a real kernel with vhci_hcd can attach them and everything above it is real.
 *
 *      recsim-usbip [--address A] [--port N] "NAME key=value …" …
 *
 * Prints "port N" when it listens (0 lets the kernel choose). One thread: messages are read whole, and
 * answers written whole, with a bound on the time. Each recorder serves one importer at a time.
 */

#include "recsim_buffer.h"
#include "recsim.h"
#include "recsim_plug.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define USBIP_VERSION 0x0111
#define EXPORTS_MAX   16
#define VISITORS_MAX  8
#define URB_MAX       (16u * 1024 * 1024)
#define IO_SECONDS    10

enum {
        OP_REQ_DEVLIST = 0x8005,
        OP_REP_DEVLIST = 0x0005,
        OP_REQ_IMPORT = 0x8003,
        OP_REP_IMPORT = 0x0003,
        CMD_SUBMIT = 1,
        CMD_UNLINK = 2,
        RET_SUBMIT = 3,
        RET_UNLINK = 4,
};

/* A transfer that waits for the recorder. */
struct waiting {
        struct waiting *next;
        uint32_t seqnum;
        uint32_t endpoint;
        bool in;
        uint32_t size;
        uint8_t *data; /* for the recorder; owned */
};

struct export
{
        char name[RECSIM_NAME_MAX];
        char busid[32];
        struct recsim *sim;
        int fd; /* of the importer, -EBADF none */
        struct waiting *waiting;
};

struct server {
        int listener;
        struct export exports[EXPORTS_MAX];
        size_t n;
        int visitors[VISITORS_MAX]; /* connections that have not imported anything */
};

static bool io_send(int fd, const void *data, size_t n)
{
        const uint8_t *p = data;

        while (n > 0) {
                ssize_t r = send(fd, p, n, MSG_NOSIGNAL);

                if (r <= 0)
                        return false;
                p += r;
                n -= (size_t)r;
        }
        return true;
}

static bool io_receive(int fd, void *data, size_t n)
{
        return n == 0 || recv(fd, data, n, MSG_WAITALL) == (ssize_t)n;
}

static void put_padded(struct recsim_buffer *b, const char *text, size_t size)
{
        char field[256] = "";

        (void)snprintf(field, sizeof(field), "%s", text);
        recsim_put_bytes(b, field, size);
}

/* The device as both replies have it (struct usbip_usb_device). */
static void put_device(struct recsim_buffer *b, const struct export *e)
{
        const struct recsim_profile *p = &e->sim->profile;
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];
        uint32_t number = (uint32_t)strtoul(strchr(e->busid, '-') + 1, NULL, 10);
        char path[128];

        (void)snprintf(path, sizeof(path), "/sys/devices/recsim/%s", e->busid);
        put_padded(b, path, 256);
        put_padded(b, e->busid, 32);
        recsim_put_be32(b, 1);
        recsim_put_be32(b, number + 1);
        recsim_put_be32(b, (uint32_t)p->speed);
        recsim_put_be16(b, (uint16_t)p->vendor);
        recsim_put_be16(b, recsim_product(e->sim));
        recsim_put_be16(b, 0x0100);
        /* Class, subclass, protocol: by interface; then configuration in use, configurations, interfaces. */
        recsim_put_bytes(b, (const uint8_t[]){0, 0, 0, 1, 1}, 5);
        recsim_put_u8(b, interfaces[recsim_interfaces(e->sim, interfaces) - 1].number + 1);
}

static void put_interfaces(struct recsim_buffer *b, const struct export *e)
{
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];
        size_t n = recsim_interfaces(e->sim, interfaces);

        for (size_t i = 0; i < n; i++) {
                const struct recsim_interface *one = &interfaces[i];

                if (one->alternate == 0)
                        recsim_put_bytes(b, (const uint8_t[]){one->class, one->subclass, one->protocol, 0},
                                         4);
        }
}

static void put_reply(struct recsim_buffer *b, uint16_t code, uint32_t status)
{
        recsim_put_be16(b, USBIP_VERSION);
        recsim_put_be16(b, code);
        recsim_put_be32(b, status);
}

static bool answer_list(struct server *s, int fd)
{
        struct recsim_buffer b = {0};
        uint32_t n = 0;
        bool ok;

        for (size_t i = 0; i < s->n; i++)
                n += !s->exports[i].sim->gone;
        put_reply(&b, OP_REP_DEVLIST, 0);
        recsim_put_be32(&b, n);
        for (size_t i = 0; i < s->n; i++) {
                if (!s->exports[i].sim->gone) {
                        put_device(&b, &s->exports[i]);
                        put_interfaces(&b, &s->exports[i]);
                }
        }
        ok = io_send(fd, b.data, b.size);
        recsim_buffer_clear(&b);
        return ok;
}

/* Gives the connection to the recorder asked for; false ends the connection. */
static bool answer_import(struct server *s, int fd)
{
        struct recsim_buffer b = {0};
        struct export *found = NULL;
        char busid[33] = "";
        bool ok;

        if (!io_receive(fd, busid, 32))
                return false;
        for (size_t i = 0; i < s->n; i++) {
                struct export *e = &s->exports[i];

                if (strcmp(e->busid, busid) == 0 && e->fd < 0 && !e->sim->gone)
                        found = e;
        }
        put_reply(&b, OP_REP_IMPORT, found ? 0 : 1);
        if (found)
                put_device(&b, found);
        ok = io_send(fd, b.data, b.size);
        recsim_buffer_clear(&b);
        if (ok && found) {
                recsim_reset(found->sim);
                found->fd = fd;
        }
        return ok && found;
}

/* One request before an import. False: the connection is over, or has become an importer's. */
static bool visitor_serve(struct server *s, int fd, bool *ret_imported)
{
        uint8_t header[8];
        uint16_t code;

        *ret_imported = false;
        if (!io_receive(fd, header, sizeof(header)))
                return false;
        code = (uint16_t)(header[2] << 8 | header[3]);
        if (code == OP_REQ_DEVLIST)
                return answer_list(s, fd);
        if (code == OP_REQ_IMPORT)
                *ret_imported = answer_import(s, fd);
        return false;
}

/* --- transfers
 * ---------------------------------------------------------------------------------------------- */

static void put_return(struct recsim_buffer *b, uint32_t command, uint32_t seqnum, int status,
                       uint32_t actual)
{
        recsim_put_be32(b, command);
        recsim_put_be32(b, seqnum);
        recsim_put_be32(b, 0);
        recsim_put_be32(b, 0);
        recsim_put_be32(b, 0);
        recsim_put_be32(b, (uint32_t)status);
        recsim_put_be32(b, actual);
        for (int i = 0; i < 5; i++)
                recsim_put_be32(b, 0);
}

static bool submit_return(struct export *e, uint32_t seqnum, int status, uint32_t actual, const void *data,
                          size_t n)
{
        struct recsim_buffer b = {0};
        bool ok;

        put_return(&b, RET_SUBMIT, seqnum, status, actual);
        recsim_put_bytes(&b, data, n);
        ok = io_send(e->fd, b.data, b.size);
        recsim_buffer_clear(&b);
        return ok;
}

static void waiting_free(struct waiting *w)
{
        free(w->data);
        free(w);
}

/* Gives the recorder what it is sent. False: not now. */
static bool waiting_feed(struct export *e, const struct waiting *w, bool *ret_ok)
{
        int r = w->endpoint == RECSIM_ENDPOINT_OUT ? recsim_bulk_out(e->sim, w->data, w->size) : -EPIPE;

        if (r == -EAGAIN)
                return false;
        *ret_ok = submit_return(e, w->seqnum, r, r < 0 ? 0 : w->size, NULL, 0);
        return true;
}

/* Completes one transfer when the recorder is ready for it. False: it goes on waiting. */
static bool waiting_complete(struct export *e, const struct waiting *w, bool *ret_ok)
{
        struct recsim_reading plan = {0};
        _cleanup_free_ uint8_t *data = NULL;

        if (!w->in)
                return waiting_feed(e, w, ret_ok);

        if (w->endpoint == (RECSIM_ENDPOINT_EVENT & 0x0F)) {
                uint8_t event[64];
                size_t n = recsim_interrupt_in(e->sim, event, MIN(w->size, sizeof(event)));

                if (n == 0)
                        return false;
                *ret_ok = submit_return(e, w->seqnum, 0, (uint32_t)n, event, n);
                return true;
        }
        if (!recsim_bulk_in_plan(e->sim, w->size, &plan))
                return false;
        data = recsim_alloc(plan.size);
        recsim_bulk_in_fill(e->sim, w->size, &plan, data);
        *ret_ok = submit_return(e, w->seqnum, plan.status, (uint32_t)plan.size, data, plan.size);
        return true;
}

/* Completes what can be, in order per endpoint; *ret_progress when anything could. False: the connection is
 * over. */
static bool pump_once(struct export *e, bool *ret_progress)
{
        bool blocked[2][16] = {{false}};
        bool ok = true;

        *ret_progress = false;
        for (struct waiting **p = &e->waiting; ok && *p;) {
                struct waiting *w = *p;
                bool *stop = &blocked[w->in][w->endpoint & 0x0F];

                if (*stop || !waiting_complete(e, w, &ok)) {
                        *stop = true;
                        p = &w->next;
                        continue;
                }
                *ret_progress = true;
                *p = w->next;
                waiting_free(w);
        }
        return ok;
}

static size_t count_waiting_out(const struct export *e)
{
        size_t n = 0;

        for (const struct waiting *w = e->waiting; w; w = w->next)
                n += !w->in;
        return n;
}

/* What one direction was given may be what the other one waited for. */
static bool export_pump(struct export *e)
{
        bool progress = true;
        bool ok = true;

        while (ok && progress)
                ok = pump_once(e, &progress);
        recsim_note_waiting(e->sim, count_waiting_out(e));
        return ok && !e->sim->gone;
}

static void export_wait(struct export *e, const struct waiting *model)
{
        struct waiting *w = recsim_alloc(sizeof(*w));
        struct waiting **last = &e->waiting;

        *w = *model;
        while (*last)
                last = &(*last)->next;
        *last = w;
}

static bool submit_control(struct export *e, uint32_t seqnum, bool in, uint32_t size, const uint8_t *setup,
                           uint8_t *data)
{
        int r = size < recsim_get_u16(setup + 6) ? -EPIPE : recsim_control(e->sim, setup, data);

        return submit_return(e, seqnum, MIN(r, 0), (uint32_t)MAX(r, 0), data, in && r > 0 ? (size_t)r : 0);
}

static bool submit_serve(struct export *e, const uint8_t *message)
{
        uint32_t seqnum = recsim_get_be32(message + 4);
        bool in = recsim_get_be32(message + 12) != 0;
        uint32_t endpoint = recsim_get_be32(message + 16);
        uint32_t size = recsim_get_be32(message + 24);
        _cleanup_free_ uint8_t *data = NULL;
        struct waiting w = {.seqnum = seqnum, .endpoint = endpoint, .in = in, .size = size};

        if (size > URB_MAX)
                return false;
        data = recsim_alloc(size);
        if (!in && !io_receive(e->fd, data, size))
                return false;
        if (endpoint == 0)
                return submit_control(e, seqnum, in, size, message + 40, data);
        if (!in)
                w.data = TAKE_PTR(data);
        export_wait(e, &w);
        return true;
}

static bool unlink_serve(struct export *e, const uint8_t *message)
{
        uint32_t wanted = recsim_get_be32(message + 20);
        struct recsim_buffer b = {0};
        int status = 0;
        bool ok;

        for (struct waiting **p = &e->waiting; *p; p = &(*p)->next) {
                if ((*p)->seqnum == wanted) {
                        struct waiting *w = *p;

                        *p = w->next;
                        waiting_free(w);
                        status = -ECONNRESET;
                        break;
                }
        }
        put_return(&b, RET_UNLINK, recsim_get_be32(message + 4), status, 0);
        ok = io_send(e->fd, b.data, b.size);
        recsim_buffer_clear(&b);
        return ok;
}

static bool export_serve(struct export *e)
{
        uint8_t message[48];

        if (!io_receive(e->fd, message, sizeof(message)))
                return false;
        if (recsim_get_be32(message) == CMD_SUBMIT)
                return submit_serve(e, message);
        return recsim_get_be32(message) == CMD_UNLINK && unlink_serve(e, message);
}

/* It can be imported again as what it is. */
static void export_return(struct export *e)
{
        struct recsim_profile profile = e->sim->profile;
        struct recsim *back = NULL;
        char why[RECSIM_WHY_MAX] = "";

        profile.vendor_mode = false;
        if (recsim_new(&back, &profile, &e->sim->faults, why) < 0) {
                (void)fprintf(stderr, "recsim-usbip: %s: %s\n", e->name, why);
                return;
        }
        recsim_free(e->sim);
        e->sim = back;
}

static void export_detach(struct export *e)
{
        e->fd = fd_close(e->fd);
        while (e->waiting) {
                struct waiting *w = e->waiting;

                e->waiting = w->next;
                waiting_free(w);
        }
        if (e->sim->returns)
                export_return(e);
}

/* --- the server
 * --------------------------------------------------------------------------------------------- */

static int listener_open(const char *address, uint16_t port)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
        socklen_t size = sizeof(a);
        int fd;

        if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
                return -EINVAL;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 8) < 0 ||
            getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
                int r = -errno;

                (void)close(fd);
                return r;
        }
        (void)printf("port %u\n", ntohs(a.sin_port));
        (void)fflush(stdout);
        return fd;
}

static void server_accept(struct server *s)
{
        struct timeval bound = {.tv_sec = IO_SECONDS};
        int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
                return;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        for (size_t i = 0; i < VISITORS_MAX; i++) {
                if (s->visitors[i] < 0) {
                        s->visitors[i] = fd;
                        return;
                }
        }
        (void)close(fd);
}

static void server_visitor(struct server *s, size_t i)
{
        bool imported = false;

        if (visitor_serve(s, s->visitors[i], &imported))
                return;
        s->visitors[i] = imported ? -EBADF : fd_close(s->visitors[i]);
}

/* Milliseconds until a recorder wants to be asked again; -1 none. */
static int server_timeout(const struct server *s)
{
        int64_t first = -1;

        for (size_t i = 0; i < s->n; i++) {
                int64_t at = s->exports[i].waiting ? recsim_wakeup(s->exports[i].sim) : -1;

                if (at >= 0 && (first < 0 || at < first))
                        first = at;
        }
        return first < 0 ? -1 : (int)MAX((first - recsim_now()) / 1000 + 1, 0);
}

static void server_turn(struct server *s)
{
        struct pollfd p[1 + VISITORS_MAX + EXPORTS_MAX];
        size_t imported = 1 + VISITORS_MAX;

        p[0] = (struct pollfd){.fd = s->listener, .events = POLLIN};
        for (size_t i = 0; i < VISITORS_MAX; i++)
                p[1 + i] = (struct pollfd){.fd = s->visitors[i], .events = POLLIN};
        for (size_t i = 0; i < s->n; i++)
                p[imported + i] = (struct pollfd){.fd = s->exports[i].fd, .events = POLLIN};
        if (poll(p, imported + s->n, server_timeout(s)) < 0)
                return;
        for (size_t i = 0; i < s->n; i++) {
                struct export *e = &s->exports[i];

                if (e->fd >= 0 && ((p[imported + i].revents && !export_serve(e)) || !export_pump(e)))
                        export_detach(e);
        }
        for (size_t i = 0; i < VISITORS_MAX; i++) {
                if (p[1 + i].fd >= 0 && p[1 + i].revents)
                        server_visitor(s, i);
        }
        if (p[0].revents)
                server_accept(s);
}

static int export_add(struct server *s, char *line)
{
        struct export *e = &s->exports[s->n];
        struct recsim_profile profile;
        struct recsim_faults faults;
        char why[RECSIM_WHY_MAX] = "expected a name";
        char *words[RECSIM_WORDS_MAX];
        int n = recsim_words_split(line, words);
        int r = n < 1 ? -EINVAL : recsim_plug_parse(words + 1, n - 1, &profile, &faults, why);

        if (r == 0)
                r = recsim_new(&e->sim, &profile, &faults, why);
        if (r < 0) {
                (void)fprintf(stderr, "recsim-usbip: %s: %s\n", n > 0 ? words[0] : "", why);
                return r;
        }
        (void)snprintf(e->name, sizeof(e->name), "%s", words[0]);
        (void)snprintf(e->busid, sizeof(e->busid), "1-%zu", s->n + 1);
        e->fd = -EBADF;
        s->n++;
        return 0;
}

static int port_parse(const char *text, uint16_t *ret)
{
        char *end = NULL;
        unsigned long v = strtoul(text, &end, 10);

        if (end == text || *end || v > UINT16_MAX) {
                (void)fprintf(stderr, "recsim-usbip: --port='%s': expected a number up to 65535\n", text);
                return -EINVAL;
        }
        *ret = (uint16_t)v;
        return 0;
}

static int options_parse(int argc, char **argv, const char **ret_address, uint16_t *ret_port)
{
        static const struct option longs[] = {{"address", required_argument, NULL, 'a'},
                                              {"port", required_argument, NULL, 'p'},
                                              {0}};
        int c;

        while ((c = getopt_long(argc, argv, "+", longs, NULL)) >= 0) {
                if (c == 'a')
                        *ret_address = optarg;
                else if (c != 'p' || port_parse(optarg, ret_port) < 0)
                        return -EINVAL;
        }
        if (optind == argc || argc - optind > EXPORTS_MAX) {
                (void)fputs("recsim-usbip [--address A] [--port N] \"NAME key=value …\" …\n", stderr);
                return -EINVAL;
        }
        return 0;
}

int main(int argc, char **argv)
{
        struct server s = {.listener = -EBADF};
        const char *address = "127.0.0.1";
        uint16_t port = 3240;

        if (options_parse(argc, argv, &address, &port) < 0)
                return 2;
        for (size_t i = 0; i < VISITORS_MAX; i++)
                s.visitors[i] = -EBADF;
        for (int i = optind; i < argc; i++) {
                if (export_add(&s, argv[i]) < 0)
                        return EXIT_FAILURE;
        }
        s.listener = listener_open(address, port);
        if (s.listener < 0) {
                (void)fprintf(stderr, "recsim-usbip: %s port %u: %s\n", address, port,
                              strerror(-s.listener));
                return EXIT_FAILURE;
        }
        for (;;)
                server_turn(&s);
}
