/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sectors of a disc as the medium has them: read by SCSI commands of our own, past the kernel's page cache;
 * of a file that stands in for a disc by direct reads. What a drive keeps in its own memory is a few
 * megabytes; disc_volume.c reads so that it has to be replaced on the way.
 */

#include "optical/burner.h"

#include <stddef.h>

struct disc_reader;

/* The drive stays the caller's, open, and untouched by others meanwhile. Frees with disc_reader_free(). */
int disc_reader_new(struct disc_reader **ret, struct burner *b);
void disc_reader_free(struct disc_reader *r);

/* What can be read at most: 0 of a blank disc. */
int64_t disc_reader_sectors(const struct disc_reader *r);
/* Whether reads are known to come from the medium. */
bool disc_reader_is_uncached(const struct disc_reader *r);

/* 'n' whole sectors from 'sector' on. -EIO: the medium does not give all of them; -ENODATA: there is no such
 * sector. */
int disc_reader_read(struct disc_reader *r, int64_t sector, size_t n, void *ret);
