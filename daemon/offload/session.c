// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The conversation; see session.h. Orders are done one after the other. After each one the session looks
 * whether it is over: closed by recdockd, ended by a signal, left alone, or without a recorder.
 */
#include "daemon/offload/session.h"

#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/offload/report.h"
#include "daemon/offload/session_state.h"

#include <string.h>

int session_new(struct session **ret, int socket, int signal_fd)
{
        struct session *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->socket = socket;
        for (size_t i = 0; i < ELEMENTSOF(s->fetches); i++)
                s->fetches[i] = (struct fetch){.session = s, .fd = -EBADF};
        orders_init(&s->orders, socket, signal_fd);
        *ret = s;
        return 0;
}

int session_threads(struct session *s)
{
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(s->fetches) && r == 0; i++) {
                struct part_events events = fetch_part_events;

                events.userdata = &s->fetches[i];
                r = part_writer_new(&s->fetches[i].writer, &events);
        }
        return r;
}

void session_free(struct session *s)
{
        if (!s)
                return;
        for (size_t i = 0; i < ELEMENTSOF(s->fetches); i++) {
                part_writer_free(s->fetches[i].writer);
                (void)fd_close(s->fetches[i].fd);
        }
        orders_done(&s->orders);
        free(s);
}

bool session_cancelled(void *userdata)
{
        struct session *s = userdata;

        orders_glance(&s->orders);
        fetch_settle_finished(s);
        return s->leaving ? s->orders.abandoned : orders_interrupt(&s->orders);
}

void session_notice(void *userdata, int priority, const char *text)
{
        struct session *s = userdata;

        (void)report_notice(s->socket, priority, "%s", text);
}

/* Answers every FETCH that waits. */
static void fetches_decline(struct session *s)
{
        struct order order;

        orders_receive(&s->orders, 0); /* one may have come since the last look */
        while (orders_next(&s->orders, &order)) {
                if (order.type == OFFLOAD_FETCH)
                        fetch_decline(s, &order.fetch, RECORDER_CANCELLED);
                (void)fd_close(order.fd);
        }
}

static int session_fail(struct session *s, int result, const char *doing)
{
        int outcome = report_outcome(result);
        char text[OFFLOAD_NOTICE_MAX];

        fetches_decline(s);
        (void)snprintf(text, sizeof(text), "%s%s%s", doing, result < 0 ? ": " : "",
                       result < 0 ? log_errno_text(result) : "");
        (void)report_failed(s->socket, outcome, MIN(result, 0), text);
        return SESSION_FAILED;
}

/* Outcomes after which nothing more can be had from this recorder in this docking. */
static bool outcome_is_final(int result)
{
        return result == RECORDER_GONE || result == RECORDER_LOCKED;
}

/* --- verbs
 * ---------------------------------------------------------------------------------------------------------
 */

static int session_on_item(void *userdata, const struct recorder_item *item)
{
        struct session *s = userdata;

        if (session_cancelled(s))
                return RECORDER_CANCELLED;
        inject_point("offload-listing");
        if (report_send(s->socket, OFFLOAD_ITEM, item, sizeof(*item)) < 0) {
                s->orders.abandoned = true;
                return RECORDER_CANCELLED;
        }
        s->listed = MAX(s->listed, item->index + 1);
        s->items++;
        return 0;
}

static int session_on_deleted(void *userdata, const struct recorder_deleted *deleted)
{
        struct session *s = userdata;

        if (session_cancelled(s))
                return RECORDER_CANCELLED;
        if (report_send(s->socket, OFFLOAD_DELETED, deleted, sizeof(*deleted)) < 0) {
                s->orders.abandoned = true;
                return RECORDER_CANCELLED;
        }
        if (deleted->flags & RECORDER_DELETED_RECOVERABLE)
                s->listed = MAX(s->listed, deleted->index + 1);
        return 0;
}

static int session_on_finding(void *userdata, const struct recorder_finding *finding)
{
        struct session *s = userdata;

        if (report_send(s->socket, OFFLOAD_FINDING, finding, sizeof(*finding)) < 0) {
                s->orders.abandoned = true;
                return RECORDER_CANCELLED;
        }
        return 0;
}

static int session_on_volume(void *userdata, const struct recorder_volume *volume)
{
        struct session *s = userdata;

        if (report_send(s->socket, OFFLOAD_VOLUME, volume, sizeof(*volume)) < 0) {
                s->orders.abandoned = true;
                return RECORDER_CANCELLED;
        }
        return 0;
}

static int list_run(struct session *s)
{
        const struct recorder_listener listener = {.on_item = session_on_item,
                                                   .on_deleted = session_on_deleted,
                                                   .on_finding = session_on_finding,
                                                   .on_volume = session_on_volume,
                                                   .userdata = s};
        struct offload_listed listed = {0};
        bool complete = false;
        int r;

        s->listed = s->items = 0;
        r = recorder_list(s->recorder, &listener, &complete);
        if (orders_over(&s->orders))
                return RECORDER_CANCELLED;
        if (r < 0 || outcome_is_final(r))
                return r;
        listed.items = s->items;
        listed.complete = complete;
        listed.outcome = report_outcome(r);
        (void)report_send(s->socket, OFFLOAD_LISTED, &listed, sizeof(listed));
        return r;
}

