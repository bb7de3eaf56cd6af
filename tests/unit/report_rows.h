/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of reports look for in one. Every failure aborts the test. */

#include <json-c/json.h>

/* These members are in 'o', with these values, as JSON. */
void assert_has(json_object *o, const char *expected);
json_object *member(json_object *report, const char *key);
/* The rows of a section are these, each as assert_has() has it; one JSON object per argument. */
void assert_rows(json_object *report, const char *key, const char *const *expected);

#define ASSERT_ROWS(report, key, ...) \
        assert_rows(report, key, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
