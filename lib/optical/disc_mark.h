/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * By what a disc of ours is known: "recdock-volume-1" and the volume's number, each with a newline, in the
 * field of the primary volume descriptor that ECMA-119 leaves to applications (8.4.32). A mark is no proof
 * of anything: whoever wants to can write one.
 */

#include "optical/disc_drive.h"
#include "optical/disc_reader.h"

#define DISC_MARK_SIZE 512

/* -EINVAL for a number that is empty, too long or of several lines. */
int disc_mark_make(const char *number, char ret[static DISC_MARK_SIZE]);

/* What is on the disc of an open drive. */
int disc_state_read(struct burner *b, struct disc_state *ret);
