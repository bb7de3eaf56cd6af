/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The clusters of a file or folder in their order, consecutive ones merged. A chain never gives more
 * clusters than it was asked for, and a chain that runs in a circle is noticed at the latest after three
 * rounds (Brent's algorithm), so neither length nor cycle keeps anybody busy.
 */

#include "recorder/ums/volume_state.h"

enum chain_end {
        CHAIN_GOES_ON,    /* not at its end yet, or the limit was reached: see 'left' */
        CHAIN_ENDED,      /* as it should */
        CHAIN_LED_ASTRAY, /* to a free or bad cluster, or out of the volume */
        CHAIN_CYCLED,
};

struct volume_chain {
        uint32_t next; /* cluster to be given next; 0 none */
        uint64_t left; /* clusters that may still be given */
        bool contiguous;
        enum chain_end end;
        uint32_t astray; /* with CHAIN_LED_ASTRAY: the cluster in question */
        uint32_t mark;   /* a cluster seen before */
        uint64_t since, power;
};

/* A chain that begins at 'cluster' and gives at most 'most' clusters; 'contiguous': without asking the FAT.
 */
void volume_chain_begin(struct volume_chain *c, const struct volume *v, uint32_t cluster, uint64_t most,
                        bool contiguous);

/* The next clusters, at most 'most' of them; ret->n is 0 at the end, and c->end says which end it is. */
int volume_chain_next(struct volume_chain *c, struct volume *v, uint32_t most, struct volume_run *ret);
