// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a query takes and what it gives: every error text, every noun's keys in their order, and each filter
 * of the small nouns. */
#include "base/cleanup.h"
#include "catalogue/alert.h"
#include "catalogue/finding.h"
#include "catalogue/docking.h"
#include "catalogue/duty.h"
#include "catalogue/item.h"
#include "catalogue/query.h"
#include "catalogue/registry.h"
#include "catalogue/word.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <json-c/json.h>
#include <string.h>

static struct catalogue *c;
static int64_t docking;

/* One of yesterday that is done with, and one that is out and extended. */
static void add_duties(int64_t recorder, int64_t officer)
{
        struct extension e = {
                        .until = FIXTURE_NOW + 2 * USEC_PER_DAY, .reason = "no-transport", .approver = "Li"};
        int64_t id;

        ck_assert_int_eq(duty_return(c, "test", recorder, FIXTURE_NOW - USEC_PER_DAY, &id), CATALOGUE_OK);
        ck_assert_int_eq(duty_offload(c, "test", recorder, docking, FIXTURE_NOW), CATALOGUE_OK);
        ck_assert_int_eq(duty_check_out(c, "test",
                                        &(struct checkout){.recorder = recorder,
                                                           .officer = officer,
                                                           .at = FIXTURE_NOW,
                                                           .roster_end = FIXTURE_NOW + 10 * USEC_PER_HOUR},
                                        &e.duty),
                         CATALOGUE_OK);
        ck_assert_int_eq(extension_grant(c, "test", &e), CATALOGUE_OK);
}

