/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a medium did not give of an item: the copy has zeros there. Kept from the moment the worker tells of
 * a range, so that a docking that goes on from a part knows of those before it; fixed once the item is
 * footage (the catalogue refuses to change them then).
 */

#include "catalogue/catalogue.h"

struct unreadable_range {
        int64_t start; /* bytes, from 0 of the file */
        int64_t size;  /* bytes, above 0 */
        bool rest;     /* too many ranges: this one reaches to the end, and parts of it may be readable */
};

/* Adds a range; one that begins at the same byte is the same, and the larger one stays. */
int unreadable_note(struct catalogue *c, int64_t item, const struct unreadable_range *range);
/* Bytes from 'from' on are read anew: what is known of them is forgotten. */
int unreadable_forget(struct catalogue *c, int64_t item, int64_t from);
/* The first 'max' ranges in order; *ret_n how many there are, *ret_bytes their sum. Needs no transaction. */
int unreadable_read(struct catalogue *c, int64_t item, struct unreadable_range *ranges, size_t max,
                    size_t *ret_n, int64_t *ret_bytes);
