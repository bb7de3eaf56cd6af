// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Recover(): somebody wants deleted files of a docked recorder. What is asked for is written down first,
 * with the caller in the ledger; the worker that listed them pulls them, or another one when that has been
 * closed.
 */
#include "base/cleanup.h"
#include "catalogue/finding.h"
#include "daemon/docking.h"
#include "daemon/station_internal.h"

#include <inttypes.h>
#include <stdarg.h>

struct request {
        struct docking *docking;
        const int64_t *findings; /* sorted by nobody: there are few */
        size_t n;
        int64_t *asked;
        size_t n_asked, allocated;
        char *error;
};

__attribute__((format(printf, 3, 4))) static int refuse(char error[STATION_ERROR_MAX], int r,
                                                        const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(error, STATION_ERROR_MAX, format, ap);
        va_end(ap);
        return r;
}

static int request_add(struct request *q, int64_t finding)
{
        if (q->n_asked == q->allocated) {
                size_t n = q->allocated ? 2 * q->allocated : 16;
                int64_t *grown = realloc(q->asked, n * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                q->asked = grown;
                q->allocated = n;
        }
        q->asked[q->n_asked++] = finding;
        return 0;
}

/* All that can be recovered and is not. */
static int on_finding(void *userdata, const struct finding *f)
{
        bool wanted = f->recoverable && (f->state == FINDING_OPEN || f->state == FINDING_FAILED);

        return wanted ? request_add(userdata, f->id) : 0;
}

static int request_one(struct request *q, int64_t id)
{
        const struct docking *d = q->docking;
        struct finding f;
        int r = finding_by_id(d->station->catalogue, id, &f);

        if (r < 0)
                return r;
        if (r == CATALOGUE_ABSENT || f.docking != d->row.id || f.kind != FINDING_DELETED)
                return refuse(q->error, -ENOENT,
                              "finding %" PRId64 " is no deleted file of docking %" PRId64
                              ", expected one of 'recdockctl finding list --docking %" PRId64 "'",
                              id, d->row.id, d->row.id);
        if (!f.recoverable)
                return refuse(q->error, -ESTALE,
                              "finding %" PRId64 " cannot be recovered: its place is in use again", id);
        if (f.state == FINDING_RECOVERED)
                return refuse(q->error, -ESTALE, "finding %" PRId64 " has been recovered already", id);
        return request_add(q, id);
}

static int request_collect(struct request *q)
{
        const struct docking *d = q->docking;
        int r = 0;

        if (q->n == 0)
                r = finding_each(d->station->catalogue, d->row.id, FINDING_DELETED, on_finding, q);
        for (size_t i = 0; r >= 0 && i < q->n; i++)
                r = request_one(q, q->findings[i]);
        if (r >= 0 && q->n_asked == 0)
                return refuse(q->error, -ENOENT, "docking %" PRId64 " has no deleted file to recover",
                              d->row.id);
        return r;
}

static int docking_may_recover(const struct docking *d, int64_t docking, char error[STATION_ERROR_MAX])
{
        if (!d || !d->bay)
                return refuse(error, -ENOENT,
                              "docking %" PRId64 " is over, expected one whose recorder is still in its bay",
                              docking);
        if (d->row.recorder == 0 || d->row.listed_at == INSTANT_NONE)
                return refuse(error, -ESTALE, "the recorder of docking %" PRId64 " has not been listed",
                              docking);
        return 0;
}

static void request_write(struct request *q, const char *actor)
{
        struct station *s = q->docking->station;

        station_begin(s);
        for (size_t i = 0; i < q->n_asked; i++)
                station_check(s, finding_ask(s->catalogue, actor, q->asked[i]), "write a finding");
        if (!q->docking->finished && q->docking->worker && !q->docking->closing)
                findings_plan_asked(q->docking);
        station_commit(s);
}

int station_recover_findings(struct station *s, int64_t docking, const int64_t *findings, size_t n,
                             const char *actor, uint64_t *ret_n, char error[STATION_ERROR_MAX])
{
        struct docking *d = docking_find(s, docking);
        struct request q = {.docking = d, .findings = findings, .n = n, .error = error};
        int r;

        error[0] = '\0';
        r = docking_may_recover(d, docking, error);
        if (r >= 0)
                r = request_collect(&q);
        if (r >= 0) {
                request_write(&q, actor);
                if (d->finished || !d->worker || d->closing)
                        docking_restart(d);
                else
                        docking_advance(d);
                *ret_n = q.n_asked;
        }
        free(q.asked);
        if (r >= 0 && s->failed)
                return -EIO;
        return r;
}
