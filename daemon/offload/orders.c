// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Receiving orders; see orders.h. recdockd is trusted to be honest, not to be free of bugs: a message that
 * breaks the contract ends the worker with a word on what was wrong, since going on could mean writing into
 * the wrong part.
 */
#include "daemon/offload/orders.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/message.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

enum { GLANCE_USEC = 10 * 1000 };

void orders_init(struct orders *o, int socket, int signal_fd)
{
        *o = (struct orders){.socket = socket, .signal_fd = signal_fd};
}

void orders_done(struct orders *o)
{
        struct order order;

        while (orders_next(o, &order))
                (void)fd_close(order.fd);
}

bool orders_over(const struct orders *o)
{
        return o->close || o->terminate || o->abandoned || o->refused;
}

bool orders_interrupt(const struct orders *o)
{
        return orders_over(o) || (o->reading && o->cancel);
}

bool orders_next(struct orders *o, struct order *ret)
{
        if (o->n == 0)
                return false;
        *ret = o->queue[o->first];
        o->first = (o->first + 1) % ORDERS_MAX;
        o->n--;
        o->fetches -= ret->type == OFFLOAD_FETCH;
        return true;
}

bool orders_next_is_fetch(const struct orders *o)
{
        return o->n > 0 && o->queue[o->first].type == OFFLOAD_FETCH;
}

void orders_cancel_fetches(struct orders *o)
{
        for (unsigned int i = 0; i < o->n; i++) {
                struct order *order = &o->queue[(o->first + i) % ORDERS_MAX];

                order->cancelled |= order->type == OFFLOAD_FETCH;
        }
}

__attribute__((format(printf, 2, 3))) static void refuse(struct orders *o, const char *format, ...)
{
        va_list ap;

        o->refused = true;
        va_start(ap, format);
        (void)vsnprintf(o->complaint, sizeof(o->complaint), format, ap);
        va_end(ap);
}

/* A part is written with pwrite(2), which O_APPEND would send to the end of the file, and read again to
 * resume. */
static bool part_usable(int fd)
{
        int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

        return flags >= 0 && (flags & O_ACCMODE) == O_RDWR && !(flags & (O_APPEND | O_PATH));
}

static bool fetch_check(struct orders *o, const struct offload_fetch *f, int fd)
{
        if (o->fetches >= OFFLOAD_FETCH_MAX)
                refuse(o, "FETCH of item %" PRIu64 ": %d are waiting already", f->item, OFFLOAD_FETCH_MAX);
        else if (!part_usable(fd))
                refuse(o, "FETCH of item %" PRIu64 ": expected a descriptor open for reading and writing",
                       f->item);
        else if (f->size < -1)
                refuse(o, "FETCH of item %" PRIu64 ": size %" PRId64 ", expected -1 or more", f->item,
                       f->size);
        else if (f->offset < 0 || (f->size >= 0 && f->offset > f->size))
                refuse(o, "FETCH of item %" PRIu64 ": offset %" PRId64 ", expected 0 to the size, %" PRId64,
                       f->item, f->offset, f->size);
        else if (f->with_sm3 > 1 || f->has_prefix > 1)
                refuse(o, "FETCH of item %" PRIu64 ": flags %" PRIu32 " and %" PRIu32 ", expected 0 or 1",
                       f->item, f->with_sm3, f->has_prefix);
        return !o->refused;
}

/* Is 'text' of this form, where 0 stands for a digit and + for a sign? */
static bool has_form(const char *text, const char *form)
{
        for (; *form; text++, form++) {
                bool digit = isdigit((unsigned char)*text) != 0, sign = *text == '+' || *text == '-';

                if (*form == '0' ? !digit : *form == '+' ? !sign : *text != *form)
                        return false;
        }
        return *text == '\0';
}

/* As of ISO 15740 section 5.3.5.1, terminated within the field. Read here and not by base/clock.h, which may
 * ask for the files of a zone: this process can open none. */
