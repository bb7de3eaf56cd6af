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

#define UNREADABLE_TOLD_MAX 8
#define UNREADABLE_TEXT_MAX 256

/* A line without commas: "unreadable 1536 bytes in 2 ranges: 512+512 4096+1024", offset and length. 'n'
 * ranges there are, of which 'ranges' has at most UNREADABLE_TOLD_MAX; those beyond are "…". */
void unreadable_text(const struct unreadable_range *ranges, size_t n, int64_t bytes,
                     char ret[UNREADABLE_TEXT_MAX]);

/* Adds a range; one that begins at the same byte is the same, and the larger one stays. */
int unreadable_note(struct catalogue *c, int64_t item, const struct unreadable_range *range);
/* Bytes from 'from' on are read anew: what is known of them is forgotten. */
int unreadable_forget(struct catalogue *c, int64_t item, int64_t from);
/* Bytes before 'until' were read anew, all of them: ranges that begin there are forgotten. */
int unreadable_forget_before(struct catalogue *c, int64_t item, int64_t until);
/* The first 'max' ranges in order; *ret_n how many there are, *ret_bytes their sum. Needs no transaction. */
int unreadable_read(struct catalogue *c, int64_t item, struct unreadable_range *ranges, size_t max,
                    size_t *ret_n, int64_t *ret_bytes);
