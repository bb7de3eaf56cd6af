/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The archivist: footage that is kept for long goes to media (Art. 30), and what is there is read again. It
 * sees what is due, finds a medium with room, has recdock-archive write a volume and read it back, and puts
 * on record what came of it: one volume at a time. It has the lowest claim on the disks and waits while
 * recorders are offloaded.
 *
 * Always: a volume is written only when recdock-archive has proved every file of it, by one transaction with
 * all of its copies. What ends before, however it ends, is gone on with or has failed, and its footage is
 * due again.
 *
 * The deadline clock drives it: it looks here whenever it looks.
 */

#include "catalogue/volume.h"
#include "daemon/station.h"

#include <json-c/json.h>

struct archivist;

int archivist_new(struct archivist **ret, struct station *s);
/* What is being written stays as it is on the medium, and is gone on with by the next start; a disc has
 * failed then. */
void archivist_free(struct archivist *a);
/* Drops what is under way: the station stops, or its catalogue has no room. */
void archivist_drop(struct archivist *a);

/* Begins what is due, raises and clears alerts, and lowers *next to when there is something to do next. 'a'
 * may be NULL. */
void archivist_look(struct archivist *a, instant_t now, instant_t *next);
/* Media were changed: they are looked at again. 'a' may be NULL. */
void archivist_media_changed(struct archivist *a);
/* The configuration was read. 'a' may be NULL. */
void archivist_configured(struct archivist *a);
/* There is no room for a recorder's file: what is there for a disc that is not burnt yet goes. 'a' may be
 * NULL. */
void archivist_give_room(struct archivist *a);
/* Holds the writer while recorders are offloaded; 'a' may be NULL. */
void archivist_hold(struct archivist *a, bool hold);

/* On the loop, once. 'error' NULL: what was asked for was done, and the rest says what came of it. */
struct archivist_answer {
        const char *error;
        const struct volume_row *volume; /* of a volume that was written or checked, or failed */
        const struct medium *medium;     /* of a medium that was made */
        int64_t bad;                     /* copies that are not good */
        json_object *others;             /* array: what else is not good, {"path","result"} */
};
typedef void archivist_done_fn(void *userdata, const struct archivist_answer *answer);

/* Each: -EBUSY: something is under way; -ESHUTDOWN: the station stops. 'actor' is for the ledger, on_done
 * may be NULL where nothing is made of it. */

/* A file that is read instead of the store's: a good copy on another medium, or anywhere else. What it is
 * proves its digest alone. recdockd itself never reads it. */
struct archive_given {
        int64_t footage;
        int fd; /* stays the caller's */
        const char *path;
};

/* Writes one volume of what is due; 'given' NULL: all of it out of the store; 'drive': to a disc in this
 * drive of the configuration, "": to whatever is at hand. -ENODATA: nothing is due. -ENODEV: there is no
 * medium that could take it. */
int archivist_begin(struct archivist *a, const char *actor, const char *drive,
                    const struct archive_given *given, archivist_done_fn *on_done, void *userdata);
/* Reads a written volume again. -ENODEV: its medium is of a kind that is not at hand. */
int archivist_verify(struct archivist *a, const struct volume_row *v, const char *actor,
                     archivist_done_fn *on_done, void *userdata);
/* Makes a medium of a configured folder and registers it; one that failed is put back into use. Texts may be
 * "". */
int archivist_init(struct archivist *a, const char *path, const char *number, const char *place,
                   const char *actor, archivist_done_fn *on_done, void *userdata);

struct medium_init;
/* Makes a disk on a USB port a removable medium and registers it. One that is registered and failed is put
 * back into use instead, and stays as it is. -EEXIST: there is a medium of this number; else as
 * medium_link_init(). */
int archivist_make(struct archivist *a, const struct medium_init *request, const char *number,
                   const char *place, const char *actor, archivist_done_fn *on_done, void *userdata);

/* What is told of the archivist. */
struct archivist_state {
        struct volume_due due;
        bool running, verifying, held;
        struct volume_row volume; /* of the running one, id 0: none yet */
        struct medium medium;
        bool proving;
        int64_t bytes, bytes_total; /* of the phase */
};
int archivist_state(struct archivist *a, instant_t now, struct archivist_state *ret);
