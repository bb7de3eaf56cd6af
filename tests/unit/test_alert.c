// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts in the catalogue: their kinds, their life from raised to cleared, what of it is in the ledger, and
 * those that an older version has left. */
#include "base/cleanup.h"
#include "catalogue/alert.h"
#include "catalogue/schema.h"
#include "scratch.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

static struct catalogue *c;

static void setup(void)
{
        c = fixture_open();
}

static void teardown(void)
{
        fixture_close(c);
        c = NULL;
}

static instant_t later;

static instant_t later_now(void *userdata)
{
        (void)userdata;
        return later;
}

static void go(int64_t seconds)
{
        later = FIXTURE_NOW + seconds * USEC_PER_SEC;
        clock_set_source(later_now, NULL);
}

static int64_t raise(const char *kind, const char *subject, const char *text)
{
        struct alert a;
        bool raised;

        fixture_begin(c);
        ck_assert_int_eq(alert_raise(c, kind, 4, subject, text, &raised), CATALOGUE_OK);
        fixture_commit(c);
        ck_assert_int_eq(alert_find_open(c, kind, subject, &a), CATALOGUE_OK);
        return a.id;
}

static struct alert get(int64_t id)
{
        struct alert a;

        ck_assert_int_eq(alert_by_id(c, id, &a), CATALOGUE_OK);
        return a;
}

static int acknowledge(int64_t id, const char *note)
{
        int r;

        fixture_begin(c);
        r = alert_acknowledge(c, "uid=1000(li)", id, note);
        fixture_commit(c);
        return r;
}

static int close_alert(int64_t id, const char *reason)
{
        int r;

        fixture_begin(c);
        r = alert_close(c, "uid=1000(li)", id, reason);
        fixture_commit(c);
        return r;
}

/* Every kind that somebody may look for, each with an id of its own. */
START_TEST(kinds)
{
        static const char *const wanted[] = {
                        "same-day",       "offload-overdue",     "arrived-late",         "recorder-missing",
                        "unknown-device", "unknown-recorder",    "docking-failed",       "verdict-bad",
                        "sequence-gap",   "deleted-on-recorder", "digest-mismatch",      "recording-gap",
                        "clock-drift",    "clock-jump",          "battery-low",          "store-low",
                        "store-failed",   "unassigned",          "recorder-storage-low", "unannotated",
        };

        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                ck_assert_ptr_nonnull(alert_kind_by_word(wanted[i]));
        ck_assert_ptr_null(alert_kind_by_word("colour"));
        for (size_t i = 0; i < alert_kind_words.n; i++) {
                const struct alert_kind *kind = alert_kind_by_word(alert_kind_words.words[i]);

                ck_assert_uint_eq(strlen(kind->message_id), 32);
                for (size_t j = 0; j < i; j++)
                        ck_assert_str_ne(alert_kind_by_word(alert_kind_words.words[j])->message_id,
                                         kind->message_id);
        }
        ck_assert_ptr_nonnull(alert_kind_by_word("store-low")->cleared_when);
        ck_assert_ptr_null(alert_kind_by_word("verdict-bad")->cleared_when);
}
END_TEST

START_TEST(raised_once_then_counted)
{
        int64_t id = raise("digest-mismatch", "footage/1", "first");
        struct alert a;

        go(60);
        ck_assert_int_eq(raise("digest-mismatch", "footage/1", "second"), id);
        ck_assert_int_ne(raise("digest-mismatch", "footage/2", "other"), id);
        a = get(id);
        ck_assert_int_eq(a.severity, ALERT_CRITICAL);
        ck_assert_int_eq(a.priority, 4);
        ck_assert_int_eq(a.count, 2);
        ck_assert_str_eq(a.text, "second");
        ck_assert_int_eq(a.since, FIXTURE_NOW);
        ck_assert_int_eq(a.last_raised, FIXTURE_NOW + 60 * USEC_PER_SEC);
        ck_assert_int_eq(a.acknowledged_at, INSTANT_NONE);
        ck_assert_int_eq(a.escalated_at, INSTANT_NONE);
        ck_assert_int_eq(a.cleared_at, INSTANT_NONE);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), 0);
}
END_TEST

/* The caller's mistake may not cost the alert. */
START_TEST(unknown_kind_is_on_record)
{
        ck_assert_int_eq(get(raise("colour", "store", "red")).severity, ALERT_WARNING);
}
END_TEST

