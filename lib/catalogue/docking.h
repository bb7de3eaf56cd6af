/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One visit of a recorder to a bay: the row behind the receipt (采集回执). */

#include "catalogue/catalogue.h"
#include "catalogue/footage.h"

/* Wire and catalogue values. */
enum docking_state {
        DOCKING_PLUGGED = 0,
        DOCKING_IDENTIFIED = 1,
        DOCKING_LISTED = 2,
        DOCKING_OFFLOADING = 3,
        DOCKING_RELEASED = 4,  /* all done, the recorder may be taken */
        DOCKING_FAILED = 5,    /* see outcome and reason */
        DOCKING_UNPLUGGED = 6, /* taken before it was released */
        _DOCKING_STATE_MAX,
};
const char *docking_state_text(enum docking_state s);

struct docking_row {
        int64_t id;
        char bay[32];  /* bay's name */
        char port[64]; /* port path "3-1.4" */
        uint16_t vendor_id, product_id;
        char usb_serial[128];
        char driver[16];            /* "mtp", "ums"; "" import, or from before it was noted */
        enum footage_source source; /* dock or import */
        char actor[256];            /* who brought it in by hand, "" docked */
        char import_reason[512];    /* why by hand, in the words of 'actor'; "" docked */
        int64_t import_officer;     /* whose it is, said by 'actor'; 0 not said */
        int64_t recorder;           /* 0 not (yet) known */
        enum docking_state state;
        char reason[512]; /* why failed or refused, "" */
        instant_t plugged_at, identified_at, listed_at, released_at, unplugged_at;
        /* what the device said */
        char manufacturer[128], model[128], firmware[128], serial[128], officer[128], unit[128];
        int battery_percent;             /* -1 */
        int64_t free_bytes, total_bytes; /* -1 */
        /* its clock, before anything was changed */
        char clock_text[40];
        bool has_clock_offset, has_clock_set_offset;
        bool clock_moved; /* somebody has set it, or the station's, since the docking before */
        int64_t clock_offset, clock_uncertainty; /* microseconds, recorder - station */
        /* and when it was set by policy */
        char clock_asked[40];   /* what it was told, "" nothing */
        char clock_set_to[40];  /* the same when it took it, "" */
        char clock_answer[32];  /* "set", or what kept it from it; "" not asked, or not known */
        instant_t clock_set_at; /* when it was looked at after that; INSTANT_NONE */
        int64_t clock_set_offset, clock_set_uncertainty; /* microseconds, then */
        /* the receipt */
        int64_t seen, pulled, already_held, failed, late, removed; /* items */
        int64_t freed; /* bytes: by so much removing files has added to free_bytes since it was measured */
        int64_t bytes; /* pulled over USB */
        int64_t bad_verdicts;
        int64_t unreadable; /* bytes that the medium did not give */
        int64_t findings;   /* what the listing came across besides items: see finding.h */
        bool listing_complete;
};

/* Inserts (id is set) or writes all columns of an existing row. docking_insert appends "docking.plugged", of
 * an import "import.begun" to the ledger. */
int docking_insert(struct catalogue *c, const char *actor, struct docking_row *d);
int docking_update(struct catalogue *c, const struct docking_row *d);
int docking_by_id(struct catalogue *c, int64_t id, struct docking_row *ret);
/* The last one before 'd' at which its recorder listed everything, to the same driver: in another mode it
 * shows itself by other names. CATALOGUE_ABSENT when there is none. */
int docking_before(struct catalogue *c, const struct docking_row *d, struct docking_row *ret);
/* The last time that the clock of its recorder was told something before 'd', by the same driver:
 * *ret_refused is true when it did not do it. CATALOGUE_ABSENT: it never was, or nobody knows what came of
 * it. */
int docking_clock_refused_before(struct catalogue *c, const struct docking_row *d, bool *ret_refused);
/* The dockings of a recorder that say something of its health, the newest first, at most 'max': not imports,
 * and none that never came to know whose it was. The callback may not write. A non-zero return of it ends
 * the walk and is returned. */
int docking_each_of(struct catalogue *c, int64_t recorder, int64_t max,
                    int (*on_docking)(void *userdata, const struct docking_row *d), void *userdata);
/* The same of those that were plugged in before 'until' (INT64_MAX: of all), and of these only the id,
 * identified_at, and what was measured and set of the clock: a report looks through those of all recorders.
 */
int docking_each_clock_of(struct catalogue *c, int64_t recorder, instant_t until, int64_t max,
                          int (*on_docking)(void *userdata, const struct docking_row *d), void *userdata);
/* What was free on the recorder when files had been removed from it; -1 not known. */
int64_t docking_free_left(const struct docking_row *d);
/* No docking gets 'last' or a number below it any more: parts that are on the disk carry them. */
int docking_skip_numbers(struct catalogue *c, int64_t last);
/* At start: every docking not in an end state becomes UNPLUGGED, every import FAILED, with 'reason'. Returns
 * how many in *ret. */
int docking_close_open(struct catalogue *c, instant_t at, const char *reason, int64_t *ret);
