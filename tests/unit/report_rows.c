// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looking at a report; see report_rows.h. */
#include "report_rows.h"
#include "base/cleanup.h"

#include <check.h>

DEFINE_CLEANUP(json_object *, json_object_put);

void assert_has(json_object *o, const char *expected)
{
        _cleanup_(json_object_putp) json_object *wanted = json_tokener_parse(expected);

        ck_assert_msg(json_object_is_type(wanted, json_type_object), "%s", expected);
        json_object_object_foreach(wanted, key, value)
        {
                json_object *got = NULL;

                ck_assert_msg(json_object_object_get_ex(o, key, &got), "no '%s' in %s", key,
                              json_object_to_json_string(o));
                ck_assert_msg(json_object_equal(got, value) ||
                                              (json_object_is_type(value, json_type_double) &&
                                               json_object_get_double(got) == json_object_get_double(value)),
                              "'%s' is %s, expected %s in %s", key, json_object_to_json_string(got),
                              json_object_to_json_string(value), json_object_to_json_string(o));
        }
}

json_object *member(json_object *report, const char *key)
{
        json_object *o = NULL;

        ck_assert_msg(json_object_object_get_ex(report, key, &o), "no '%s'", key);
        return o;
}

void assert_rows(json_object *report, const char *key, const char *const *expected)
{
        json_object *rows = member(report, key);
        size_t n = 0;

        for (; expected[n]; n++) {
                ck_assert_msg(n < json_object_array_length(rows), "%s has too few rows: %s", key,
                              json_object_to_json_string(rows));
                assert_has(json_object_array_get_idx(rows, n), expected[n]);
        }
        ck_assert_msg(json_object_array_length(rows) == n, "%s has too many rows: %s", key,
                      json_object_to_json_string(rows));
}