static bool clock_check(struct orders *o, const struct offload_set_clock *c)
{
        static const char *const forms[] = {"00000000T000000", "00000000T000000Z", "00000000T000000+0000",
                                            "00000000T000000+00:00"};
        bool valid = false;

        for (size_t i = 0; i < ELEMENTSOF(forms) && memchr(c->text, '\0', sizeof(c->text)); i++)
                valid = valid || has_form(c->text, forms[i]);
        if (!valid)
                refuse(o, "SET_CLOCK: '%.*s', expected YYYYMMDDThhmmss, with a zone or without",
                       (int)sizeof(c->text), c->text);
        return valid;
}

static void enqueue(struct orders *o, const struct order *order)
{
        if (o->n == ORDERS_MAX) {
                (void)fd_close(order->fd);
                refuse(o, "message %" PRIu32 ": %d orders are waiting already", order->type, ORDERS_MAX);
                return;
        }
        o->queue[(o->first + o->n) % ORDERS_MAX] = *order;
        o->n++;
        o->fetches += order->type == OFFLOAD_FETCH;
}

/* Copies the payload when it has the size of its type. */
static bool payload_take(struct orders *o, const struct message *m, void *ret, size_t size)
{
        const void *payload = message_payload(m, size);

        if (payload)
                memcpy(ret, payload, size);
        else
                refuse(o, "message %" PRIu32 " of %" PRIu32 " bytes, expected %zu", m->type, m->size, size);
        return payload != NULL;
}

static void take_order(struct orders *o, struct message *m)
{
        struct order order = {.type = m->type, .fd = -EBADF};
        bool valid;

        switch (m->type) {
        case OFFLOAD_LIST:
                valid = payload_take(o, m, &order.fetch, 0);
                break;
        case OFFLOAD_FETCH:
                valid = payload_take(o, m, &order.fetch, sizeof(order.fetch)) &&
                        fetch_check(o, &order.fetch, m->fd);
                if (valid)
                        order.fd = TAKE_FD(m->fd);
                break;
        case OFFLOAD_REMOVE:
                valid = payload_take(o, m, &order.remove, sizeof(order.remove));
                break;
        default:
                valid = payload_take(o, m, &order.set_clock, sizeof(order.set_clock)) &&
                        clock_check(o, &order.set_clock);
                break;
        }
        if (valid)
                enqueue(o, &order);
}

static void take_message(struct orders *o, struct message *m)
{
        switch (m->type) {
        case OFFLOAD_LIST:
        case OFFLOAD_FETCH:
        case OFFLOAD_REMOVE:
        case OFFLOAD_SET_CLOCK:
                take_order(o, m);
                break;
        case OFFLOAD_CANCEL:
                o->cancel = o->reading;
                orders_cancel_fetches(o);
                break;
        case OFFLOAD_CLOSE:
                o->close = true;
                orders_cancel_fetches(o);
                break;
        default:
                refuse(o, "message %" PRIu32 ", which is no order", m->type);
        }
}

/* Takes one message, if there is one. Returns whether there may be more. */
static bool socket_take(struct orders *o)
{
        struct message m = {.fd = -EBADF};
        int r = message_receive(o->socket, &m, 0);

        if (r == MESSAGE_CLOSED)
                o->abandoned = true;
        else if (r < 0)
                refuse(o, "malformed packet: %s", log_errno_text(r));
        else if (r == MESSAGE_RECEIVED)
                take_message(o, &m);
        message_done(&m);
        return r == MESSAGE_RECEIVED && !orders_over(o);
}

void orders_receive(struct orders *o, int timeout_ms)
{
        struct pollfd p[2] = {
                        {.fd = o->socket, .events = POLLIN},
                        {.fd = o->signal_fd, .events = POLLIN}, /* poll(2) skips a negative one */
        };
        int n = poll(p, 2, orders_over(o) ? 0 : timeout_ms);

        o->seen_at = clock_monotonic();
        if (n <= 0)
                return;
        /* The signal stays readable: it is never consumed, it only ends the worker. */
        if (p[1].revents)
                o->terminate = true;
        /* A message that was sent before the other end closed is still taken; ORDERS_MAX and one bound the
         * burst. */
        for (int i = 0; p[0].revents && i <= ORDERS_MAX && socket_take(o); i++)
                ;
}

void orders_glance(struct orders *o)
{
        if (clock_monotonic() - o->seen_at >= GLANCE_USEC)
                orders_receive(o, 0);
}
