/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The words of cases: which enforcement activity it is (Art. 21), how secret it is (Art. 33), and the form
 * of those that the site's retention profile has. The catalogue keeps the words.
 */

#include "catalogue/word.h"

#include <stdbool.h>

/* In the order of Art. 21. */
extern const struct words activity_words;
/* The regulation's own word for one of them, by its place: "监督抽查". */
const char *activity_term(size_t activity);

#define SECRECY_NONE "none"
extern const struct words secrecy_words;

/* Is it a class of premises, a long-term category? Any word of such a form is: the only places to change
 * when a profile says which there are. */
bool premises_class_accept(const char *word);
bool long_term_accept(const char *word);
#define PREMISES_CLASS_EXPECTED "1 to 31 of a-z, 0-9 and -"
#define LONG_TERM_EXPECTED      "a category such as L1, L2, L3 or L4"
