// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_link.h. */
#include "daemon/medium_link.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/medium/medium_request.h"
#include "daemon/station.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

/* Each is longer than recdock-medium gives itself, but the last: a slow card that has much to write. */
static const uint64_t open_timeout = 90 * USEC_PER_SEC, make_timeout = 1000 * USEC_PER_SEC,
                      close_timeout = 660 * USEC_PER_SEC;

enum link_state {
        LINK_OPENING,
        LINK_OPEN,
        LINK_CLOSING,
        LINK_MAKING,
        LINK_ENDED, /* its last callback is running */
};

struct medium_link {
        enum link_state state;
        int socket;
        sd_event *event;
        sd_event_source *io, *timer;
        char uuid[MEDIUM_UUID_MAX];
        struct medium_facts facts;
        char why[MEDIUM_WHY_MAX];
        medium_opened_fn *on_opened;
        medium_released_fn *on_released;
        medium_made_fn *on_made;
        void *userdata;
};

static void link_destroy(struct medium_link *l)
{
        sd_event_source_disable_unref(l->io);
        sd_event_source_disable_unref(l->timer);
        (void)fd_close(l->socket);
        sd_event_unref(l->event);
        free(l);
}

void medium_link_free(struct medium_link *l)
{
        if (l && l->state != LINK_ENDED)
                link_destroy(l);
}

DEFINE_CLEANUP(struct medium_link *, medium_link_free);

/* The last callback: what it does with the link is of no effect. */
static void link_end(struct medium_link *l, int error)
{
        enum link_state state = l->state;

        l->state = LINK_ENDED;
        if (state == LINK_OPENING)
                l->on_opened(l->userdata, error, -EBADF);
        else if (state == LINK_MAKING)
                l->on_made(l->userdata, error, error < 0 ? NULL : &l->facts);
        else if (l->on_released)
                l->on_released(l->userdata, error);
        link_destroy(l);
}

/* --- what recdock-medium says --- */

#define TEXT_ENDS(field) (memchr((field), '\0', sizeof(field)) != NULL)

static int facts_take(struct medium_link *l, const struct message *m)
{
        const struct medium_facts *f = message_payload(m, sizeof(*f));

        if (!f || !TEXT_ENDS(f->uuid) || !TEXT_ENDS(f->type) || !TEXT_ENDS(f->serial) ||
            !TEXT_ENDS(f->port) || !medium_uuid_is_valid(f->uuid))
                return -EBADMSG;
        l->facts = *f;
        text_make_printable(l->facts.type);
        text_make_printable(l->facts.serial);
        text_make_printable(l->facts.port);
        return 0;
}

static int opened_take(struct medium_link *l, struct message *m)
{
        struct stat st;
        int r = facts_take(l, m);

        if (r < 0)
                return r;
        if (strcmp(l->facts.uuid, l->uuid) != 0 || m->fd < 0 || fstat(m->fd, &st) < 0 ||
            !S_ISDIR(st.st_mode))
                return -EBADMSG;
        l->state = LINK_OPEN;
        r = sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        l->on_opened(l->userdata, 0, TAKE_FD(m->fd));
        return 1;
}

static int failed_take(struct medium_link *l, const struct message *m)
{
        const struct medium_failed *f = message_payload(m, sizeof(*f));

        if (!f || !TEXT_ENDS(f->text) || f->error >= 0)
                return -EBADMSG;
        (void)text_copy(l->why, sizeof(l->why), f->text);
        text_make_printable(l->why);
        return f->error;
}

/* 1: it goes on, and whoever was told may have ended it. Else it ends, with 0 or a negative errno. */
static int link_dispatch(struct medium_link *l, struct message *m)
{
        const struct medium_closed *closed;

        switch (m->type) {
        case MEDIUM_OPENED:
                return l->state == LINK_OPENING ? opened_take(l, m) : -EBADMSG;
        case MEDIUM_INITIALISED:
                return l->state == LINK_MAKING ? facts_take(l, m) : -EBADMSG;
        case MEDIUM_REFUSED:
                return l->state == LINK_OPENING || l->state == LINK_MAKING ? failed_take(l, m) : -EBADMSG;
        case MEDIUM_CLOSED:
                closed = message_payload(m, sizeof(*closed));
                if (!closed || closed->error > 0)
                        return -EBADMSG;
                if (l->state == LINK_CLOSING)
                        return closed->error;
                return l->state == LINK_OPEN && closed->error < 0 ? closed->error : -EBADMSG;
        default:
                return -EBADMSG;
        }
}

