/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a restore goes: is the machine empty, or one that this very restore was begun on? */

#include "backup/generation.h"

enum machine_outcome {
        MACHINE_EMPTY = 0,
        MACHINE_BEGUN = 1,     /* by this restore */
        MACHINE_OTHER = 2,     /* by a restore of something else */
        MACHINE_CATALOGUE = 3, /* there is a catalogue */
        MACHINE_FOOTAGE = 4,   /* there is footage, or what is being pulled */
};

/* Looks only; a store's folder that is missing is empty. */
int machine_judge(const char *store_root, const char *catalogue, const struct generation *g);

/* Makes the store's folder when it is missing, and puts the mark there. Returns the folder's descriptor. */
int machine_claim(const char *store_root, const struct generation *g);
/* Takes the mark away: the restore has ended. */
int machine_finish(int store_root);
