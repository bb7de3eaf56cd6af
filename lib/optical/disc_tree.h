/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The files of a disc as its own directories name them, read by libisofs through our reader and so from the
 * medium; and the disc as what a volume is read back from. The directories are hostile: names that are no
 * text, trees without end and extents that are not on the disc end in an error or an unreadable file.
 */

#include "archive/proof.h"
#include "optical/disc_reader.h"

struct disc_tree;

/* The reader must outlive it. Frees with disc_tree_free(). -ENOENT: no image of ISO 9660 that can be
 * understood; -EIO: the medium does not give its directories; -ENOMEM. */
int disc_tree_read(struct disc_tree **ret, struct disc_reader *r);
void disc_tree_free(struct disc_tree *t);

struct proof_medium disc_tree_medium(struct disc_tree *t);
