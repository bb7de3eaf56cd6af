/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The chunks of a RIFF file (Microsoft "Multimedia Programming Interface and Data Specifications 1.0";
 * OpenDML AVI 1.02; RF64 as of EBU Tech 3306): sizes against the file's end and, for AVI, the index.
 */

#include "media/findings.h"
#include "media/media_reader.h"

#define RIFF_CHUNKS_MAX 1000000

/* To be called when the front is at the end. Returns 0 or the reader's error; what is wrong goes to
 * 'findings'. */
int riff_walk_avi(struct media_reader *reader, struct findings *findings);
int riff_walk_wav(struct media_reader *reader, struct findings *findings);
