/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the checks of one file have found, and the verdict that follows. Each finding is a word of
 * recdock-inspect(8) and belongs to a family; the verdict is that of the first family present, in this
 * order: encrypted, cut (truncated), unreadable, broken (damaged), echo (damaged; truncated when all that is
 * missing is the end).
 */

#include "media/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum finding {
        /* encrypted */
        FINDING_PROTECTED,    /* MP4 sinf/encv/enca, Matroska ContentEncryption */
        FINDING_SCRAMBLED,    /* MPEG-TS transport_scrambling_control */
        FINDING_HIGH_ENTROPY, /* a medium by its name, no known header, and bytes like noise */
        /* cut */
        FINDING_EMPTY,
        FINDING_NO_MOOV,
        FINDING_CUT,      /* the last element is not whole */
        FINDING_PAST_END, /* something is said to be where the file has ended already */
        FINDING_RIFF_SIZE,
        FINDING_NO_INDEX,
        FINDING_TS_CUT,
        /* unreadable */
        FINDING_NO_HEADER,
        FINDING_NO_CONTENT,
        FINDING_OPEN_FAILED,
        FINDING_TOO_MANY_PACKETS,
        FINDING_TIMED_OUT,
        FINDING_OUT_OF_MEMORY,
        FINDING_CRASHED,
        /* broken */
        FINDING_ZERO_SECTORS, /* with place and length: "zero-sectors@OFFSET+LENGTH" */
        FINDING_BAD_NAL,
        FINDING_BAD_FRAMES,
        FINDING_DTS_ORDER,
        FINDING_BAD_INDEX,
        FINDING_BAD_STRUCTURE,
        FINDING_BAD_CRC,
        FINDING_TS_CONTINUITY,
        FINDING_TS_SYNC,
        FINDING_TRAILING_GARBAGE,
        FINDING_HEADER_LOST,
        /* echo: what both a cut and a breach cause */
        FINDING_CORRUPT_PACKETS,
        FINDING_MISSING_PACKETS,
        FINDING_SHORT_DURATION,
        FINDING_DEMUX_ERRORS,
        _FINDING_MAX,
};

#define FINDINGS_ZERO_RUNS_MAX 4 /* named in the text; more are counted only */

struct findings {
        uint64_t seen; /* bit per enum finding */
        size_t n_zero_runs;
        struct {
                int64_t offset, size;
        } zero_runs[FINDINGS_ZERO_RUNS_MAX];
};

_Static_assert(_FINDING_MAX <= 64, "struct findings keeps a bit per finding");

void findings_add(struct findings *f, enum finding finding);
bool findings_have(const struct findings *f, enum finding finding);

/* A run of zeroed sectors, in bytes. */
void findings_add_zero_run(struct findings *f, int64_t offset, int64_t size);

/* The word itself: "no-moov". */
const char *finding_text(enum finding finding);

/* VERDICT_COMPLETE when nothing was found. */
enum media_verdict findings_verdict(const struct findings *f);

/* All words, comma-separated, into 'buf'; words that do not fit are left out whole. Returns buf. */
char *findings_text(const struct findings *f, char *buf, size_t size);
