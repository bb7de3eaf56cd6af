// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words for the catalogue's enumerations; see word.h. */
#include "catalogue/word.h"
#include "catalogue/docking.h"
#include "catalogue/finding.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "base/cleanup.h"

#include <string.h>

static const char *const verdicts[] = {
                [VERDICT_UNKNOWN] = "unknown",     [VERDICT_COMPLETE] = "complete",
                [VERDICT_TRUNCATED] = "truncated", [VERDICT_DAMAGED] = "damaged",
                [VERDICT_ENCRYPTED] = "encrypted", [VERDICT_UNREADABLE] = "unreadable",
                [VERDICT_NOT_MEDIA] = "not-media",
};
_Static_assert(ELEMENTSOF(verdicts) == _VERDICT_MAX, "a verdict has no word");

static const char *const kinds[] = {
                [MEDIA_OTHER] = "other",
                [MEDIA_VIDEO] = "video",
                [MEDIA_AUDIO] = "audio",
                [MEDIA_PHOTO] = "photo",
};
_Static_assert(ELEMENTSOF(kinds) == _MEDIA_KIND_MAX, "a kind has no word");

static const char *const sources[] = {
                [FOOTAGE_DOCK] = "dock",
                [FOOTAGE_IMPORT] = "import",
                [FOOTAGE_RECOVERED] = "recovered",
};

static const char *const docking_states[] = {
                [DOCKING_PLUGGED] = "plugged",     [DOCKING_IDENTIFIED] = "identified",
                [DOCKING_LISTED] = "listed",       [DOCKING_OFFLOADING] = "offloading",
                [DOCKING_RELEASED] = "released",   [DOCKING_FAILED] = "failed",
                [DOCKING_UNPLUGGED] = "unplugged",
};
_Static_assert(ELEMENTSOF(docking_states) == _DOCKING_STATE_MAX, "a docking state has no word");

static const char *const item_states[] = {
                [ITEM_LISTED] = "listed", [ITEM_PARTIAL] = "partial", [ITEM_PULLED] = "pulled",
                [ITEM_FILING] = "filing", [ITEM_FOOTAGE] = "footage", [ITEM_FAILED] = "failed",
};

static const char *const finding_kinds[] = {
                [FINDING_DELETED] = "deleted",
                [FINDING_SEQUENCE_GAP] = "sequence-gap",
                [FINDING_MEDIUM] = "medium",
};

static const char *const finding_states[] = {
                [FINDING_OPEN] = "open",
                [FINDING_ASKED] = "recovering",
                [FINDING_RECOVERED] = "recovered",
                [FINDING_FAILED] = "failed",
};

const struct words verdict_words = {"verdict", verdicts, ELEMENTSOF(verdicts)};
const struct words kind_words = {"kind", kinds, ELEMENTSOF(kinds)};
const struct words source_words = {"source", sources, ELEMENTSOF(sources)};
const struct words docking_state_words = {"state", docking_states, ELEMENTSOF(docking_states)};
const struct words item_state_words = {"state", item_states, ELEMENTSOF(item_states)};
const struct words finding_kind_words = {"kind", finding_kinds, ELEMENTSOF(finding_kinds)};
const struct words finding_state_words = {"state", finding_states, ELEMENTSOF(finding_states)};

const char *word_of(const struct words *w, int value)
{
        return value >= 0 && (size_t)value < w->n ? w->words[value] : "unknown";
}

int word_value(const struct words *w, const char *word, size_t n, int *ret)
{
        for (size_t i = 0; i < w->n; i++) {
                if (strlen(w->words[i]) == n && memcmp(w->words[i], word, n) == 0) {
                        *ret = (int)i;
                        return 0;
                }
        }
        return -EINVAL;
}

const char *docking_state_text(enum docking_state s)
{
        return word_of(&docking_state_words, (int)s);
}

const char *item_state_text(enum item_state s)
{
        return word_of(&item_state_words, (int)s);
}
