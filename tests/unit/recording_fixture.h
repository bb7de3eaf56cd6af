/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A catalogue of recorders "R1" to "R6", officers "O1" to "O4" and units "U1" and "U2", and what asks it.
 * Every failure aborts the test. */

#include "base/cleanup.h"
#include "catalogue/query.h"
#include "rules/continuity.h"
#include "test_catalogue_fixture.h"

#include <json-c/json.h>

#define FILTERS_MAX 6

DEFINE_CLEANUP(json_object *, json_object_put);

extern struct catalogue *c;
extern int64_t units[3], officers[5], recorders[7]; /* ids, from 1; 0 nobody's */

/* Without footage. */
void furnish(void);
/* With it: two recorders with a hole each, one that changed hands, one without video, one with a damaged
 * file. */
void setup(void);
void teardown(void);

/* A time as people type it. */
instant_t at(const char *text);
/* Complete video; negative seconds: of unknown duration. Recorder 1 is of unit 1, 2 of unit 2. */
struct footage draft(int recorder, int officer, const char *started, double seconds);
/* The same filed; gives its id. */
int64_t add(int recorder, int officer, const char *started, double seconds);
int64_t add_of(int recorder, const char *started, double seconds, enum media_kind kind,
               enum media_verdict verdict);

/* The rows of an answer, an array; 'rules' may be NULL. */
json_object *ask_by(const char *noun, const struct query_filter *filters,
                    const struct continuity_rules *rules);
json_object *row_of(json_object *rows, size_t i);
/* "null" for null. */
const char *text_of(json_object *row, const char *key);

#define ASK(noun, ...) ask_by(noun, (const struct query_filter[FILTERS_MAX]){__VA_ARGS__}, NULL)

#define assert_row(row, expected) \
        ck_assert_str_eq(json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN), expected)
