/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One visit of a recorder to a bay, as a state machine driven by the worker's messages, by udev and by
 * timers:
 *
 *   plugged ─ IDENTITY ─▶ identified ─ LISTED ─▶ listed ─ first FETCH ─▶ offloading ─ all done ─▶ released
 *      │                      │ not registered, or an error that retries cannot mend               ▲
 *      └──────────────────────┴──────────────────────▶ failed            (nothing to pull) ────────┘
 *   any state ─ udev remove ─▶ unplugged (released and failed keep their word)
 *
 * An import is a docking without a bay: its recorder is known from the beginning, it ends as released or as
 * failed, and is forgotten when its worker is gone (docking_import.c).
 *
 * Invariants: a docking has at most one worker; items that are being proved outlive it (filing.h finds it by
 * its number); after the unplug the object stays until its worker has said its last word and is gone. Two
 * dockings never pull for the same recorder at once: the later one waits for the earlier one's worker.
 */

#include "catalogue/docking.h"
#include "daemon/findings.h"
#include "daemon/plan.h"
#include "daemon/station.h"
#include "recorder/recorder.h"

#include <stdbool.h>
#include <stdint.h>

struct bay;
struct clearing;
struct event_subject;
struct filing_result;
struct item;
struct message;
struct offload_fetched;
struct watch_device;
struct worker;

#define DOCKING_SUBJECT_MAX 160

enum docking_task { /* what the worker owes us: the stall timers run while it owes something */
                    TASK_NOTHING,
                    TASK_IDENTIFY,
                    TASK_LIST,
                    TASK_FETCH,
                    TASK_REMOVE,
                    TASK_SET_CLOCK,
                    TASK_CLOSE,
};

/* An item at which workers of this docking died. */
struct docking_suspect {
        int64_t item;
        unsigned int deaths;
};

#define DOCKING_SUSPECTS_MAX 32
#define DOCKING_VOLUMES_MAX  16

/* What speaks against the identity of the recorder; see identity.h. */
struct docking_doubt {
        int64_t docking;       /* the last one that listed everything */
        instant_t whole_until; /* by the recorder's clock: what is older was there already; INSTANT_NONE */
        int64_t older;         /* items that are older and were not */
        char path[256];        /* the first of them */
};

struct docking {
        struct docking *next;
        struct station *station;
        struct bay *bay; /* NULL once unplugged, and of an import */
        struct docking_row row;
        char place[48]; /* "bay 7", "import 17": its lines in the log begin with it */
        int giver;      /* of an import: the socket of who imports, until he is gone; else -EBADF */
        sd_event_source *giver_watch;
        char *node;
        unsigned int devnum;
        char recorder_number[128]; /* "" not known */
        uint32_t capabilities;

        struct worker *worker;
        unsigned int worker_starts;
        unsigned int starts_in_vain; /* since an item came whole */
        struct docking_suspect suspects[DOCKING_SUSPECTS_MAX];
        unsigned int n_suspects;
        enum docking_task task;
        bool closing;          /* CLOSE was sent */
        bool finished;         /* released or failed for good: no new worker */
        bool waits_for_other;  /* same recorder, other docking's worker still at work */
        bool waits_for_slot;   /* WorkersMax= reached */
        bool waits_for_commit; /* goes on when the transaction under way is committed */
        bool stall_warned;
        unsigned int failures_in_row; /* items in a row that could not be pulled */
        bool registry_changed;        /* while its worker was closing: look again when it has gone */
        bool restart;                 /* the same for another worker: files are to be recovered, or the
                                         recorder has come back in another mode */
        int failed_outcome;           /* of OFFLOAD_FAILED, enum recorder_outcome */
        char failed_text[512];
        sd_event_source *warn_timer, *kill_timer, *retry_timer;

        struct docking_doubt doubt;

        struct recorder_volume volumes[DOCKING_VOLUMES_MAX]; /* of the listing of this worker */
        unsigned int n_volumes;
        struct clearing *clearing; /* docking_clear.c; NULL: none under way */
        bool cleared;              /* it was tried: once in a docking */

        struct plan plan;
        struct findings found;  /* of the listing of this worker */
        int64_t fetching_bytes; /* still to come for FETCHes under way: reserved space */
        int64_t current;        /* item of the last PROGRESS */
        char current_name[256];
        int64_t current_bytes, current_size;
        int64_t rate, rate_bytes, rate_since; /* bytes a second, over about a second */
        bool clock_again;                     /* the worker that was to set its clock has died */
        unsigned int measured;                /* enum health_value of health.h: known now, not judged yet */
};

/* Begins a docking in 'bay' for what udev announced. */
int docking_start(struct station *s, struct bay *bay, const struct watch_device *device);
/* The recorder of an ended docking has come back to its bay in another mode: the docking goes on. Negative
 * errno when it cannot. */
