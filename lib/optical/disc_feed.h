/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The entries of a volume as streams that libisofs reads in a thread of its own. A source is opened in the
 * caller's thread all the same, when its turn comes: whoever asks recdockd for descriptors has one socket
 * and no locks. Each source is digested as it is read, and its last bytes are only given when all of it was
 * what the catalogue knows.
 */

#include "archive/proof.h"

#include <libisofs/libisofs.h>

struct disc_feed;

/* 'work' and 'v', which is told digests that it wants, must outlive it. Frees with disc_feed_free(), when no
 * thread reads its streams any more. -ENOMEM.
 */
int disc_feed_new(struct disc_feed **ret, struct archive_volume *v, const struct archive_work *work);
void disc_feed_free(struct disc_feed *f);

/* A stream of an entry of the volume; the reference is the caller's. -ENOMEM. */
int disc_feed_stream(struct disc_feed *f, const struct archive_entry *e, IsoStream **ret);

/* Waits for at most so long until a source is wanted, and opens it. */
void disc_feed_serve(struct disc_feed *f, unsigned int milliseconds);

/* Nothing is opened any more: what waits for a source gets an error. */
void disc_feed_abandon(struct disc_feed *f);

/* ARCHIVE_DONE while all sources are good; else what is wrong, the path and error into 'ret', or a negative
 * errno of this side. */
int disc_feed_outcome(struct disc_feed *f, struct archive_report *ret);
