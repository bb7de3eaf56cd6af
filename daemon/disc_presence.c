// SPDX-License-Identifier: LGPL-2.1-or-later
/* See disc_presence.h. */
#include "daemon/disc_presence.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/watch.h"

#include <string.h>
#include <unistd.h>

struct disc_present {
        struct disc_present *next;
        char *drive; /* node */
        enum watch_disc disc;
};

static void present_free(struct disc_present *d)
{
        free(d->drive);
        free(d);
}

DEFINE_CLEANUP(struct disc_present *, present_free);

static struct disc_present *present_add(struct station *s, const char *drive)
{
        _cleanup_(present_freep) struct disc_present *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->drive = strdup(drive);
        if (!d->drive)
                return NULL;
        d->next = s->discs;
        s->discs = d;
        return TAKE_PTR(d);
}

static struct disc_present *present_of(struct station *s, const char *drive)
{
        struct disc_present *d = s->discs;

        while (d && strcmp(d->drive, drive) != 0)
                d = d->next;
        return d;
}

/* Between two discs there is none: so more than there was is another disc. One that is burnt is less. */
void station_disc_seen(struct station *s, const char *drive, enum watch_disc disc)
{
        struct disc_present *d = present_of(s, drive);
        bool inserted;

        if (!d)
                d = present_add(s, drive);
        if (!d) {
                log_error("out of memory, not seeing what is put into drive %s", drive);
                return;
        }
        inserted = disc > d->disc;
        d->disc = disc;
        if (inserted && s->on_disc)
                s->on_disc(s->on_disc_userdata, drive);
}

void discs_reconcile(struct station *s)
{
        for (struct disc_present *d = s->discs; d; d = d->next)
                if (access(d->drive, F_OK) < 0)
                        d->disc = WATCH_DISC_NONE;
}

void station_on_disc(struct station *s, station_disc_fn *on_disc, void *userdata)
{
        s->on_disc = on_disc;
        s->on_disc_userdata = userdata;
}

void discs_free(struct station *s)
{
        while (s->discs) {
                struct disc_present *d = s->discs;

                s->discs = d->next;
                present_free(d);
        }
}
