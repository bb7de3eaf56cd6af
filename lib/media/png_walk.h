/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The chunks of a PNG picture (W3C PNG, third edition, section 5): lengths, checksums, end. */

#include "media/findings.h"
#include "media/media_reader.h"

/* To be called when the front is at the end. Returns 0 or the reader's error; what is wrong goes to
 * 'findings'. */
int png_walk(struct media_reader *reader, struct findings *findings);