static int fetch_order_run(struct session *s, struct order *order)
{
        if (order->cancelled) {
                fetch_decline(s, &order->fetch, RECORDER_CANCELLED);
                return RECORDER_CANCELLED;
        }
        if (order->fetch.index >= s->listed) {
                fetch_decline(s, &order->fetch, RECORDER_ABSENT);
                return RECORDER_ABSENT;
        }
        return fetch_run(s, order);
}

static int remove_run(struct session *s, const struct offload_remove *remove)
{
        struct offload_removed removed = {.item = remove->item};
        int r;

        if (!(s->identity.capabilities & RECORDER_CAN_REMOVE))
                r = RECORDER_UNSUPPORTED;
        else if (remove->index >= s->listed)
                r = RECORDER_ABSENT;
        else
                r = recorder_remove(s->recorder, remove->index);
        inject_point("offload-removed");
        removed.outcome = report_outcome(r);
        (void)report_send(s->socket, OFFLOAD_REMOVED, &removed, sizeof(removed));
        return r;
}

/* The clock just before it is set; the one of the docking's begin when the recorder does not say it again.
 */
static void clock_before(struct session *s, char ret[RECORDER_TIME_MAX])
{
        struct recorder_identity now = {0};

        (void)text_copy(ret, RECORDER_TIME_MAX, s->identity.clock_text);
        if (!(s->identity.capabilities & RECORDER_CAN_READ_CLOCK))
                return;
        if (recorder_identify(s->recorder, &now) == RECORDER_OK && now.clock_text[0])
                (void)text_copy(ret, RECORDER_TIME_MAX, now.clock_text);
}

static int set_clock_run(struct session *s, const struct offload_set_clock *set)
{
        struct offload_clock_set done = {.after.station = INSTANT_NONE};
        int r = RECORDER_UNSUPPORTED;

        if (s->identity.capabilities & RECORDER_CAN_SET_CLOCK) {
                clock_before(s, done.before);
                r = recorder_set_clock(s->recorder, set->text, &done.after);
        }
        inject_point("offload-clock-set");
        done.outcome = report_outcome(r);
        (void)report_send(s->socket, OFFLOAD_CLOCK_SET, &done, sizeof(done));
        return r;
}

static int order_run(struct session *s, struct order *order)
{
        switch (order->type) {
        case OFFLOAD_LIST:
                return list_run(s);
        case OFFLOAD_FETCH:
                return fetch_order_run(s, order);
        case OFFLOAD_REMOVE:
                return remove_run(s, &order->remove);
        default:
                return set_clock_run(s, &order->set_clock);
        }
}

/* --- the docking
 * --------------------------------------------------------------------------------------------------- */

static int session_introduce(struct session *s, const struct session_start *start)
{
        struct offload_sandbox sandbox = {
                        .landlock_abi = start->sandbox.landlock_abi,
                        .no_new_privs = start->sandbox.no_new_privs,
                        .seccomp = start->sandbox.seccomp,
        };
        struct recorder_figures figures;
        int r;

        recorder_figures(s->recorder, &figures);
        sandbox.zero_copy = figures.zero_copy;
        r = report_send(s->socket, OFFLOAD_SANDBOX, &sandbox, sizeof(sandbox));
        if (r == 0)
                r = recorder_identify(s->recorder, &s->identity);
        inject_point("offload-identified");
        if (r == RECORDER_OK)
                r = report_send(s->socket, OFFLOAD_IDENTITY, &s->identity, sizeof(s->identity));
        return r;
}

/* How it ends, once it is over. */
static int session_end(struct session *s)
{
        if (s->orders.abandoned)
                return SESSION_ALONE;
        if (s->orders.refused)
                return session_fail(s, RECORDER_PROTOCOL, s->orders.complaint);
        fetches_decline(s);
        return SESSION_CLOSED;
}

/* Does orders until there is a reason to end. Returns an enum session_end, or -EAGAIN to let session_end()
 * tell. */
static int orders_run(struct session *s)
{
        struct order order;

        while (!orders_over(&s->orders)) {
                int r;

                if (!orders_next(&s->orders, &order)) {
                        orders_receive(&s->orders, -1);
                        continue;
                }
                r = order_run(s, &order);
                (void)fd_close(order.fd);
                if (outcome_is_final(r) && !s->orders.abandoned)
                        return session_fail(s, r, "");
                if (r < 0 && order.type == OFFLOAD_LIST)
                        return session_fail(s, r, "list the recorder");
                orders_receive(&s->orders, 0);
        }
        return -EAGAIN;
}

int session_run(struct session *s, const struct session_start *start)
{
        int r;

        s->recorder = start->recorder;
        r = session_introduce(s, start);
        if (r == RECORDER_OK || orders_over(&s->orders))
                r = orders_run(s);
        else
                r = session_fail(s, r, "identify the recorder");
        if (r == -EAGAIN)
                r = session_end(s);
        s->leaving = true;
        return r;
}
