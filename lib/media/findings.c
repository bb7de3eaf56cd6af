// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Findings to words and to a verdict. The order of the families says which fact a person has to know first:
 * a file that ends too early also has corrupt packets and a broken last frame, and "truncated" is the truth
 * about it.
 */
#include "media/findings.h"
#include "base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum family {
        FAMILY_ENCRYPTED,
        FAMILY_CUT,
        FAMILY_UNREADABLE,
        FAMILY_BROKEN,
        FAMILY_ECHO,
        _FAMILY_MAX,
};

static const struct {
        const char *word;
        enum family family;
} finding_table[_FINDING_MAX] = {
                [FINDING_PROTECTED] = {"protected", FAMILY_ENCRYPTED},
                [FINDING_SCRAMBLED] = {"scrambled", FAMILY_ENCRYPTED},
                [FINDING_HIGH_ENTROPY] = {"high-entropy", FAMILY_ENCRYPTED},
                [FINDING_EMPTY] = {"empty", FAMILY_CUT},
                [FINDING_NO_MOOV] = {"no-moov", FAMILY_CUT},
                [FINDING_CUT] = {"cut", FAMILY_CUT},
                [FINDING_PAST_END] = {"past-end", FAMILY_CUT},
                [FINDING_RIFF_SIZE] = {"riff-size", FAMILY_CUT},
                [FINDING_NO_INDEX] = {"no-index", FAMILY_CUT},
                [FINDING_TS_CUT] = {"ts-cut", FAMILY_CUT},
                [FINDING_NO_HEADER] = {"no-header", FAMILY_UNREADABLE},
                [FINDING_NO_CONTENT] = {"no-content", FAMILY_UNREADABLE},
                [FINDING_OPEN_FAILED] = {"open-failed", FAMILY_UNREADABLE},
                [FINDING_TOO_MANY_PACKETS] = {"too-many-packets", FAMILY_UNREADABLE},
                [FINDING_TIMED_OUT] = {"timed-out", FAMILY_UNREADABLE},
                [FINDING_OUT_OF_MEMORY] = {"out-of-memory", FAMILY_UNREADABLE},
                [FINDING_CRASHED] = {"crashed", FAMILY_UNREADABLE},
                [FINDING_ZERO_SECTORS] = {"zero-sectors", FAMILY_BROKEN},
                [FINDING_BAD_NAL] = {"bad-nal", FAMILY_BROKEN},
                [FINDING_BAD_FRAMES] = {"bad-frames", FAMILY_BROKEN},
                [FINDING_DTS_ORDER] = {"dts-order", FAMILY_BROKEN},
                [FINDING_BAD_INDEX] = {"bad-index", FAMILY_BROKEN},
                [FINDING_BAD_STRUCTURE] = {"bad-structure", FAMILY_BROKEN},
                [FINDING_BAD_CRC] = {"bad-crc", FAMILY_BROKEN},
                [FINDING_TS_CONTINUITY] = {"ts-continuity", FAMILY_BROKEN},
                [FINDING_TS_SYNC] = {"ts-sync", FAMILY_BROKEN},
                [FINDING_TRAILING_GARBAGE] = {"trailing-garbage", FAMILY_BROKEN},
                [FINDING_HEADER_LOST] = {"header-lost", FAMILY_BROKEN},
                [FINDING_CORRUPT_PACKETS] = {"corrupt-packets", FAMILY_ECHO},
                [FINDING_MISSING_PACKETS] = {"missing-packets", FAMILY_ECHO},
                [FINDING_SHORT_DURATION] = {"short-duration", FAMILY_ECHO},
                [FINDING_DEMUX_ERRORS] = {"demux-errors", FAMILY_ECHO},
};

static const enum media_verdict family_verdicts[_FAMILY_MAX] = {
                [FAMILY_ENCRYPTED] = VERDICT_ENCRYPTED,   [FAMILY_CUT] = VERDICT_TRUNCATED,
                [FAMILY_UNREADABLE] = VERDICT_UNREADABLE, [FAMILY_BROKEN] = VERDICT_DAMAGED,
                [FAMILY_ECHO] = VERDICT_DAMAGED,
};

void findings_add(struct findings *f, enum finding finding)
{
        f->seen |= UINT64_C(1) << finding;
}

bool findings_have(const struct findings *f, enum finding finding)
{
        return f->seen & UINT64_C(1) << finding;
}

void findings_add_zero_run(struct findings *f, int64_t offset, int64_t size)
{
        findings_add(f, FINDING_ZERO_SECTORS);
        if (f->n_zero_runs == FINDINGS_ZERO_RUNS_MAX)
                return;
        f->zero_runs[f->n_zero_runs].offset = offset;
        f->zero_runs[f->n_zero_runs].size = size;
        f->n_zero_runs++;
}

const char *finding_text(enum finding finding)
{
        return finding_table[finding].word;
}

enum media_verdict findings_verdict(const struct findings *f)
{
        /* A missing end and nothing else wrong: the recording was cut at the joint between two elements. */
        if (f->seen == UINT64_C(1) << FINDING_SHORT_DURATION)
                return VERDICT_TRUNCATED;
        for (enum family family = 0; family < _FAMILY_MAX; family++)
                for (enum finding i = 0; i < _FINDING_MAX; i++)
                        if (finding_table[i].family == family && findings_have(f, i))
                                return family_verdicts[family];
        return VERDICT_COMPLETE;
}

static void text_append(char *buf, size_t size, const char *word)
{
        size_t used = strlen(buf);

        if (used + (used > 0) + strlen(word) + 1 > size)
                return;
        (void)snprintf(buf + used, size - used, "%s%s", used > 0 ? "," : "", word);
}

char *findings_text(const struct findings *f, char *buf, size_t size)
{
        char word[64];

        buf[0] = '\0';
        for (enum finding i = 0; i < _FINDING_MAX; i++)
                if (findings_have(f, i) && (i != FINDING_ZERO_SECTORS || f->n_zero_runs == 0))
                        text_append(buf, size, finding_text(i));
        for (size_t i = 0; i < f->n_zero_runs; i++) {
                (void)snprintf(word, sizeof(word), "%s@%" PRId64 "+%" PRId64,
                               finding_text(FINDING_ZERO_SECTORS), f->zero_runs[i].offset,
                               f->zero_runs[i].size);
                text_append(buf, size, word);
        }
        return buf;
}
