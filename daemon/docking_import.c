// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What cannot dock (a card in a reader, a camera, a telephone) is brought in by hand (R-8-2): a docking
 * without a bay, of a recorder, an officer and a reason that somebody has named. Its worker reads what that
 * somebody gives over a socket; everything after that is as for any docking. Closing the socket is the
 * unplug. An import that is cut off has failed: what came is kept, and the same import goes on from there.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

DEFINE_CLEANUP(struct docking *, docking_free);

static unsigned int imports_under_way(const struct station *s)
{
        unsigned int n = 0;

        for (const struct docking *d = s->dockings; d; d = d->next)
                n += d->row.source == FOOTAGE_IMPORT;
        return n;
}

/* Who imports has closed his end, or was ended. */
static int docking_on_giver_gone(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct docking *d = userdata;
        size_t open = d->plan.counts[PLAN_WAITING] + d->plan.counts[PLAN_FETCHING];

        d->giver_watch = sd_event_source_disable_unref(d->giver_watch);
        d->row.unplugged_at = clock_now();
        if (d->finished)
                docking_save(d, false);
        else
                docking_fail(d, "cut off by who imports, %zu of %zu files still to pull; what came is kept",
                             open, d->plan.n);
        d->giver = fd_close(d->giver);
        if (!d->worker)
                docking_free(d);
        return 0;
}

static int giver_attach(struct docking *d, int socket)
{
        int r;

        d->giver = fcntl(socket, F_DUPFD_CLOEXEC, 3);
        if (d->giver < 0) {
                r = -errno;
                d->giver = -EBADF;
                return r;
        }
        /* A hang-up is always told; what is said on it is for the worker. */
        r = sd_event_add_io(d->station->event, &d->giver_watch, d->giver, 0, docking_on_giver_gone, d);
        if (r >= 0)
                r = sd_event_source_set_priority(d->giver_watch, PRIORITY_UDEV);
        return r;
}

static void row_describe(struct docking_row *row, const struct import_request *request)
{
        row->source = FOOTAGE_IMPORT;
        row->recorder = request->recorder;
        row->import_officer = request->officer;
        (void)text_copy(row->import_reason, sizeof(row->import_reason), request->reason);
        (void)text_copy(row->actor, sizeof(row->actor), request->actor);
}

int station_import(struct station *s, const struct import_request *request, int64_t *ret_docking)
{
        _cleanup_(docking_freep) struct docking *d = NULL;
        struct event_subject subject;
        int r;

        if (s->stopping || s->failed)
                return -ESHUTDOWN;
        if (imports_under_way(s) >= STATION_IMPORTS_MAX)
                return -EBUSY;
        d = docking_new(s);
        if (!d)
                return -ENOMEM;
        r = giver_attach(d, request->socket);
        if (r < 0)
                return r;
        row_describe(&d->row, request);
        (void)text_copy(d->recorder_number, sizeof(d->recorder_number), request->recorder_number);
        r = docking_enter(d, request->actor);
        if (r < 0)
                return r;
        (void)snprintf(d->place, sizeof(d->place), "import %" PRId64, d->row.id);
        subject = docking_subject(d);
        event_log(EVENT_IMPORT_BEGUN, &subject, "%s: recorder %s, officer %s, by %s: %s", d->place,
                  d->recorder_number, request->officer_number, request->actor, request->reason);
        *ret_docking = d->row.id;
        docking_worker_start(d);
        bus_docking_changed(s, d->row.id, true);
        station_status_changed(s);
        (void)TAKE_PTR(d);
        return 0;
}

/* There is no second worker: what the first one has read from the giver is lost, and who imports can begin
 * again. */
void docking_import_ended(struct docking *d, const char *status)
{
        if (!d->finished && d->failed_outcome == RECORDER_GONE)
                docking_fail(d, "who imports stopped answering or broke the rules, the station log says "
                                "how; what "
                                "came is kept");
        else if (!d->finished && !d->station->stopping)
                docking_fail(d, "the worker ended: %s; what came is kept",
                             d->failed_text[0] ? d->failed_text : status);
        if (d->finished)
                docking_free(d);
}
