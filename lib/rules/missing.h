/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When does nobody know where a recorder is? It is out, and was to be back: long after the end of its roster
 * or of an approved extension, or, where nobody said until when, long after its checkout. That is about the
 * recorder; what is on it, and by when that has to be exported, is for rules/deadline.h. A recorder that is
 * back and not exported is overdue and not missing.
 *
 * Pure: no clock, no I/O. More time never makes it missing earlier. Sums saturate.
 */

#include "base/clock.h"

#include <stdbool.h>

/* What a site has decided; microseconds, 0 never. */
struct missing_rules {
        int64_t grace; /* after the end of the roster, or of an extension */
        int64_t after; /* after the checkout, where there is no roster */
};

/* Of one duty. Each instant may be INSTANT_NONE. */
struct missing_facts {
        instant_t checked_out; /* without it the recorder is back: nobody knew that it was away */
        instant_t roster_end;
        instant_t extended; /* until when, by approval */
        instant_t returned; /* told, or implied by a docking */
        instant_t retired;  /* when the recorder went out of service: nobody looks for it any more */
};

/* From when on it is missing, as long as it is out. INSTANT_NONE: never. */
instant_t missing_since(const struct missing_rules *rules, const struct missing_facts *facts);

/* Was it missing at 'at', which may have passed? */
bool missing_at(const struct missing_rules *rules, const struct missing_facts *facts, instant_t at);
