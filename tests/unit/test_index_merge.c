// SPDX-License-Identifier: LGPL-2.1-or-later
/* The full text index of footage is merged when enough is new and the station has nothing else to do, and
 * finds what it found before. */
#include "base/cleanup.h"
#include "base/log.h"
#include "catalogue/footage_index.h"
#include "catalogue/query.h"
#include "daemon/index_merge.h"
#include "daemon/station.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <string.h>

#define ENOUGH  1000 /* rows that are worth a merge */
#define PART    10   /* rows of one transaction */
#define PIECES  "SELECT count(DISTINCT segid) FROM footage_name_idx"
#define MERGED  "SELECT rows FROM footage_tally WHERE dimension = 'merged'"
#define NEEDLES 7 /* one name of so many has NEEDLE in it */
#define NEEDLE  "_IMP"

static struct catalogue *c;
static struct station s;
static int filed;

static void setup(void)
{
        log_set_max_priority(LOG_EMERG);
        c = fixture_open();
        filed = 0;
        memset(&s, 0, sizeof(s));
        s.catalogue = c;
        ck_assert_int_ge(sd_event_new(&s.event), 0);
        ck_assert_int_eq(setenv("RECDOCK_INDEX_INTERVAL_US", "1", 1), 0);
}

static void teardown(void)
{
        s.event = sd_event_unref(s.event);
        fixture_close(c);
        ck_assert_int_eq(unsetenv("RECDOCK_INDEX_INTERVAL_US"), 0);
}

/* In small transactions, as recorders bring it. */
static void file_rows(int n)
{
        for (int i = 0; i < n; i++, filed++) {
                struct footage f;
                char name[32];

                if (i % PART == 0)
                        fixture_begin(c);
                (void)snprintf(name, sizeof(name), "%06d%s.MP4", filed, filed % NEEDLES == 0 ? NEEDLE : "");
                fixture_footage(&f, 0, name);
                (void)fixture_file(c, &f);
                if (i % PART == PART - 1 || i == n - 1)
                        fixture_commit(c);
        }
}

static int on_row(void *userdata, const char *json)
{
        ck_assert_ptr_nonnull(strstr(json, NEEDLE));
        ++*(int *)userdata;
        return 0;
}

static void expect_found(void)
{
        const struct query_filter filter = {"name", "*" NEEDLE "*"};
        struct query *q = NULL;
        char *error = NULL;
        int n = 0;

        ck_assert_int_eq(query_new("footage", &filter, 1, FIXTURE_NOW, &q, &error), 0);
        ck_assert_int_eq(query_run(c, q, on_row, &n), 0);
        ck_assert_int_eq(n, (filed + NEEDLES - 1) / NEEDLES);
        query_free(q);
}

static int merge(bool first)
{
        int r;

        fixture_begin(c);
        r = footage_index_merge(c, first, 1);
        fixture_commit(c);
        return r;
}

/* So many turns of the loop, unless the index is merged before. */
static void turn(int n)
{
        struct index_merge *m;

        ck_assert_int_eq(index_merge_new(&m, &s), 0);
        for (int i = 0; i < n && fixture_ask(MERGED) < filed; i++)
                ck_assert_int_gt(sd_event_run(s.event, UINT64_MAX), 0);
        index_merge_free(m);
}

START_TEST(test_due_by_what_is_new)
{
        ck_assert_int_eq(footage_index_due(c), 0);
        file_rows(ENOUGH - 1);
        ck_assert_int_eq(footage_index_due(c), 0);
        file_rows(1);
        ck_assert_int_eq(footage_index_due(c), 1);
        while (merge(true) > 0)
                ;
        ck_assert_int_eq(footage_index_due(c), 0);
        file_rows(ENOUGH - 1);
        ck_assert_int_eq(footage_index_due(c), 0);
        /* A thousand of a million is nothing. */
        ck_assert_int_eq(fixture_tamper("UPDATE footage_tally SET rows = rows + 1000000"
                                        " WHERE dimension IN ('all', 'merged')"),
                         0);
        file_rows(1);
        ck_assert_int_eq(footage_index_due(c), 0);
}
END_TEST

START_TEST(test_one_piece_step_by_step)
{
        int steps = 1;

        file_rows(ENOUGH + 3);
        ck_assert_int_eq(fixture_ask("SELECT v FROM footage_name_config WHERE k = 'automerge'"), 2);
        ck_assert_int_gt(fixture_ask(PIECES), 1);
        expect_found();
        for (int r = merge(true); r != 0; r = merge(false), steps++)
                ck_assert_int_eq(r, 1);
        ck_assert_int_gt(steps, 3);
        ck_assert_int_eq(fixture_ask(PIECES), 1);
        ck_assert_int_eq(fixture_ask(MERGED), filed);
        expect_found();
}
END_TEST

START_TEST(test_rows_between_steps_are_found)
{
        file_rows(ENOUGH);
        ck_assert_int_eq(merge(true), 1);
        file_rows(25);
        while (merge(false) > 0)
                expect_found();
        expect_found();
        ck_assert_int_eq(
                        fixture_tamper("INSERT INTO footage_name (footage_name) VALUES ('integrity-check')"),
                        0);
}
END_TEST

START_TEST(test_merged_at_rest)
{
        file_rows(ENOUGH);
        turn(1000);
        ck_assert_int_eq(fixture_ask(PIECES), 1);
        expect_found();
}
END_TEST

START_TEST(test_left_alone_while_busy)
{
        bool *const flags[] = {&s.stopping, &s.failed, &s.suspended, &s.store_paused, &s.item_waits};
        int64_t pieces;

        file_rows(ENOUGH);
        pieces = fixture_ask(PIECES);
        for (size_t i = 0; i < ELEMENTSOF(flags); i++) {
                *flags[i] = true;
                turn(3);
                *flags[i] = false;
        }
        s.dockings = (struct docking *)&s; /* whichever */
        turn(3);
        s.dockings = NULL;
        ck_assert_int_eq(fixture_ask(PIECES), pieces);
        turn(1000);
        ck_assert_int_eq(fixture_ask(PIECES), 1);
}
END_TEST

START_TEST(test_little_that_is_new_is_left)
{
        file_rows(ENOUGH - 1);
        turn(3);
        ck_assert_int_gt(fixture_ask(PIECES), 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("index_merge");
        TCase *t = tcase_create("index_merge");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_due_by_what_is_new);
        tcase_add_test(t, test_one_piece_step_by_step);
        tcase_add_test(t, test_rows_between_steps_are_found);
        tcase_add_test(t, test_merged_at_rest);
        tcase_add_test(t, test_left_alone_while_busy);
        tcase_add_test(t, test_little_that_is_new_is_left);
        suite_add_tcase(suite, t);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
