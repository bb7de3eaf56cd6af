// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Doubts about a recorder's identity; see identity.h. A recorder lists all it holds at each docking. So a
 * file that is new now and is dated before the last whole listing was not on this recorder then: it comes
 * from another device of the same serial, from another card, or from a clock that was set back. Each of them
 * is for a person to look at.
 */
#include "daemon/identity.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/item.h"
#include "daemon/docking.h"
#include "daemon/station_internal.h"
#include "rules/recording_time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static const char alert_kind[] = "identity-conflict";

/* Between two looks at one clock: FAT's two seconds, drift, and a recording that ends while it is listed. */
static const int64_t slack = 60 * USEC_PER_SEC;
/* A clock that nobody measured may be in any zone. */
static const int64_t slack_unmeasured = 24 * USEC_PER_HOUR;

bool identity_is_taken(struct docking *d)
{
        char who[DOCKING_SUBJECT_MAX];

        for (const struct docking *o = d->station->dockings; o; o = o->next) {
                if (o == d || !o->bay || o->row.recorder != d->row.recorder)
                        continue;
                station_alert(d->station, alert_kind, LOG_CRIT, docking_alert_subject(d, who),
                              "bays %s and %s hold two devices that both say they are recorder %s: nothing "
                              "is read in bay %s, give each a serial of its own",
                              o->row.bay, d->row.bay, d->recorder_number, d->row.bay);
                return true;
        }
        return false;
}

static bool texts_differ(const char *before, const char *now)
{
        return before[0] && now[0] && strcmp(before, now) != 0;
}

/* What the recorder's clock said at the end of the last listing, by the more cautious of two offsets. */
static instant_t listed_by_its_clock(const struct docking_row *before, const struct docking_row *now)
{
        if (!before->has_clock_offset || !now->has_clock_offset)
                return before->listed_at - slack_unmeasured;
        return before->listed_at + MIN(before->clock_offset, now->clock_offset) - slack;
}

void identity_compare(struct docking *d)
{
        struct station *s = d->station;
        struct docking_row before;
        char who[DOCKING_SUBJECT_MAX];
        int r = station_check(s, docking_before(s->catalogue, &d->row, &before), "look up a docking");

        d->doubt = (struct docking_doubt){.whole_until = INSTANT_NONE};
        if (r != CATALOGUE_OK)
                return;
        if (before.listed_at != INSTANT_NONE)
                d->doubt.whole_until = listed_by_its_clock(&before, &d->row);
        d->doubt.docking = before.id;
        if (texts_differ(before.model, d->row.model) ||
            texts_differ(before.manufacturer, d->row.manufacturer))
                station_alert(s, alert_kind, LOG_CRIT, docking_alert_subject(d, who),
                              "the device in bay %s has the serial of recorder %s and is a '%s %s'; at "
                              "docking "
                              "%" PRId64 " recorder %s was a '%s %s'",
                              d->row.bay, d->recorder_number, d->row.manufacturer, d->row.model, before.id,
                              d->recorder_number, before.manufacturer, before.model);
}

void identity_take_item(struct docking *d, const struct item *item)
{
        instant_t written;
        bool zoned;

        if (d->doubt.whole_until == INSTANT_NONE ||
            instant_parse_ptp(item->time_text, &written, &zoned) < 0 || !time_is_of_a_set_clock(written) ||
            written >= d->doubt.whole_until)
                return;
        if (d->doubt.older++ == 0)
                (void)text_copy(d->doubt.path, sizeof(d->doubt.path), item->path);
}

void identity_judge(struct docking *d)
{
        char who[DOCKING_SUBJECT_MAX];

        if (d->doubt.older == 0)
                return;
        station_alert(d->station, alert_kind, LOG_ERR, docking_alert_subject(d, who),
                      "recorder %s has %" PRId64 " files that are dated before its docking %" PRId64
                      " and were not on it then, '%s' the first: another device with its serial, another "
                      "card, or a clock that was set back",
                      d->recorder_number, d->doubt.older, d->doubt.docking, d->doubt.path);
        d->doubt.older = 0;
}