START_TEST(acknowledged_once)
{
        int64_t id = raise("verdict-bad", "footage/1", "cut");
        struct alert a;

        go(5);
        ck_assert_int_eq(acknowledge(id, "is being looked at"), CATALOGUE_OK);
        a = get(id);
        ck_assert_int_eq(a.acknowledged_at, FIXTURE_NOW + 5 * USEC_PER_SEC);
        ck_assert_str_eq(a.acknowledged_by, "uid=1000(li)");
        ck_assert_str_eq(a.acknowledged_note, "is being looked at");
        ck_assert_int_eq(acknowledge(id, "again"), CATALOGUE_CONFLICT);
        ck_assert_int_eq(acknowledge(99, ""), CATALOGUE_ABSENT);
        ck_assert_str_eq(get(id).acknowledged_note, "is being looked at");
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger WHERE act = 'alert.acknowledged'"
                                     " AND subject = 'alert/1' AND actor = 'uid=1000(li)'"
                                     " AND detail ->> 'note' = 'is being looked at'"
                                     " AND detail ->> 'kind' = 'verdict-bad'"),
                         1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), 1);
        /* It stays so while it is counted. */
        ck_assert_int_eq(raise("verdict-bad", "footage/1", "cut"), id);
        ck_assert_int_ne(get(id).acknowledged_at, INSTANT_NONE);
}
END_TEST

START_TEST(cleared_once)
{
        int64_t id = raise("verdict-bad", "footage/1", "cut"), again;

        ck_assert_int_eq(close_alert(id, "battery was out"), CATALOGUE_OK);
        ck_assert_str_eq(get(id).cleared_reason, "battery was out");
        ck_assert_int_eq(close_alert(id, "twice"), CATALOGUE_CONFLICT);
        ck_assert_int_eq(acknowledge(id, "too late"), CATALOGUE_CONFLICT);
        ck_assert_int_eq(close_alert(99, "none"), CATALOGUE_ABSENT);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger WHERE act = 'alert.cleared' AND subject ="
                                     " 'alert/1' AND detail ->> 'reason' = 'battery was out'"),
                         1);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), 1);
        again = raise("verdict-bad", "footage/1", "cut");
        ck_assert_int_ne(again, id);
        ck_assert_int_eq(get(again).count, 1);
}
END_TEST

START_TEST(cleared_by_the_station_is_in_the_ledger)
{
        int64_t id = raise("store-low", "store", "5 % free"), bad, count;

        fixture_begin(c);
        ck_assert_int_eq(alert_clear(c, "store-low", "store", "recdockd"), CATALOGUE_OK);
        ck_assert_int_eq(alert_clear(c, "store-low", "store", "recdockd"), CATALOGUE_ABSENT);
        fixture_commit(c);
        ck_assert_str_eq(get(id).cleared_by, "recdockd");
        ck_assert_str_eq(get(id).cleared_reason, "its cause is gone");
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger WHERE act = 'alert.cleared'"
                                     " AND actor = 'recdockd' AND detail ->> 'subject' = 'store'"),
                         1);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        ck_assert_int_eq(count, 1);
}
END_TEST

/* Row and ledger are one transaction. */
START_TEST(rolled_back_together)
{
        int64_t id = raise("verdict-bad", "footage/1", "cut");

        fixture_begin(c);
        ck_assert_int_eq(alert_close(c, "li", id, "x"), CATALOGUE_OK);
        catalogue_rollback(c);
        ck_assert_int_eq(get(id).cleared_at, INSTANT_NONE);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), 0);
        ck_assert_int_eq(alert_close(c, "li", id, "x"), -EPERM);
        ck_assert_int_eq(alert_acknowledge(c, "li", id, "x"), -EPERM);
}
END_TEST

static int escalate(instant_t until, struct alert *ret)
{
        int r;

        fixture_begin(c);
        r = alert_escalate(c, until, ret);
        fixture_commit(c);
        return r;
}

START_TEST(escalated_once_the_oldest_first)
{
        instant_t since = 0;
        struct alert a;
        int64_t first, second, answered, gone;

        ck_assert_int_eq(alert_unanswered_since(c, &since), CATALOGUE_ABSENT);
        first = raise("verdict-bad", "footage/1", "a");
        answered = raise("verdict-bad", "footage/3", "c");
        gone = raise("verdict-bad", "footage/4", "d");
        go(10);
        second = raise("verdict-bad", "footage/2", "b");
        ck_assert_int_eq(acknowledge(answered, ""), CATALOGUE_OK);
        ck_assert_int_eq(close_alert(gone, "x"), CATALOGUE_OK);
        ck_assert_int_eq(escalate(FIXTURE_NOW - 1, &a), CATALOGUE_ABSENT);
        ck_assert_int_eq(alert_unanswered_since(c, &since), CATALOGUE_OK);
        ck_assert_int_eq(since, FIXTURE_NOW);
        ck_assert_int_eq(escalate(FIXTURE_NOW + 20 * USEC_PER_SEC, &a), CATALOGUE_OK);
        ck_assert_int_eq(a.id, first);
        ck_assert_int_eq(a.escalated_at, FIXTURE_NOW + 10 * USEC_PER_SEC);
        ck_assert_int_eq(escalate(FIXTURE_NOW + 9 * USEC_PER_SEC, &a), CATALOGUE_ABSENT);
        ck_assert_int_eq(escalate(FIXTURE_NOW + 20 * USEC_PER_SEC, &a), CATALOGUE_OK);
        ck_assert_int_eq(a.id, second);
        ck_assert_int_eq(escalate(FIXTURE_NOW + 20 * USEC_PER_SEC, &a), CATALOGUE_ABSENT);
        ck_assert_int_eq(alert_unanswered_since(c, &since), CATALOGUE_ABSENT);
}
END_TEST

