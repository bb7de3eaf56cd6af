/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the two proofs share: reading one file back, looking for files that nothing tells of, and the
 * account. */

#include "archive/proof.h"

struct proving {
        const struct proof_medium *medium;
        const struct archive_work *work;
        struct archive_report *report;
        int64_t done, total; /* bytes, for progress */
};

/* 'size' -1 when only the digests are known. SM3 is compared when 'expected' has it. Returns a proof_result,
 * -ECANCELED, or a negative errno of this side (-ENOMEM). */
int file_read_back(struct proving *p, const char *path, int64_t size, const struct digest_values *expected);

/* Counts a result and tells it. */
void proving_tell(struct proving *p, const char *path, enum proof_result result);

/* A whole small file; -ENOENT, -EISDIR, -EFBIG. One byte behind it is there for a parser. */
int text_read_back(const struct proof_medium *medium, const char *path, char **ret, size_t *ret_size);

/* Tells each file of the medium that 'is_known' does not know as PROOF_EXTRA; bounded in count. */
int extras_find(struct proving *p, bool (*is_known)(void *userdata, const char *path), void *userdata);

/* ARCHIVE_DONE when all that was told is good, as far as the work wants it. */
int proving_outcome(const struct proving *p);