/* Two units, two officers, two recorders, one docking, one item of it filed, two duties, one alert. */
static void setup(void)
{
        int64_t unit, officer, recorder;
        struct footage f;
        struct finding finding = {.kind = FINDING_DELETED, .path = "A/y.mp4", .size = -1, .count = 1};
        bool raised, is_new;

        c = fixture_open();
        fixture_begin(c);
        unit = fixture_unit(c, "A");
        (void)fixture_unit(c, "B");
        officer = fixture_officer(c, "000001", unit);
        (void)fixture_officer(c, "000002", 0);
        recorder = fixture_recorder(c, "1000001", unit);
        ck_assert_int_eq(recorder_retire(c, "test", fixture_recorder(c, "1000002", 0), "lost"),
                         CATALOGUE_OK);
        ck_assert_int_eq(recorder_assign(c, "test", recorder, officer, FIXTURE_NOW - USEC_PER_DAY,
                                         INSTANT_NONE),
                         0);
        docking = fixture_docking(c, recorder);
        add_duties(recorder, officer);
        fixture_footage(&f, fixture_item(c, recorder, docking, "x.mp4"), "x.mp4");
        f.docking = docking;
        f.unit = unit;
        f.officer = officer;
        f.recorder = recorder;
        f.late_us = 61 * USEC_PER_SEC;
        f.duration = 1500000;
        (void)snprintf(f.verdict_reasons, sizeof(f.verdict_reasons), "no-moov,\"odd\\word");
        (void)fixture_file(c, &f);
        finding.docking = docking;
        finding.recorder = recorder;
        finding.found_at = FIXTURE_NOW;
        ck_assert_int_eq(finding_note(c, &finding, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(alert_raise(c, "store-low", 4, "store", "5 % free", &raised), 0);
        ck_assert_int_eq(alert_raise(c, "clock-drift", 5, "recorder/1000001", "61 s", &raised), 0);
        ck_assert_int_eq(alert_clear(c, "clock-drift", "recorder/1000001", "test"), 0);
        fixture_commit(c);
}

static void teardown(void)
{
        fixture_close(c);
}

struct rows {
        int n;
        char *first;
};

static int on_row(void *userdata, const char *json)
{
        struct rows *rows = userdata;
        struct json_object *object = json_tokener_parse(json);

        ck_assert_msg(object && json_object_is_type(object, json_type_object), "%s", json);
        (void)json_object_put(object);
        if (rows->n++ == 0)
                rows->first = strdup(json);
        return 0;
}

static struct rows ask(const char *noun, const char *key, const char *value)
{
        const struct query_filter filter = {key, value};
        _cleanup_free_ char *error = NULL;
        struct rows rows = {0};
        struct query *q = NULL;

        ck_assert_msg(query_new(noun, &filter, key ? 1 : 0, FIXTURE_NOW, &q, &error) == 0, "%s", error);
        ck_assert_msg(query_run(c, q, on_row, &rows) == 0, "%s", catalogue_error(c));
        query_free(q);
        return rows;
}

static const struct {
        const char *noun, *key, *value;
        int rows;
} answers[] = {
                {"footage", NULL, NULL, 1},
                {"footage", "unit", "A", 1},
                {"footage", "unit", "B", 0},
                {"footage", "unit", "nobody's", 0},
                {"footage", "on", "2026-10-31", 1},
                {"footage", "on", "yesterday", 1},
                {"footage", "on", "today", 0},
                {"footage", "on", "-22h", 1},
                {"footage", "from", "2026-10-31 10:00", 1},
                {"footage", "from", "2026-10-31 10:00:01", 0},
                {"footage", "to", "2026-10-31 10:00", 0},
                {"footage", "to", "2026-10-31 10:00:01", 1},
                {"footage", "name", "x.mp?", 1},
                {"footage", "name", "X.MP4", 0},
                {"footage", "name", "[x].mp4", 0},
                {"docking", "recorder", "1000001", 1},
                {"docking", "recorder", "1000002", 0},
                {"docking", "bay", "3", 1},
                {"docking", "bay", "4", 0},
                {"docking", "from", "08:00", 1},
                {"docking", "to", "08:00", 0},
                {"docking", "state", "plugged,failed", 1},
                {"docking", "state", "released", 0},
                {"docking", "id", "1", 1},
                {"docking", "id", "2", 0},
                {"item", "docking", "1", 1},
                {"item", "docking", "2", 0},
                {"item", "state", "footage", 1},
                {"item", "state", "failed", 0},
                {"finding", NULL, NULL, 1},
                {"finding", "docking", "1", 1},
                {"finding", "docking", "2", 0},
                {"finding", "recorder", "1000001", 1},
                {"finding", "recorder", "1000002", 0},
                {"finding", "kind", "deleted", 1},
                {"finding", "kind", "sequence-gap,medium", 0},
                {"finding", "state", "open", 1},
                {"finding", "state", "recovered", 0},
                {"finding", "from", "2026-11-01", 1},
                {"finding", "to", "2026-11-01", 0},
                {"recorder", NULL, NULL, 2},
                {"recorder", "number", "1000002", 1},
                {"recorder", "unit", "A", 1},
                {"recorder", "unit", "B", 0},
                {"recorder", "retired", "yes", 1},
                {"recorder", "retired", "no", 1},
                {"recorder", "limit", "1", 1},
                {"officer", NULL, NULL, 2},
                {"officer", "number", "000002", 1},
                {"officer", "unit", "A", 1},
                {"unit", NULL, NULL, 2},
                {"unit", "number", "B", 1},
                {"assignment", "recorder", "1000001", 1},
                {"assignment", "officer", "000002", 0},
                {"assignment", "at", "now", 1},
                {"assignment", "at", "-25h", 0},
                {"duty", NULL, NULL, 2},
                {"duty", "recorder", "1000001", 2},
                {"duty", "recorder", "1000002", 0},
                {"duty", "officer", "000001", 1},
                {"duty", "out", "yes", 1},
                {"duty", "waiting", "no", 1},
                {"duty", "from", "-1h", 1},
                {"duty", "to", "-1h", 1},
                {"alert", NULL, NULL, 2},
                {"alert", "kind", "store-low", 1},
                {"alert", "open", "yes", 1},
                {"alert", "open", "false", 1},
                {"alert", "id", "2", 1},
                {"alert", "id", "9", 0},
                {"alert", "subject", "store", 1},
                {"alert", "subject", "sto", 0},
                {"alert", "severity", "warning", 1},
                {"alert", "severity", "warning,error", 2},
                {"alert", "severity", "critical", 0},
                {"alert", "from", "now", 2},
                {"alert", "to", "now", 0},
                {"ledger", "act", "footage.filed", 1},
                {"ledger", "subject", "recorder/1000001", 6},
                {"ledger", "from", "now", 15},
                {"ledger", "to", "now", 0},
                {"ledger", "limit", "3", 3},
};

START_TEST(test_answer)
{
        struct rows rows = ask(answers[_i].noun, answers[_i].key, answers[_i].value);

        ck_assert_msg(rows.n == answers[_i].rows, "%s %s=%s: %d rows, expected %d", answers[_i].noun,
                      answers[_i].key, answers[_i].value, rows.n, answers[_i].rows);
        free(rows.first);
}
END_TEST

static const struct {
        const char *noun, *keys;
} keys[] = {
                {"footage",
                 "id unit officer recorder bay name source source_path started_at ended_at duration_s size "
                 "sha256 sm3"
                 " verdict verdict_reasons container kind path offloaded_at docking deadline late case"
                 " time_source device_time clock_offset_s time_doubts case_unit annotated retain_until "
                 "retain_basis copies volumes"},
                {"docking",
                 "docking bay port state recorder model manufacturer firmware serial usb_serial "
                 "reason plugged_at"
                 " identified_at listed_at released_at unplugged_at battery free total "
                 "clock_text clock_offset_s"
                 " clock_uncertainty_s clock_set_to clock_asked clock_answer clock_set_at"
                 " clock_set_offset_s clock_moved freed seen pulled already_held failed late removed "
                 "bytes bad_verdicts"
                 " listing_complete driver source actor import_reason import_officer unreadable findings"},
                {"item", "item docking recorder path size device_time state durable attempts error footage "
                         "unreadable deleted protected marked"},
                {"finding",
                 "finding docking recorder kind word path size device_time text count recoverable "
                 "state footage found_at"},
                {"recorder",
                 "number unit model usb_serial serial vendor_id product_id registered_at retired_at officer"
                 " last_docked"},
                {"officer", "number name unit"},
                {"unit", "number name parent"},
                {"assignment", "recorder officer from until"},
                {"duty",
                 "duty recorder officer out_at until returned_at docking offloaded_at extended_until reason "
                 "approver undocking"},
                {"alert", "id kind severity priority subject text since last_raised count acknowledged_at "
                          "acknowledged_by note escalated_at cleared_at cleared_by reason"},
                {"recording",
                 "recorder officer unit kind started_at ended_at duration_s segments footage certain"},
                {"reason", "reason term"},
                {"ledger", "sequence at actor act subject detail hash"},
};

START_TEST(test_keys_and_their_order)
{
        struct rows rows = ask(keys[_i].noun, NULL, NULL);
        struct json_object *object = json_tokener_parse(rows.first);
        char got[512] = "";
        size_t n = 0;

        json_object_object_foreach(object, key, value)
        {
                (void)value;
                n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s", n > 0 ? " " : "", key);
        }
        ck_assert_str_eq(got, keys[_i].keys);
        (void)json_object_put(object);
        free(rows.first);
}
END_TEST

/* A part of the first row, as text. */
static const struct {
        const char *noun, *part;
} parts[] = {
                {"footage", "\"id\":1,\"unit\":\"A\",\"officer\":\"000001\",\"recorder\":\"1000001\","
                            "\"bay\":\"3\",\"name\":\"x.mp4\""},
                {"footage", "\"source\":\"dock\",\"source_path\":\"card/DCIM/"
                            "x.mp4\",\"started_at\":\"2026-10-31T10:00:00+08:00\""},
                {"footage", "\"duration_s\":1.5,\"size\":1000,"},
                {"footage", "\"sm3\":null,\"verdict\":\"complete\",\"verdict_reasons\":[\"no-moov\","
                            "\"\\\"odd\\\\word\"]"},
                {"footage", "\"kind\":\"video\""},
                {"footage",
                 "\"late\":2,\"case\":null,\"time_source\":\"name\",\"device_time\":null,\"clock_"
                 "offset_s\":null,"
                 "\"time_doubts\":[],\"case_unit\":null,\"annotated\":false,"
                 "\"retain_until\":null,\"retain_basis\":\"profile\",\"copies\":0,\"volumes\":[]}"},
                {"docking", "\"state\":\"plugged\",\"recorder\":\"1000001\",\"model\":null"},
                {"docking", "\"battery\":null,\"free\":null"},
                {"docking", "\"clock_offset_s\":null"},
                {"docking", "\"listing_complete\":false,\"driver\":null,\"source\":\"dock\",\"actor\":null"},
                {"docking", "\"import_officer\":null,\"unreadable\":0,\"findings\":0}"},
                {"item", "\"device_time\":\"20261031T100000\",\"state\":\"footage\""},
                {"item", "\"error\":null,\"footage\":1,\"unreadable\":null,\"deleted\":false,\"protected\":"
                         "false,\"marked\":false}"},
                {"finding", "\"kind\":\"deleted\",\"word\":null,\"path\":\"A/y.mp4\",\"size\":null"},
                {"finding", "\"recoverable\":false,\"state\":\"open\",\"footage\":null"},
                {"recorder", "\"vendor_id\":6353,"},
                {"recorder", "\"retired_at\":null,\"officer\":\"000001\",\"last_docked\":\"2026-11-01T08:00:"
                             "00+08:00\"}"},
                {"officer", "{\"number\":\"000001\",\"name\":\"officer 000001\",\"unit\":\"A\"}"},
                {"unit", "{\"number\":\"A\",\"name\":\"unit A\",\"parent\":null}"},
                {"duty", "\"out_at\":\"2026-11-01T08:00:00+08:00\",\"until\":\"2026-11-01T18:00:00+08:00\","
                         "\"returned_at\":null,\"docking\":null,\"offloaded_at\":null,"
                         "\"extended_until\":\"2026-11-03T08:00:00+08:00\",\"reason\":\"no-transport\","
                         "\"approver\":\"Li\",\"undocking\":null}"},
                {"assignment", "\"from\":\"2026-10-31T08:00:00+08:00\",\"until\":null}"},
                {"alert", "{\"id\":2,\"kind\":\"clock-drift\",\"severity\":\"warning\",\"priority\":5,"},
                {"alert", "\"acknowledged_at\":null,\"acknowledged_by\":null,\"note\":null,"
                          "\"escalated_at\":null,\"cleared_at\":\"2026-11-01T08:00:00+08:00\","
                          "\"cleared_by\":\"test\",\"reason\":\"its cause is gone\"}"},
                {"ledger", "\"act\":\"alert.cleared\",\"subject\":\"alert/2\",\"detail\":{\"kind\":"},
};

START_TEST(test_values)
{
        struct rows rows = ask(parts[_i].noun, NULL, NULL);

        ck_assert_msg(strstr(rows.first, parts[_i].part) != NULL, "%s is not in %s", parts[_i].part,
                      rows.first);
        free(rows.first);
}
END_TEST

#define ONE_TO_A_MILLION "expected a number from 1 to 1000000"

static const struct {
        const char *noun, *key, *value, *error;
} errors[] = {
                {"colour", NULL, NULL,
                 "unknown noun 'colour', expected one of footage, docking, item, finding, recorder, "
                 "officer, unit, "
                 "assignment, duty, alert, backup, medium, volume, copy, ledger, recording, gap, coverage, "
                 "reason, retention, "
                 "hold, "
                 "explanation, case, change, unannotated or activity"},
                {"footage", "colour", "red",
                 "unknown filter 'colour' for footage, expected one of unit, officer, recorder, kind, "
                 "verdict, source, bay, name,"
                 " sha256, docking, id, annotated, case, from, to, on, limit, order or after"},
                {"unit", "name", "x", "unknown filter 'name' for unit, expected one of number or limit"},
                {"footage", "limit", "0", "limit '0': " ONE_TO_A_MILLION},
                {"footage", "limit", "1000001", "limit '1000001': " ONE_TO_A_MILLION},
                {"footage", "limit", "ten", "limit 'ten': " ONE_TO_A_MILLION},
                {"footage", "limit", "", "limit '': " ONE_TO_A_MILLION},
                {"footage", "limit", "99999999999999999999",
                 "limit '99999999999999999999': " ONE_TO_A_MILLION},
                {"footage", "order", "-name",
                 "order '-name': expected one of time, -time, size, -size, name, id or -id"},
                {"footage", "verdict", "good",
                 "verdict 'good': expected unknown, complete, truncated, damaged, encrypted, unreadable or "
                 "not-media"},
                {"footage", "verdict", "complete,",
                 "verdict 'complete,': expected unknown, complete, truncated, damaged,"
                 " encrypted, unreadable or not-media"},
                {"footage", "kind", "", "kind '': expected other, video, audio or photo"},
                {"footage", "source", "usb", "source 'usb': expected dock, import or recovered"},
                {"footage", "sha256", "1234567", "sha256 '1234567': expected 8 to 64 hexadecimal digits"},
                {"footage", "sha256", "1234567g", "sha256 '1234567g': expected 8 to 64 hexadecimal digits"},
                {"footage", "id", "-1", "id '-1': expected a positive number"},
                {"footage", "docking", "x", "docking 'x': expected a positive number"},
                {"footage", "after", "x", "after 'x': expected the id of the last row of the page before"},
                {"footage", "unit", "", "unit '': expected a text that is not empty"},
                {"footage", "name", "", "name '': expected a file name, with * and ? as wild cards"},
                {"footage", "from", "soon",
                 "from 'soon': expected a time such as 2026-11-01, '2026-11-01 08:00', 08:00, today, "
                 "yesterday, -7d or -36h"},
                {"footage", "on", "2026-13-01",
                 "on '2026-13-01': expected a day such as 2026-11-01, today, yesterday or -7d"},
                {"docking", "state", "up",
                 "state 'up': expected plugged, identified, listed, offloading, released, failed or "
                 "unplugged"},
                {"item", "state", "up",
                 "state 'up': expected listed, partial, pulled, filing, footage or failed"},
                {"alert", "kind", "verdict_bad",
                 "kind 'verdict_bad': expected same-day, offload-overdue, arrived-late, "
                 "recorder-missing, unknown-recorder, identity-conflict, unknown-device, "
                 "suspicious-device, docking-failed, import-failed, item-stuck, item-endless, "
                 "inspect-failed, verdict-bad, digest-mismatch, foreign-files, ledger-broken, "
                 "deleted-on-recorder, changed-on-recorder, clearing-mismatch, medium-damaged, "
                 "sequence-gap, recording-gap, name-contradicts, clock-drift, clock-jump, "
                 "battery-low, recorder-storage-low, store-low, store-failed, backup-overdue, "
                 "backup-failed, archive-failed, archive-copy-bad, archive-check-overdue, "
                 "archive-medium-wanted, unassigned or "
                 "unannotated"},
                {"alert", "severity", "bad", "severity 'bad': expected notice, warning, error or critical"},
                {"alert", "subject", "", "subject '': expected a text that is not empty"},
                {"recorder", "retired", "perhaps", "retired 'perhaps': expected yes or no"},
};

START_TEST(test_error)
{
        const struct query_filter filter = {errors[_i].key, errors[_i].value};
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;

        ck_assert_int_eq(
                        query_new(errors[_i].noun, &filter, errors[_i].key ? 1 : 0, FIXTURE_NOW, &q, &error),
                        -EINVAL);
        ck_assert_ptr_null(q);
        ck_assert_str_eq(error, errors[_i].error);
}
END_TEST

static const struct {
        struct query_filter filters[2];
        const char *error;
} twice[] = {
                {{{"limit", "1"}, {"limit", "2"}}, "limit '2': given twice, expected once"},
                {{{"from", "today"}, {"from", "now"}}, "from 'now': given twice, expected once"},
                {{{"order", "id"}, {"order", "id"}}, "order 'id': given twice, expected once"},
};

START_TEST(test_given_twice)
{
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;

        ck_assert_int_eq(query_new("footage", twice[_i].filters, 2, FIXTURE_NOW, &q, &error), -EINVAL);
        ck_assert_str_eq(error, twice[_i].error);
}
END_TEST

START_TEST(test_too_many_values)
{
        struct query_filter filters[1001];
        _cleanup_free_ char *error = NULL;
        struct query *q = NULL;

        for (size_t i = 0; i < ELEMENTSOF(filters); i++)
                filters[i] = (struct query_filter){"unit", "A"};
        ck_assert_int_eq(query_new("footage", filters, 1001, FIXTURE_NOW, &q, &error), -EINVAL);
        ck_assert_str_eq(error, "unit 'A': expected at most 1000 values of one filter");
        free(error);
        error = NULL;
        ck_assert_int_eq(query_new("footage", filters, 1000, FIXTURE_NOW, &q, &error), 0);
        query_free(q);
}
END_TEST

/* What people type is data wherever it ends up: in SQL, in a full text expression, in a pattern. */
static const char *const hostile[] = {
                "' OR 1=1 --", "\" OR \"", "*\" OR name:\"x*", "a'b\"c*",
                "*) AND (*",   "x*[^",     "*NEAR(a b)*",      "*---*",
};

START_TEST(test_hostile_text_matches_nothing)
{
        static const char *const filters[] = {"name", "unit", "officer", "recorder", "bay"};

        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                struct rows rows = ask("footage", filters[i], hostile[_i]);

                ck_assert_int_eq(rows.n, 0);
        }
}
END_TEST

/* A day in a zone of summer time has 23 hours in spring. */
START_TEST(test_on_is_the_calendar_day)
{
        const struct query_filter filter = {"on", "2026-03-29"};
        _cleanup_free_ char *error = NULL;
        struct rows rows = {0};
        struct query *q = NULL;
        struct footage f;

        ck_assert_int_eq(zone_set("Europe/Berlin"), 0);
        fixture_begin(c);
        for (int i = 0; i < 3; i++) { /* one second before, at and one second before the end */
                char name[8];

                (void)snprintf(name, sizeof(name), "d%d", i);
                fixture_footage(&f, 0, name);
                f.started_at = INT64_C(1774738800000000) + (i == 0   ? -1
                                                            : i == 1 ? 0
                                                                     : 23 * 3600 - 1) *
                                                                           USEC_PER_SEC;
                (void)fixture_file(c, &f);
        }
        fixture_footage(&f, 0, "d3");
        f.started_at = INT64_C(1774738800000000) + 23 * USEC_PER_HOUR;
        (void)fixture_file(c, &f);
        fixture_commit(c);
        ck_assert_int_eq(query_new("footage", &filter, 1, FIXTURE_NOW, &q, &error), 0);
        ck_assert_int_eq(query_run(c, q, on_row, &rows), 0);
        ck_assert_int_eq(rows.n, 2);
        query_free(q);
        free(rows.first);
}
END_TEST

START_TEST(test_words)
{
        ck_assert_str_eq(docking_state_text(DOCKING_UNPLUGGED), "unplugged");
        ck_assert_str_eq(docking_state_text((enum docking_state)99), "unknown");
        ck_assert_str_eq(item_state_text(ITEM_FAILED), "failed");
        for (int i = 0; i < _VERDICT_MAX; i++) {
                const char *word = word_of(&verdict_words, i);
                int value = -1;

                ck_assert_int_eq(word_value(&verdict_words, word, strlen(word), &value), 0);
                ck_assert_int_eq(value, i);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("query");
        TCase *rows = tcase_create("rows"), *text = tcase_create("text");

        tcase_add_checked_fixture(rows, setup, teardown);
        tcase_add_loop_test(rows, test_answer, 0, (int)ELEMENTSOF(answers));
        tcase_add_loop_test(rows, test_keys_and_their_order, 0, (int)ELEMENTSOF(keys));
        tcase_add_loop_test(rows, test_values, 0, (int)ELEMENTSOF(parts));
        tcase_add_loop_test(rows, test_hostile_text_matches_nothing, 0, (int)ELEMENTSOF(hostile));
        tcase_add_test(rows, test_on_is_the_calendar_day);
        tcase_add_loop_test(text, test_error, 0, (int)ELEMENTSOF(errors));
        tcase_add_loop_test(text, test_given_twice, 0, (int)ELEMENTSOF(twice));
        tcase_add_test(text, test_too_many_values);
        tcase_add_test(text, test_words);
        suite_add_tcase(s, rows);
        suite_add_tcase(s, text);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
