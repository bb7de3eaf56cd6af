// SPDX-License-Identifier: LGPL-2.1-or-later
/* Dockings as readings of a clock: a real catalogue with the rows that dockings leave. */
#include "daemon/clock_history.h"
#include "base/cleanup.h"
#include "catalogue/registry.h"
#include "scratch.h"

#include <check.h>

#define BEGIN INT64_C(1793000000000000)
#define S     USEC_PER_SEC
#define DAY   USEC_PER_DAY

static struct catalogue *c;
static int64_t recorder, other;
static struct clock_history history;

static int64_t enter_recorder(const char *number)
{
        struct recorder_row r = {.retired_at = INSTANT_NONE};
        int64_t id = 0;

        (void)snprintf(r.number, sizeof(r.number), "%s", number);
        ck_assert_int_eq(recorder_register(c, "test", &r, &id), CATALOGUE_OK);
        return id;
}

static void setup(void)
{
        _cleanup_free_ char *path = NULL;

        (void)scratch_make();
        path = scratch_path("catalogue.sqlite");
        ck_assert_int_eq(catalogue_open(&c, path, false), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_begin(c), 0);
        recorder = enter_recorder("R1");
        other = enter_recorder("R2");
}

static void teardown(void)
{
        catalogue_rollback(c);
        catalogue_close(c);
        scratch_remove();
}

/* A docking of the day, not measured. */
static struct docking_row docking(int day)
{
        return (struct docking_row){.recorder = recorder,
                                    .state = DOCKING_RELEASED,
                                    .plugged_at = BEGIN + day * DAY,
                                    .identified_at = BEGIN + day * DAY + S,
                                    .listed_at = INSTANT_NONE,
                                    .released_at = INSTANT_NONE,
                                    .unplugged_at = INSTANT_NONE,
                                    .clock_set_at = INSTANT_NONE,
                                    .battery_percent = -1,
                                    .free_bytes = -1,
                                    .total_bytes = -1};
}

static struct docking_row measured(int day, int64_t offset)
{
        struct docking_row d = docking(day);

        d.has_clock_offset = true;
        d.clock_offset = offset;
        d.clock_uncertainty = 7;
        return d;
}

static void set_clock(struct docking_row *d, const char *answer, bool looked)
{
        (void)snprintf(d->clock_asked, sizeof(d->clock_asked), "20261101T080000");
        (void)snprintf(d->clock_answer, sizeof(d->clock_answer), "%s", answer);
        d->has_clock_set_offset = looked;
        d->clock_set_offset = looked ? -1 : 0;
        d->clock_set_at = looked ? d->plugged_at + 9 * S : INSTANT_NONE;
}

static int64_t enter(struct docking_row d)
{
        ck_assert_int_eq(docking_insert(c, "test", &d), CATALOGUE_OK);
        return d.id;
}

static void look(int64_t before)
{
        ck_assert_int_eq(clock_history_read(c, recorder, before, &history), 0);
}

START_TEST(test_oldest_first_and_of_this_recorder)
{
        struct docking_row foreign = measured(2, 99 * S), import = measured(3, 98 * S);

        foreign.recorder = other;
        import.source = FOOTAGE_IMPORT;
        (void)enter(measured(1, 10 * S));
        (void)enter(foreign);
        (void)enter(import);
        (void)enter(docking(4));
        (void)enter(measured(5, 12 * S));
        look(0);
        ck_assert_uint_eq(history.n, 2);
        ck_assert(!history.open);
        ck_assert_int_eq(history.readings[0].offset, 10 * S);
        ck_assert_int_eq(history.readings[0].at, BEGIN + DAY + S);
        ck_assert_int_eq(history.readings[0].uncertainty, 7);
        ck_assert_int_eq(history.readings[1].offset, 12 * S);
        ck_assert(!history.readings[1].set_before);
}
END_TEST

START_TEST(test_a_setting_is_a_reading)
{
        struct docking_row d = measured(1, 780 * S);

        set_clock(&d, "set", true);
        (void)enter(d);
        (void)enter(measured(2, 3 * S));
        look(0);
        ck_assert_uint_eq(history.n, 3);
        ck_assert(!history.readings[0].set_before && history.readings[1].set_before);
        ck_assert_int_eq(history.readings[1].offset, -1);
        ck_assert_int_eq(history.readings[1].at, BEGIN + DAY + 9 * S);
        ck_assert(!history.readings[2].set_before);
}
END_TEST

/* A crash, or a recorder that did not answer: it may have been set. */
START_TEST(test_nobody_looked_after_it_was_told)
{
        struct docking_row d = measured(1, 780 * S);

        set_clock(&d, "", false);
        (void)enter(d);
        look(0);
        ck_assert_uint_eq(history.n, 1);
        ck_assert(history.open);
        (void)enter(measured(2, 0));
        look(0);
        ck_assert_uint_eq(history.n, 2);
        ck_assert(!history.open && history.readings[1].set_before);
}
END_TEST

START_TEST(test_before_a_docking)
{
        int64_t id;

        (void)enter(measured(1, S));
        id = enter(measured(2, 2 * S));
        (void)enter(measured(3, 3 * S));
        look(id);
        ck_assert_uint_eq(history.n, 1);
        ck_assert_int_eq(history.readings[0].offset, S);
}
END_TEST

START_TEST(test_the_newest_when_there_are_many)
{
        for (int day = 0; day < CLOCK_READINGS_MAX + 20; day++)
                (void)enter(measured(day, day * S));
        look(0);
        ck_assert_uint_eq(history.n, CLOCK_READINGS_MAX);
        ck_assert_int_eq(history.readings[0].offset, 20 * S);
        ck_assert_int_eq(history.readings[CLOCK_READINGS_MAX - 1].offset, (CLOCK_READINGS_MAX + 19) * S);
}
END_TEST

/* Refused once is not told again, by the same driver; what nobody knows is neither. */
START_TEST(test_refused_before)
{
        struct docking_row first = measured(1, 0), second = measured(2, 0), now = measured(3, 0);
        bool refused = false;

        (void)snprintf(first.driver, sizeof(first.driver), "mtp");
        (void)snprintf(second.driver, sizeof(second.driver), "mtp");
        (void)snprintf(now.driver, sizeof(now.driver), "mtp");
        set_clock(&first, "set", true);
        (void)snprintf(first.clock_set_to, sizeof(first.clock_set_to), "20261101T080000");
        (void)enter(first);
        set_clock(&second, "", false);
        (void)enter(second);
        now.id = enter(now);
        ck_assert_int_eq(docking_clock_refused_before(c, &now, &refused), CATALOGUE_OK);
        ck_assert(!refused);
        (void)snprintf(second.clock_answer, sizeof(second.clock_answer), "denied");
        second.id = now.id - 1;
        ck_assert_int_eq(docking_update(c, &second), CATALOGUE_OK);
        ck_assert_int_eq(docking_clock_refused_before(c, &now, &refused), CATALOGUE_OK);
        ck_assert(refused);
        (void)snprintf(now.driver, sizeof(now.driver), "ums");
        ck_assert_int_eq(docking_clock_refused_before(c, &now, &refused), CATALOGUE_ABSENT);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("clock history");
        TCase *t = tcase_create("history");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_oldest_first_and_of_this_recorder);
        tcase_add_test(t, test_a_setting_is_a_reading);
        tcase_add_test(t, test_nobody_looked_after_it_was_told);
        tcase_add_test(t, test_before_a_docking);
        tcase_add_test(t, test_the_newest_when_there_are_many);
        tcase_add_test(t, test_refused_before);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
