/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The station: what recdockd's parts share. One event loop, one catalogue writer, one store. Created in
 * main, its parts are added in the order of station_start().
 *
 * Priorities on the loop, lowest number first:
 *   suspend -7       a full disk: nothing is done after it but to drop what is under way
 *   SIGTERM -6       a stop is seen before anything new is begun
 *   udev    -5       an unplugged recorder is known before its worker's last words are judged
 *   worker  -4       messages of a worker before its death (SIGCHLD), so that none is lost
 *   child   -2
 *   timers  -1       stalls are judged after all progress there is has been read
 *   bus      0
 *   filing  +1       when the loop has nothing more urgent, all that is proved is filed in one batch
 *   rest    +2       what is done while nobody waits for anything
 */

#include "base/clock.h"
#include "catalogue/alert.h"
#include "catalogue/catalogue.h"
#include "store/store.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

enum station_priority {
        PRIORITY_SUSPEND = -7,
        PRIORITY_SIGNAL = -6,
        PRIORITY_UDEV = -5,
        PRIORITY_WORKER = -4,
        PRIORITY_CHILD = -2,
        PRIORITY_TIMER = -1,
        PRIORITY_BUS = 0,
        PRIORITY_FILING = 1,
        PRIORITY_REST = 2,
};

struct config;
struct watch;
struct bay;
struct docking;
struct inspector;
struct filing;
struct bus_server;
struct deadline_clock;
struct backup_job;
struct archivist;
struct index_merge;
struct mender;
struct medium_present;
struct disc_present;

/* A registered medium of the archive is plugged in, or not any more (medium_presence.h). 'medium' is
 * borrowed for the call. */
typedef void station_medium_fn(void *userdata, const struct medium_present *medium, bool here);
/* A disc was put into a drive (disc_presence.h), which is named by its node. */
typedef void station_disc_fn(void *userdata, const char *drive);

struct station {
        sd_event *event;
        struct config *config;
        struct catalogue *catalogue;
        char *catalogue_path;
        struct store *store;
        struct watch *watch;
        struct bay *bays;             /* list */
        struct docking *dockings;     /* list of those in progress */
        struct medium_present *media; /* list of those that are plugged in */
        station_medium_fn *on_medium; /* NULL: nobody works with media */
        void *on_medium_userdata;
        struct disc_present *discs; /* list of the drives that were seen */
        station_disc_fn *on_disc;   /* NULL: nobody burns */
        void *on_disc_userdata;
        struct inspector *inspector;
        struct filing *filing;
        struct backup_job *backup;             /* NULL until started, and in tests without it */
        struct archivist *archivist;           /* likewise */
        struct index_merge *index_merge;       /* likewise */
        struct mender *mender;                 /* likewise */
        struct deadline_clock *deadline_clock; /* NULL until started, and in tests without it */
        struct bus_server *bus;                /* NULL until connected, and in tests without a bus */
        unsigned int workers;                  /* running offload workers */
        bool stopping;
        bool store_paused; /* no room: no new FETCH until there is */
        bool item_waits;   /* no room for one item, whose docking waits; the others go on */
        unsigned int transaction_depth;
        bool status_changed;
        char status[160];                             /* the STATUS= told last */
        int64_t status_told;                          /* when, monotonic */
        unsigned int dockings_changed, dockings_told; /* changes of state, not of rate */
        sd_event_source *post, *room_timer;
        uint64_t room_floor; /* free bytes there must be before pulling goes on after a full disk */
        bool failed;         /* the catalogue or the store failed: the loop is ending with an error, or the
                                station is about to be suspended */
        bool suspended;      /* the catalogue has no room: no work, no watch, no inspector (suspend.c) */
        sd_event_source *suspend, *suspend_timer;
};

#define STATION_ACTOR "recdockd"

/* JSON of GetStatus(), malloc'd. */
int station_status_json(const struct station *s, char **ret);
/* One docking of it. */
int docking_status_json(const struct docking *d, char **ret);

/* Raises or clears an alert: row, and telling of it (below) when it is new or was open; one that is open
 * already is only counted. 'kind' is one of catalogue/alert_kind.h, 'priority' that of the journal's entry.
 * Must not be called inside a catalogue transaction. */
