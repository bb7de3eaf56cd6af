/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Recorders that were taken out of their bay and are on their way to a duty that nobody has told: a recorder
 * waits here at most once, until it is known to be away. It is forgotten when it is docked again, or when
 * somebody tells more of it (duty.h does both), and becomes a duty otherwise.
 */

#include "catalogue/catalogue.h"

struct undocking {
        int64_t docking; /* which ended with it */
        int64_t recorder;
        int64_t officer;      /* to whom it was assigned then */
        instant_t at;         /* when it was taken out */
        instant_t roster_end; /* INSTANT_NONE: there is none */
};

/* It waits from now on. Once for a docking, whatever has become of it; another one of the recorder that
 * still waits is CATALOGUE_CONFLICT. */
int undocking_note(struct catalogue *c, const struct undocking *u);

/* What waits of the recorder has never been. */
int undocking_forget(struct catalogue *c, int64_t recorder);

/* Every one that waits, the longest first; the callback may not write. A non-zero return of it ends the walk
 * and is returned. */
int undocking_each_waiting(struct catalogue *c,
                           int (*on_undocking)(void *userdata, const struct undocking *u), void *userdata);

/* It is away: its duty begins, at the time it was taken out. 'not_ready' as in duty.h. CATALOGUE_CONFLICT
 * when it is out already; nothing has changed then. */
int undocking_check_out(struct catalogue *c, const char *actor, const struct undocking *u,
                        const char *not_ready, int64_t *ret_duty);
