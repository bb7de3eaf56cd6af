// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kinds of alerts; see alert_kind.h. */
#include "catalogue/alert_kind.h"
#include "base/cleanup.h"

#include <string.h>

static const struct alert_kind kinds[] = {
#define KIND(word, severity, id, when) {word, ALERT_##severity, id, when},
                ALERT_KIND_TABLE(KIND)
#undef KIND
};

static const char *const kind_words_list[] = {
#define WORD(word, severity, id, when) word,
                ALERT_KIND_TABLE(WORD)
#undef WORD
};

static const char *const severities[] = {
                [ALERT_NOTICE] = "notice",
                [ALERT_WARNING] = "warning",
                [ALERT_ERROR] = "error",
                [ALERT_CRITICAL] = "critical",
};
_Static_assert(ELEMENTSOF(severities) == _ALERT_SEVERITY_MAX, "a severity has no word");

const struct words alert_kind_words = {"kind", kind_words_list, ELEMENTSOF(kind_words_list)};
const struct words alert_severity_words = {"severity", severities, ELEMENTSOF(severities)};

const struct alert_kind *alert_kind_by_word(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strcmp(kinds[i].word, word) == 0)
                        return &kinds[i];
        return NULL;
}
