/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a docking came across on the recorder besides its items: files that were deleted before anybody
 * pulled them, numbers missing between file names, a file system that contradicts itself. One row per
 * docking that saw it, never deleted.
 */

#include "catalogue/catalogue.h"

/* Catalogue values: add at the end, never renumber. */
enum finding_kind {
        FINDING_DELETED = 0, /* an entry that looks like footage was deleted and is not in the catalogue */
        FINDING_SEQUENCE_GAP = 1, /* numbers are missing between the names of one folder */
        FINDING_MEDIUM = 2,       /* the driver's own: 'word' says what */
};

enum finding_state {
        FINDING_OPEN = 0,
        FINDING_ASKED = 1,     /* to be recovered: its item is in the plan */
        FINDING_RECOVERED = 2, /* its item is footage */
        FINDING_FAILED = 3,    /* recovering it was tried */
};

struct finding {
        int64_t id;
        int64_t docking, recorder;
        enum finding_kind kind;
        char word[32];      /* of FINDING_MEDIUM: "fat-copies"; "" otherwise */
        char path[1024];    /* of a deleted one as of an item; else the place */
        int64_t size;       /* as the entry says, -1 unknown or none */
        char time_text[40]; /* device time, raw */
        char text[512];     /* a line for people, "" none */
        int64_t count;      /* how often; numbers missing */
        bool recoverable;
        enum finding_state state;
        int64_t item; /* what it became to be recovered, 0 none */
        instant_t found_at;
};

/* Finds the row of this docking, kind, word, path, size and time, or inserts it. An old one keeps state and
 * item, which *f then has. *ret_new tells. */
int finding_note(struct catalogue *c, struct finding *f, bool *ret_new);
int finding_by_id(struct catalogue *c, int64_t id, struct finding *ret);

/* Writes that 'actor' wants it recovered: FINDING_ASKED, and "finding.recovery-asked" in the ledger. */
int finding_ask(struct catalogue *c, const char *actor, int64_t id);
/* Was a deleted file of this recorder, path, size and time asked for at another docking, which ended before
 * it was pulled? CATALOGUE_OK: yes; CATALOGUE_ABSENT: no. */
int finding_asked_before(struct catalogue *c, const struct finding *f);
/* 'item' is what the deleted file of *f is pulled as: *f is being recovered, and so is what asked for the
 * same file before. */
int finding_start(struct catalogue *c, const struct finding *f, int64_t item);
/* What 'item' was pulled for is given up. */
int finding_give_up(struct catalogue *c, int64_t item);
/* Of one docking. Needs no transaction. */
int finding_count(struct catalogue *c, int64_t docking, int64_t *ret);
/* Every finding of a docking of this kind, in order; the callback may not write. A non-zero return of it
 * ends the walk and is returned. */
int finding_each(struct catalogue *c, int64_t docking, enum finding_kind kind,
                 int (*on_finding)(void *userdata, const struct finding *f), void *userdata);

/*
 * Has this recorder's file of that path, size and device time been filed, or is it listed by 'docking' (0:
 * none)? 'path' as of an item. 'lost' is
 * the offset in it of one byte that nobody knows any more (FAT overwrites the first one of a short name),
 * -1 none: then any character counts as the same. CATALOGUE_OK: yes; CATALOGUE_ABSENT: no.
 */
int finding_filed(struct catalogue *c, int64_t recorder, int64_t docking, const char *path, int64_t lost,
                  int64_t size, const char *time_text);