void station_alert(struct station *s, const char *kind, int priority, const char *subject,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
void station_alert_clear(struct station *s, const char *kind, const char *subject);
/* Tells what has become of an alert: journal, bus and hooks. The row is on record as it is given. */
void station_alert_tell(struct station *s, const struct alert *a, enum alert_state state);

/* Asks the inspector to re-digest one open file, for Verify(). 'on_done' is called once, from the loop. fd
 * is not consumed. error: negative errno; -ECANCELED when the station stops. -EAGAIN when too many are under
 * way: call again after an on_done. */
struct inspect_result;
typedef void station_digest_fn(void *userdata, int error, const struct inspect_result *result);
int station_digest(struct station *s, int fd, int64_t size, station_digest_fn *on_done, void *userdata);

/* The registry was changed over the bus: refused recorders are looked at again. Not inside a transaction. */
void station_registry_changed(struct station *s);

/* The duty ledger was changed: deadlines are looked at soon. */
void station_duties_changed(struct station *s);

/* Cases were changed, or what footage is in them: annotations are looked at soon. */
void station_cases_changed(struct station *s);

/* Somebody explained why a recorder did not record: told to the station log, and the alert goes when nothing
 * is left to explain. Not inside a transaction. */
struct explanation;
void station_gap_explained(struct station *s, const struct explanation *e, const char *recorder_number);

/* Recover(): 'n' deleted files of a docked recorder, all that can be recovered when 0, in the name of
 * 'actor'. *ret_n is how many are being recovered. -ENOENT and -ESTALE with a sentence in 'error' for what a
 * caller did wrong. Not inside a transaction. */
#define STATION_ERROR_MAX 256
int station_recover_findings(struct station *s, int64_t docking, const int64_t *findings, size_t n,
                             const char *actor, uint64_t *ret_n, char error[STATION_ERROR_MAX]);

/* InitBackup(), StartBackup(): as backup_job.h has it. */
struct backup_answer;
int station_backup_init(struct station *s, const char *actor,
                        void (*on_done)(void *userdata, const struct backup_answer *answer), void *userdata);
int station_backup_begin(struct station *s, bool full_check, const char *actor,
                         void (*on_done)(void *userdata, const struct backup_answer *answer),
                         void *userdata);

/* StartArchive(), VerifyVolume(), InitMedium(), MakeMedium(): as archivist.h has it. */
struct archivist_answer;
struct volume_row;
typedef void station_archive_fn(void *userdata, const struct archivist_answer *answer);
struct archive_given;
int station_archive_begin(struct station *s, const char *actor, const char *drive,
                          const struct archive_given *given, station_archive_fn *on_done, void *userdata);
int station_archive_verify(struct station *s, const struct volume_row *v, const char *actor,
                           station_archive_fn *on_done, void *userdata);
int station_archive_init(struct station *s, const char *path, const char *number, const char *place,
                         const char *actor, station_archive_fn *on_done, void *userdata);
struct medium_init;
int station_archive_make(struct station *s, const struct medium_init *request, const char *number,
                         const char *place, const char *actor, station_archive_fn *on_done, void *userdata);
/* A volume was retired: its footage may be due. Not inside a transaction. */
void station_volume_retired(struct station *s, const char *number);

/* MendFootage(): as mender.h has it. */
struct mend_request;
struct mend_answer;
int station_mend(struct station *s, const struct mend_request *request,
                 void (*on_done)(void *userdata, const struct mend_answer *answer), void *userdata);

/* Who works with media: is told at once of those that are plugged in, then of each that comes and goes.
 * NULL: nobody any more. */
void station_on_medium(struct station *s, station_medium_fn *on_medium, void *userdata);
/* Who burns discs: is told of each that is put in from now on. NULL: nobody any more. */
void station_on_disc(struct station *s, station_disc_fn *on_disc, void *userdata);

/* Re-reads the configuration (SIGHUP, Reload()). On error the old one stays. */
int station_reload(struct station *s);

/* What somebody brings in by hand: whose it is and why, and a socket to who gives the files
 * (folder_messages.h). Everything has been checked. */
struct import_request {
        int64_t recorder;
        const char *recorder_number;
        int64_t officer;
        const char *officer_number;
        const char *reason;
        const char *actor;
        int socket; /* not consumed */
};

/* At once; a docked recorder must find a worker. */
#define STATION_IMPORTS_MAX 4

/* Begins an import as a docking without a bay. -EBUSY when STATION_IMPORTS_MAX are under way, -ESHUTDOWN
 * when the station stops. */
int station_import(struct station *s, const struct import_request *request, int64_t *ret_docking);

/* The bus side (daemon/bus*.c). Connects to the system bus (or to $DBUS_SYSTEM_BUS_ADDRESS), requests the
 * name, attaches to s->event. */
int bus_start(struct station *s);
void bus_stop(struct station *s);
/* A docking changed: emits DockingChanged, limited to 5 a second per docking ('final' goes out at once). */
void bus_docking_changed(struct station *s, int64_t docking, bool final);
void bus_alert_changed(struct station *s, const struct alert *a, enum alert_state state);
