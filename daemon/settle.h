/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose and when (design, section 6): the row that footage will have, from all that is known of an item. */

#include "catalogue/docking.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "media/inspect_messages.h"

struct station;

/*
 * Fills *ret but for its path. 'row' is the docking that pulled the item. *ret_numbers gets unit, recorder
 * and officer numbers for the path ("" none). Returns 0 or a negative errno.
 */
struct settled_numbers {
        char unit[128], recorder[128], officer[128];
        bool officer_disagrees;
        bool officer_unknown; /* a number was said that the registry does not know */
        char said_officer[64];
        int64_t unreadable;      /* bytes that the medium did not give */
        bool recorder_disagrees; /* the file name tells another recorder than the registry */
        bool said_is_registered; /* as one of its own */
        char said_recorder[64];
};

int footage_settle(struct station *s, const struct item *item, const struct docking_row *row,
                   const struct inspect_result *result, struct footage *ret,
                   struct settled_numbers *ret_numbers);