/* One message at a time: its callback may have ended the link. */
static int link_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct medium_link *l = userdata;
        struct message m = {.fd = -EBADF};
        int r = message_receive(fd, &m, 0);

        if (r == MESSAGE_NONE)
                return 0;
        r = r == MESSAGE_RECEIVED ? link_dispatch(l, &m) : r < 0 ? r : -EPIPE;
        message_done(&m);
        if (r <= 0)
                link_end(l, r);
        return 0;
}

static int link_on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        link_end(userdata, -ETIMEDOUT);
        return 0;
}

/* --- what it is asked --- */

static int link_start(struct medium_link *l, uint32_t type, const void *request, size_t size,
                      uint64_t timeout)
{
        const char *path = getenv("RECDOCK_MEDIUM_SOCKET"); /* for tests */
        int r = l->socket = message_connect(path ? path : MEDIUM_SOCKET);

        if (r >= 0)
                r = message_send(l->socket, type, request, size, -EBADF, 0);
        if (r >= 0)
                r = sd_event_add_io(l->event, &l->io, l->socket, EPOLLIN, link_on_io, l);
        if (r >= 0)
                r = sd_event_source_set_priority(l->io, PRIORITY_WORKER);
        if (r >= 0)
                r = sd_event_add_time_relative(l->event, &l->timer, CLOCK_MONOTONIC, timeout, 0,
                                               link_on_timeout, l);
        return MIN(r, 0);
}

static struct medium_link *link_new(sd_event *event, enum link_state state, void *userdata)
{
        struct medium_link *l = calloc(1, sizeof(*l));

        if (!l)
                return NULL;
        l->state = state;
        l->socket = -EBADF;
        l->event = sd_event_ref(event);
        l->userdata = userdata;
        return l;
}

int medium_link_open(struct medium_link **ret, sd_event *event, const char *uuid,
                     medium_opened_fn *on_opened, void *userdata)
{
        _cleanup_(medium_link_freep) struct medium_link *l = NULL;
        struct medium_open request = {0};
        int r;

        if (!medium_uuid_is_valid(uuid))
                return -EINVAL;
        l = link_new(event, LINK_OPENING, userdata);
        if (!l)
                return -ENOMEM;
        l->on_opened = on_opened;
        (void)text_copy(l->uuid, sizeof(l->uuid), uuid);
        (void)text_copy(request.uuid, sizeof(request.uuid), uuid);
        r = link_start(l, MEDIUM_OPEN, &request, sizeof(request), open_timeout);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

int medium_link_init(struct medium_link **ret, sd_event *event, const struct medium_init *request,
                     medium_made_fn *on_made, void *userdata)
{
        _cleanup_(medium_link_freep) struct medium_link *l = NULL;
        int r = medium_init_check(request);

        if (r < 0)
                return r;
        l = link_new(event, LINK_MAKING, userdata);
        if (!l)
                return -ENOMEM;
        l->on_made = on_made;
        r = link_start(l, MEDIUM_INIT, request, sizeof(*request), make_timeout);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

void medium_link_on_released(struct medium_link *l, medium_released_fn *on_released)
{
        l->on_released = on_released;
}

/* What cannot be sent is told when the loop comes to it: the peer is gone then, or the timer goes off. */
void medium_link_close(struct medium_link *l)
{
        if (l->state == LINK_OPENING || l->state == LINK_MAKING) {
                link_destroy(l);
                return;
        }
        if (l->state != LINK_OPEN)
                return;
        l->state = LINK_CLOSING;
        (void)message_send(l->socket, MEDIUM_CLOSE, NULL, 0, -EBADF, 0);
        (void)sd_event_source_set_time_relative(l->timer, close_timeout);
        (void)sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

const struct medium_facts *medium_link_facts(const struct medium_link *l)
{
        return &l->facts;
}

const char *medium_link_why(const struct medium_link *l)
{
        return l->why;
}
