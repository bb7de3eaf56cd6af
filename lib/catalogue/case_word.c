// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words of cases; see case_word.h. */
#include "catalogue/case_word.h"
#include "catalogue/query_noun.h"

#include <string.h>

static const char digits_and_small[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char digits_and_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

enum { WORD_LENGTH_MAX = 31 };

static const char *const activities[] = {
                "spot-check",       "pre-opening-check", "fire-investigation",
                "coercive-measure", "penalty",           "counter-service",
                "complaint-check",  "non-cooperation",   "other",
};

static const char *const terms[] = {
                "监督抽查",     "投入使用、营业前检查", "火灾事故调查", "行政强制", "行政处罚",
                "窗口受理咨询", "核查举报投诉",         "当事人不配合", "其他",
};
_Static_assert(ELEMENTSOF(activities) == ELEMENTSOF(terms), "an activity has no term");

static const char *const secrecies[] = {SECRECY_NONE, "state", "commercial", "privacy"};

const struct words activity_words = {"activity", activities, ELEMENTSOF(activities)};
const struct words secrecy_words = {"secrecy", secrecies, ELEMENTSOF(secrecies)};

const char *activity_term(size_t activity)
{
        return activity < ELEMENTSOF(terms) ? terms[activity] : "";
}

static bool is_word(const char *word, const char *of)
{
        size_t n = strlen(word);

        return n > 0 && n <= WORD_LENGTH_MAX && strspn(word, of) == n;
}

bool premises_class_accept(const char *word)
{
        return is_word(word, digits_and_small);
}

bool long_term_accept(const char *word)
{
        return is_word(word, digits_and_letters);
}

int query_run_activity(struct catalogue *c, const struct query *q,
                       int (*on_row)(void *userdata, const char *json), void *userdata)
{
        for (size_t i = 0; i < ELEMENTSOF(activities) && q->limit != (int64_t)i; i++) {
                _statement_ sqlite3_stmt *s = NULL;
                int r = statement_get(c, "SELECT json_object('activity', ?1, 'term', ?2)", &s);

                if (r == 0)
                        r = statement_bind(c, s, VALUES(RAW_TEXT(activities[i]), RAW_TEXT(terms[i])));
                if (r == 0)
                        r = statement_step(c, s);
                if (r <= 0)
                        return r;
                r = on_row(userdata, (const char *)sqlite3_column_text(s, 0));
                if (r != 0)
                        return r;
        }
        return 0;
}
