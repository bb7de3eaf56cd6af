/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Media (介质): the register of what volumes are written to (R-30-3). A medium is known by its number, which
 * is on its label, and by what it says of itself: the random number in a folder's marker, the UUID of a file
 * system, the id of a disc. It is never forgotten; one that failed takes no more volumes, and what is on it
 * counts as long as its checks are good.
 */

#include "catalogue/catalogue.h"
#include "catalogue/word.h"

#define MEDIUM_NUMBER_MAX 96
#define MEDIUM_TEXT_MAX   256

enum medium_kind {
        MEDIUM_FOLDER = 0, /* a directory that the site mounts */
        MEDIUM_REMOVABLE = 1,
        MEDIUM_DISC = 2,
        _MEDIUM_KIND_MAX,
};

enum medium_state {
        MEDIUM_ACTIVE = 0,
        MEDIUM_FAILED = 1,
        MEDIUM_RETIRED = 2,
        _MEDIUM_STATE_MAX,
};

extern const struct words medium_kind_words;
extern const struct words medium_state_words;

struct medium {
        int64_t id;
        char number[MEDIUM_NUMBER_MAX];
        enum medium_kind kind;
        char uuid[64];                /* "" it says nothing of itself */
        char path[1024];              /* of a folder, as it was registered; "" */
        char type[MEDIUM_NUMBER_MAX]; /* "DVD+R", "ext4"; texts are "" when unknown */
        char serial[MEDIUM_TEXT_MAX];
        int64_t capacity;            /* bytes, -1 */
        char place[MEDIUM_TEXT_MAX]; /* where it is kept */
        instant_t since;
        enum medium_state state;
        char reason[512]; /* why it failed or was retired */
};

/* Of 'm' all but id, since and state counts; a number of "" is made: the station's, "-M" and four digits.
 * Ledger: "medium.registered" on "medium/<number>". CATALOGUE_EXISTS: there is one of this number, or that
 * says this of itself. */
int medium_add(struct catalogue *c, const char *actor, const char *station, const struct medium *m,
               int64_t *ret_id);
/* Ledger: "medium.failed", "medium.retired" or "medium.active". Nothing is written when it is in that state.
 * CATALOGUE_ABSENT. */
int medium_set_state(struct catalogue *c, const char *actor, int64_t id, enum medium_state state,
                     const char *reason);

/* Its folder is at another path: "medium.moved". CATALOGUE_ABSENT. */
int medium_set_path(struct catalogue *c, const char *actor, int64_t id, const char *path);

/* CATALOGUE_ABSENT when there is none. Need no transaction. */
int medium_by_id(struct catalogue *c, int64_t id, struct medium *ret);
int medium_by_number(struct catalogue *c, const char *number, struct medium *ret);
int medium_by_uuid(struct catalogue *c, const char *uuid, struct medium *ret);
/* The active one with the lowest id above 'after'. */
int medium_active_next(struct catalogue *c, int64_t after, struct medium *ret);
/* The same of removable ones that are not retired. */
int medium_removable_next(struct catalogue *c, int64_t after, struct medium *ret);
