/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The words for the catalogue's enumerations, in both directions: rows show them, filters take them. Verdict
 * and kind have the words of media/verdict.h; they stand here again because this room does not link
 * libavformat's.
 */

#include <stddef.h>

struct words {
        const char *what; /* "verdict" */
        const char *const *words;
        size_t n;
};

extern const struct words verdict_words;
extern const struct words kind_words;
extern const struct words source_words;
extern const struct words docking_state_words;
extern const struct words item_state_words;
extern const struct words finding_kind_words;
extern const struct words finding_state_words;
extern const struct words hold_reason_words;
extern const struct words retention_basis_words;

/* The word of a value, "unknown" outside of the table. */
const char *word_of(const struct words *w, int value);
/* The value of a word of 'n' bytes. -EINVAL for any other. */
int word_value(const struct words *w, const char *word, size_t n, int *ret);
