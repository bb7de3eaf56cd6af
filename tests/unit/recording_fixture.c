// SPDX-License-Identifier: LGPL-2.1-or-later
/* Footage for the tests of recordings, gaps and coverage; see recording_fixture.h. */
#include "recording_fixture.h"
#include "catalogue/registry.h"

#include <check.h>
#include <string.h>

struct catalogue *c;
int64_t units[3], officers[5], recorders[7];
static int64_t files;

instant_t at(const char *text)
{
        instant_t t;

        ck_assert_msg(instant_parse(text, FIXTURE_NOW, &t) == 0, "'%s' is no time", text);
        return t;
}

struct footage draft(int recorder, int officer, const char *started, double seconds)
{
        struct footage f;
        char name[32];

        (void)snprintf(name, sizeof(name), "%lld.mp4", (long long)++files);
        fixture_footage(&f, 0, name);
        f.recorder = recorders[recorder];
        f.officer = officers[officer];
        f.unit = recorder == 1 ? units[1] : recorder == 2 ? units[2] : 0;
        f.started_at = at(started);
        f.duration = seconds < 0 ? -1 : (int64_t)(seconds * USEC_PER_SEC);
        f.ended_at = f.started_at + MAX(f.duration, 0);
        return f;
}

int64_t add(int recorder, int officer, const char *started, double seconds)
{
        struct footage f = draft(recorder, officer, started, seconds);

        return fixture_file(c, &f);
}

int64_t add_of(int recorder, const char *started, double seconds, enum media_kind kind,
               enum media_verdict verdict)
{
        struct footage f = draft(recorder, 0, started, seconds);

        f.kind = kind;
        f.verdict = verdict;
        return fixture_file(c, &f);
}

void furnish(void)
{
        char number[8];

        c = fixture_open();
        files = 0;
        fixture_begin(c);
        for (int i = 1; i <= 2; i++) {
                (void)snprintf(number, sizeof(number), "U%d", i);
                units[i] = fixture_unit(c, number);
        }
        for (int i = 1; i <= 4; i++) {
                (void)snprintf(number, sizeof(number), "O%d", i);
                officers[i] = fixture_officer(c, number, 0);
        }
        for (int i = 1; i <= 6; i++) {
                (void)snprintf(number, sizeof(number), "R%d", i);
                recorders[i] = fixture_recorder(c, number, 0);
        }
}

/* Two recorders with a hole each, one that changed hands, one without video, one with a damaged file. */
void setup(void)
{
        furnish();
        (void)add(1, 1, "2026-10-30 08:00", 300);
        (void)add(1, 1, "2026-10-30 08:05", 300);
        (void)add(1, 1, "2026-10-30 08:20", 300);
        (void)add(1, 2, "2026-10-31 09:00", 300);
        (void)add(1, 2, "2026-10-31 09:10", 300);
        (void)add(2, 2, "2026-10-30 08:05", 600);
        (void)add(2, 2, "2026-10-30 08:30", 300);
        (void)add_of(3, "2026-10-30 10:00", 60, MEDIA_AUDIO, VERDICT_COMPLETE);
        (void)add_of(3, "2026-10-30 10:02", -1, MEDIA_PHOTO, VERDICT_COMPLETE);
        (void)add_of(3, "2026-10-30 10:05", 60, MEDIA_AUDIO, VERDICT_COMPLETE);
        (void)add_of(4, "2026-10-30 11:00", -1, MEDIA_VIDEO, VERDICT_DAMAGED);
        (void)add_of(4, "2026-10-30 11:10", 300, MEDIA_VIDEO, VERDICT_COMPLETE);
        fixture_commit(c);
        fixture_begin(c);
}

void teardown(void)
{
        fixture_commit(c);
        fixture_close(c);
}

/* --- asking --- */

static int on_row(void *userdata, const char *json)
{
        json_object *row = json_tokener_parse(json);

        ck_assert_msg(json_object_is_type(row, json_type_object), "%s", json);
        (void)json_object_array_add(userdata, row);
        return 0;
}

json_object *ask_by(const char *noun, const struct query_filter *filters,
                    const struct continuity_rules *rules)
{
        json_object *rows = json_object_new_array();
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;
        size_t n = 0;

        while (n < FILTERS_MAX && filters[n].key)
                n++;
        ck_assert_msg(query_new(noun, filters, n, FIXTURE_NOW, &q, &error) == 0, "%s", error);
        if (rules)
                query_set_continuity(q, rules);
        ck_assert_msg(query_run(c, q, on_row, rows) == 0, "%s", catalogue_error(c));
        query_free(q);
        return rows;
}

json_object *row_of(json_object *rows, size_t i)
{
        ck_assert_uint_lt(i, json_object_array_length(rows));
        return json_object_array_get_idx(rows, i);
}

const char *text_of(json_object *row, const char *key)
{
        json_object *value;

        ck_assert_msg(json_object_object_get_ex(row, key, &value), "no %s in %s", key,
                      json_object_to_json_string(row));
        return value ? json_object_get_string(value) : "null";
}