/* What the catalogue itself refuses, whatever a program does. */
static const struct {
        const char *sql;
        int expected;
} guarded[] = {
                {"UPDATE alert SET count = 7", SQLITE_OK},
                {"DELETE FROM alert", SQLITE_CONSTRAINT},
                {"UPDATE alert SET subject = 'x'", SQLITE_CONSTRAINT},
                {"UPDATE alert SET since = 1", SQLITE_CONSTRAINT},
                {"UPDATE alert SET cleared_by = 'x'", SQLITE_CONSTRAINT},
                {"UPDATE alert SET acknowledged_at = 1", SQLITE_CONSTRAINT},
                {"UPDATE alert SET cleared_at = 1, cleared_by = 'x'; UPDATE alert SET cleared_at = NULL,"
                 " cleared_by = NULL",
                 SQLITE_CONSTRAINT},
                {"INSERT INTO alert (kind, severity, priority, subject, text, since, last_raised, count)"
                 " VALUES ('verdict-bad', 1, 4, 'footage/1', '', 1, 1, 1)",
                 SQLITE_CONSTRAINT},
};

START_TEST(guards)
{
        (void)raise("verdict-bad", "footage/1", "cut");
        ck_assert_int_eq(fixture_tamper(guarded[_i].sql), guarded[_i].expected);
}
END_TEST

#define V3_ALERTS                                                                                        \
        "INSERT INTO alert VALUES (3, 'clock-drift', 4, 'recorder/R1', '61 s', 1000, 5, NULL, 2000,"     \
        " 'recdockd');"                                                                                  \
        "INSERT INTO alert VALUES (4, 'clock-drift', 4, 'recorder/R1', '62 s', 3000, 2, NULL, NULL,"     \
        " NULL);"                                                                                        \
        "INSERT INTO alert VALUES (7, 'store-failed', 2, 'store', 'item 5', 4000, 1, 'li', NULL, NULL);" \
        "INSERT INTO alert VALUES (8, 'docking-failed', 3, 'bay/1', 'x', 4500, 1, NULL, NULL, NULL);"    \
        "INSERT INTO alert VALUES (9, 'unassigned', 5, 'footage/1', 'x', 5000, 1, NULL, NULL, NULL);"

/* Open and cleared ones of version 3: all are there, and go on. */
START_TEST(migrated)
{
        _cleanup_free_ char *path = fixture_path();
        struct alert a;

        catalogue_close(c);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(catalogue_open_versions(&c, path, false, catalogue_schema, 3), CATALOGUE_OK);
        catalogue_close(c);
        ck_assert_int_eq(fixture_tamper(V3_ALERTS), SQLITE_OK);
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM alert"), 5);
        a = get(3);
        ck_assert_str_eq(a.kind, "clock-drift");
        ck_assert_int_eq(a.severity, ALERT_WARNING);
        ck_assert_int_eq(a.count, 5);
        ck_assert_int_eq(a.cleared_at, 2000);
        ck_assert_str_eq(a.cleared_by, "recdockd");
        ck_assert_str_eq(a.cleared_reason, "");
        ck_assert_int_eq(a.since, 1000);
        ck_assert_int_eq(a.last_raised, 1000);
        a = get(7);
        ck_assert_int_eq(a.severity, ALERT_CRITICAL);
        ck_assert_str_eq(a.acknowledged_by, "li");
        ck_assert_int_eq(a.acknowledged_at, 4000);
        ck_assert_int_eq(get(8).severity, ALERT_ERROR);
        ck_assert_int_eq(get(9).severity, ALERT_NOTICE);
        ck_assert_int_eq(raise("clock-drift", "recorder/R1", "63 s"), 4);
        ck_assert_int_eq(get(4).count, 3);
        ck_assert_int_eq(close_alert(4, "set by hand"), CATALOGUE_OK);
        ck_assert_int_eq(raise("clock-drift", "recorder/R1", "64 s"), 10);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("alert");
        TCase *t = tcase_create("alert");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, kinds);
        tcase_add_test(t, raised_once_then_counted);
        tcase_add_test(t, unknown_kind_is_on_record);
        tcase_add_test(t, acknowledged_once);
        tcase_add_test(t, cleared_once);
        tcase_add_test(t, cleared_by_the_station_is_in_the_ledger);
        tcase_add_test(t, rolled_back_together);
        tcase_add_test(t, escalated_once_the_oldest_first);
        tcase_add_loop_test(t, guards, 0, (int)ELEMENTSOF(guarded));
        tcase_add_test(t, migrated);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