int docking_continue(struct station *s, struct bay *bay, int64_t docking, const struct watch_device *device);
/* The USB serial as a docking keeps it: printable. */
void docking_serial(const struct watch_device *device, char ret[128]);
/* The recorder was taken out. The object may be gone when this returns. */
void docking_unplug(struct docking *d);
void docking_free(struct docking *d);
struct docking *docking_find(struct station *s, int64_t id);

/* Something is docked still: a recorder in its bay, or somebody who imports. */
bool docking_is_present(const struct docking *d);

/* Starts the worker, or says what it waits for. */
void docking_worker_start(struct docking *d);
/* Refused for not being registered: look again, the registry has changed. */
void docking_reconsider(struct docking *d);
/* Lets another worker list and pull, when the one there has gone. */
void docking_restart(struct docking *d);
/* A volume of the listing. */
void docking_take_volume(struct docking *d, const struct recorder_volume *m);
/* Policy clear, for disks: everything is pulled, so the worker is closed and recdock-clear asked. False:
 * there is nothing to clear, or it cannot be. */
bool docking_clear(struct docking *d);
/* The worker that it waited for has gone. */
void docking_clear_begin(struct docking *d);
/* recdock-clear has the disk: no worker may. */
bool docking_is_clearing(const struct docking *d);
/* All is listed anew: is gone what was removed, and nothing else? Inside the burst's transaction. */
void docking_clear_confirm(struct docking *d);
/* The station stops: no more is asked for. While docking_is_clearing() there is something to wait for; at
 * its end station_end_when_idle() is called. */
void docking_clear_stop(struct docking *d);
/* The recorder is gone: what is known is written down. */
void docking_clear_end(struct docking *d);
/* Another worker is to list before anything was asked for: it is tried again after that. */
void docking_clear_cancel(struct docking *d);
/* Drops it without a word. */
void docking_clear_free(struct docking *d);

/* Another docking's worker has ended, a slot is free, or there is room again: go on. */
void docking_kick(struct docking *d);

/* What filing says of an item of this docking. */
void docking_on_filed(struct docking *d, int64_t item, const struct filing_result *result);

/* --- between docking.c, docking_identify.c, docking_import.c, docking_offload.c and docking_messages.c ---
 */

/* A docking of nothing yet, owned by the caller; NULL when memory is out. */
struct docking *docking_new(struct station *s);
/* Writes its row and takes it into the station, which owns it from now on. -ESHUTDOWN: the row could not be
 * written, the station ends or is suspended, and the docking is still the caller's. */
int docking_enter(struct docking *d, const char *actor);
/* The worker of an import has ended, 'status' says how. The object may be gone when this returns. */
void docking_import_ended(struct docking *d, const char *status);

/* Sends FETCHes as long as the worker, the space and the plan allow; finishes when all is done. */
void docking_advance(struct docking *d);
/* Ends the docking as failed: alert, last row, the worker is closed. */
void docking_fail(struct docking *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void docking_task_set(struct docking *d, enum docking_task task);
/* How many workers of this docking have died at the item. */
unsigned int docking_deaths_at(const struct docking *d, int64_t item);
/* The worker gave a sign of life: the stall timers start anew. */
void docking_alive(struct docking *d);
void docking_save(struct docking *d, bool final);
void docking_close_worker(struct docking *d);
struct event_subject docking_subject(const struct docking *d);
/* Subject of this docking's alerts: "recorder/NUMBER", or "bay/NAME" while nobody knows whose it is. Returns
 * buf. */
char *docking_alert_subject(const struct docking *d, char buf[DOCKING_SUBJECT_MAX]);
int64_t docking_reserved(const struct station *s);

/* Where an item of the catalogue stands in a new plan. */
enum plan_state docking_plan_state(const struct item *item);
/* An item of unknown size has grown: is it to be cut off? The worker answers for it, and for what waits
 * behind it, with FETCHED. */
void docking_unsized_limit(struct docking *d, struct plan_entry *e);
/* It was cut off. */
void docking_unsized_fetched(struct docking *d, struct plan_entry *e, struct item *item,
                             const struct offload_fetched *m);
/* A text field of a message: terminated, printable. */
#define TEXT_FIELD(dst, src)                                                         \
        do {                                                                         \
                (void)snprintf((dst), sizeof(dst), "%.*s", (int)sizeof(src), (src)); \
                text_make_printable(dst);                                            \
        } while (0)

/* What the worker says of the device: its docking goes on to the list, or is refused. */
void docking_identify(struct docking *d, const struct recorder_identity *m);
/* Policy SetClock=: all is pulled and filed, so the recorder is told the time. False: there is nothing to
 * ask, or it cannot be. */
bool docking_clock_ask(struct docking *d);
/* What came of it. */
struct offload_clock_set;
void docking_clock_set(struct docking *d, const struct offload_clock_set *m);
/* Asks the worker for the list, unless another docking of this recorder is still at work. */
void docking_list(struct docking *d);
void docking_on_message(void *userdata, struct message *m);

struct worker_events;
extern const struct worker_events docking_worker_events;
