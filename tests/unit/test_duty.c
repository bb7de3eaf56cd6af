// SPDX-License-Identifier: LGPL-2.1-or-later
/* The duty ledger: what a checkout, a return and a docking make of it, what is refused, and which duty a
 * recording was on. Times are hours from FIXTURE_NOW. */
#include "catalogue/duty.h"
#include "base/cleanup.h"
#include "catalogue/registry.h"
#include "catalogue/undocking.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <string.h>

#define H(n) (FIXTURE_NOW + (n)*USEC_PER_HOUR)
#define NONE INSTANT_NONE

static struct catalogue *c;
static int64_t recorder, officer, docking;

static void setup(void)
{
        c = fixture_open();
        fixture_begin(c);
        recorder = fixture_recorder(c, "1000001", 0);
        officer = fixture_officer(c, "000001", 0);
        docking = fixture_docking(c, recorder);
}

static void teardown(void)
{
        int64_t bad, count;

        fixture_commit(c);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        fixture_close(c);
}

static int try_check_out(int64_t of, instant_t at, instant_t roster_end, int64_t *ret_id)
{
        const struct checkout k = {.recorder = of, .officer = officer, .at = at, .roster_end = roster_end};

        return duty_check_out(c, FIXTURE_ACTOR, &k, ret_id);
}

static int64_t check_out(instant_t at, instant_t roster_end)
{
        int64_t id = 0;

        ck_assert_int_eq(try_check_out(recorder, at, roster_end, &id), CATALOGUE_OK);
        ck_assert_int_gt(id, 0);
        return id;
}

static int64_t come_back(instant_t at)
{
        int64_t id = 0;

        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, at, &id), CATALOGUE_OK);
        return id;
}

static void dock(instant_t at)
{
        ck_assert_int_eq(duty_dock(c, FIXTURE_ACTOR, recorder, docking, at), CATALOGUE_OK);
}

static void offload(instant_t at)
{
        ck_assert_int_eq(duty_offload(c, FIXTURE_ACTOR, recorder, docking, at), CATALOGUE_OK);
}

/* Rows and entries are seen from outside after a commit. */
static int64_t asked(const char *sql)
{
        int64_t n;

        fixture_commit(c);
        n = fixture_ask(sql);
        fixture_begin(c);
        return n;
}

static int64_t entries(const char *act)
{
        char sql[160];

        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM ledger WHERE act = '%s' AND subject = 'recorder/1000001'", act);
        return asked(sql);
}

START_TEST(test_out_and_back)
{
        struct duty d;
        int64_t id = check_out(H(0), H(10));

        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.id, id);
        ck_assert_int_eq(d.officer, officer);
        ck_assert_int_eq(d.out_at, H(0));
        ck_assert_int_eq(d.roster_end, H(10));
        ck_assert_int_eq(d.returned_at, NONE);
        ck_assert_int_eq(d.extended_until, NONE);
        ck_assert_int_eq(come_back(H(9)), id);
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK); /* it waits */
        ck_assert_int_eq(d.returned_at, H(9));
        ck_assert_int_eq(d.return_docking, 0);
        dock(H(9) + 1);
        offload(H(10));
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_ABSENT);
        ck_assert_int_eq(asked("SELECT count(*) FROM duty"), 1);
        ck_assert_int_eq(entries("duty.checked-out"), 1);
        ck_assert_int_eq(entries("duty.returned"), 1);
        ck_assert_int_eq(entries("duty.offloaded"), 1);
        ck_assert_int_eq(asked("SELECT count(*) FROM ledger WHERE act = 'duty.checked-out'"
                               " AND detail ->> 'officer' = '000001' AND detail ->> 'until' > detail ->> "
                               "'out'"),
                         1);
}
END_TEST

START_TEST(test_twice_out_is_refused)
{
        int64_t id = 17;

        (void)check_out(H(0), NONE);
        ck_assert_int_eq(try_check_out(recorder, H(1), NONE, &id), CATALOGUE_CONFLICT);
        ck_assert_int_eq(id, 17);
        ck_assert_int_eq(entries("duty.checked-out"), 1);
        ck_assert_int_eq(try_check_out(recorder, H(1), H(1), &id), -EINVAL);
        ck_assert_int_eq(try_check_out(recorder, NONE, H(1), &id), -EINVAL);
        (void)come_back(H(2));
        (void)check_out(H(3), NONE); /* what it has from before still waits */
        ck_assert_int_eq(asked("SELECT count(*) FROM duty WHERE offloaded_at IS NULL"), 2);
}
END_TEST

START_TEST(test_return_is_told_once)
{
        int64_t id = 17;

        (void)check_out(H(0), NONE);
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, H(0) - 1, &id), CATALOGUE_CONFLICT);
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, NONE, &id), -EINVAL);
        (void)come_back(H(2));
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, H(1), &id), CATALOGUE_CONFLICT);
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, H(3), &id), CATALOGUE_CONFLICT);
        ck_assert_int_eq(id, 17);
        ck_assert_int_eq(entries("duty.returned"), 1);
}
END_TEST

/* Sites that record returns only. */
START_TEST(test_return_without_checkout)
{
        struct duty d;
        int64_t id = come_back(H(2));

        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.id, id);
        ck_assert_int_eq(d.out_at, NONE);
        ck_assert_int_eq(d.officer, 0);
        offload(H(3));
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, H(2), &id), CATALOGUE_CONFLICT);
        ck_assert_int_gt(come_back(H(30)), d.id);
}
END_TEST

START_TEST(test_docking_implies_return)
{
        struct duty d;
        int64_t id = check_out(H(0), H(10));

        dock(H(12));
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.id, id);
        ck_assert_int_eq(d.returned_at, H(12));
        ck_assert_int_eq(d.return_docking, docking);
        dock(H(13)); /* its worker was started again */
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.returned_at, H(12));
        ck_assert_int_eq(entries("duty.returned"), 1);
        /* Somebody knows better; a later time than it was docked is not that. */
        ck_assert_int_eq(come_back(H(9)), id);
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.returned_at, H(9));
        ck_assert_int_eq(d.return_docking, 0);
        ck_assert_int_eq(entries("duty.returned"), 2);
}
END_TEST

START_TEST(test_docking_without_checkout)
{
        struct duty d;

        dock(H(1));
        dock(H(1));
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.out_at, NONE);
        ck_assert_int_eq(d.return_docking, docking);
        offload(H(2));
        dock(H(3)); /* the same docking again, after all of it was offloaded */
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_ABSENT);
        docking = fixture_docking(c, recorder);
        dock(H(4));
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.returned_at, H(4));
}
END_TEST

/* The station's clock was set back while the recorder was out. */
START_TEST(test_docking_before_the_checkout)
{
        struct duty d;

        (void)check_out(H(5), NONE);
        dock(H(3));
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.returned_at, H(5));
}
END_TEST

/* Taken from the bay's side while it is still being offloaded: the new duty goes on waiting. */
START_TEST(test_offload_leaves_who_is_out)
{
        struct duty d;
        int64_t out;

        (void)check_out(H(0), NONE);
        dock(H(1));
        out = check_out(H(2), NONE);
        offload(H(3));
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.id, out);
        ck_assert_int_eq(asked("SELECT count(*) FROM duty WHERE offloaded_at IS NULL"), 1);
}
END_TEST

START_TEST(test_covering)
{
        static const struct {
                int hour;
                int duty; /* 0 none */
        } at[] = {{-1, 0}, {0, 1},  {5, 1},  {10, 1}, {11, 0}, {20, 2},
                  {30, 2}, {31, 3}, {34, 3}, {35, 0}, {40, 4}, {99, 4}};
        struct duty d;

        (void)check_out(H(0), NONE);
        (void)come_back(H(10));
        (void)check_out(H(20), NONE);
        (void)come_back(H(30));
        offload(H(30));
        dock(H(34)); /* nobody recorded the checkout: it may have begun right after */
        (void)check_out(H(40), NONE);
        for (size_t i = 0; i < ELEMENTSOF(at); i++) {
                int r = duty_covering(c, recorder, H(at[i].hour), &d);

                ck_assert_msg(r == (at[i].duty ? CATALOGUE_OK : CATALOGUE_ABSENT), "at %d: %d", at[i].hour,
                              r);
                ck_assert_msg(!at[i].duty || d.id == at[i].duty, "at %d: duty %d", at[i].hour, (int)d.id);
        }
        ck_assert_int_eq(duty_covering(c, recorder, NONE, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.id, 3);
        ck_assert_int_eq(duty_covering(c, recorder + 1, H(5), &d), CATALOGUE_ABSENT);
        ck_assert_int_eq(duty_covering(c, recorder + 1, NONE, &d), CATALOGUE_ABSENT);
}
END_TEST

static struct extension extension(int64_t duty, int64_t of_docking, instant_t until)
{
        return (struct extension){.duty = duty,
                                  .docking = of_docking,
                                  .until = until,
                                  .reason = "remote-area",
                                  .approver = "Zhang"};
}

START_TEST(test_extensions)
{
        struct extension shorter, longer, none, of_docking;
        instant_t until = 0, at = 0;
        struct duty d;
        int64_t id = check_out(H(0), NONE);

        longer = extension(id, 0, H(50));
        shorter = extension(id, 0, H(40));
        none = extension(id + 1, 0, H(40));
        of_docking = extension(0, docking, H(60));
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &longer), CATALOGUE_OK);
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &shorter), CATALOGUE_OK);
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &none), CATALOGUE_ABSENT);
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.extended_until, H(50));
        ck_assert_int_eq(d.extended_at, FIXTURE_NOW);
        ck_assert_int_eq(extension_of_docking(c, docking, &until, &at), CATALOGUE_ABSENT);
        ck_assert_int_eq(until, 0);
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &of_docking), CATALOGUE_OK);
        ck_assert_int_eq(extension_of_docking(c, docking, &until, &at), CATALOGUE_OK);
        ck_assert_int_eq(until, H(60));
        ck_assert_int_eq(at, FIXTURE_NOW);
        dock(H(1)); /* its own docking's extension is the duty's too */
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.extended_until, H(60));
        ck_assert_int_eq(entries("deadline.extended"), 2);
        ck_assert_int_eq(asked("SELECT count(*) FROM ledger WHERE act = 'deadline.extended' AND subject = "
                               "'docking/1'"
                               " AND detail ->> 'approver' = 'Zhang' AND detail ->> 'reason' = "
                               "'remote-area'"),
                         1);
}
END_TEST

static int collect(void *userdata, const struct duty *d)
{
        char *text = userdata;

        (void)snprintf(text + strlen(text), 32, "%d%s ", (int)d->id, d->returned_at == NONE ? " out" : "");
        return strlen(text) > 20;
}

START_TEST(test_each_waiting)
{
        char text[64] = "";

        ck_assert_int_eq(duty_each_waiting(c, collect, text), 0);
        ck_assert_str_eq(text, "");
        (void)check_out(H(0), NONE);
        (void)come_back(H(1));
        offload(H(2));
        (void)check_out(H(3), NONE);
        (void)come_back(H(4));
        (void)check_out(H(5), NONE);
        recorder = fixture_recorder(c, "1000002", 0);
        (void)check_out(H(3), NONE);
        ck_assert_int_eq(duty_each_waiting(c, collect, text), 0);
        ck_assert_str_eq(text, "2 3 out 4 out ");
        ck_assert_int_eq(duty_each_waiting(c, collect, text), 1); /* ended by the callback */
}
END_TEST

static int enter(instant_t out, instant_t until, instant_t back, int64_t by, instant_t exported)
{
        const struct duty d = {.recorder = recorder,
                               .officer = officer,
                               .out_at = out,
                               .roster_end = until,
                               .returned_at = back,
                               .return_docking = by,
                               .offloaded_at = exported};
        int64_t id = 0;
        int r = duty_enter(c, FIXTURE_ACTOR, &d, &id);

        ck_assert((r == CATALOGUE_OK) == (id > 0));
        return r;
}

/* In any order of lines; what stands is found to the second, and what is in its way is told from it. */
START_TEST(test_entered_from_a_table)
{
        struct duty d;

        ck_assert_int_eq(enter(H(20), H(30), H(29), 0, H(31)), CATALOGUE_OK);
        ck_assert_int_eq(enter(H(0), NONE, H(8), docking, NONE), CATALOGUE_OK);
        ck_assert_int_eq(enter(H(8), H(18), H(20), 0, NONE), CATALOGUE_OK); /* from end to beginning */
        ck_assert_int_eq(enter(H(40), NONE, NONE, 0, NONE), CATALOGUE_OK);
        ck_assert_int_eq(enter(NONE, NONE, H(35), 0, NONE), CATALOGUE_OK);
        ck_assert_int_eq(enter(H(20) + 1, H(30), H(29) + USEC_PER_SEC - 1, 0, H(31)), CATALOGUE_EXISTS);
        ck_assert_int_eq(enter(H(40), NONE, NONE, 0, NONE), CATALOGUE_EXISTS);
        ck_assert_int_eq(enter(NONE, NONE, H(35), 0, NONE), CATALOGUE_EXISTS);
        ck_assert_int_eq(enter(H(0), NONE, H(8), docking, NONE), CATALOGUE_EXISTS);
        ck_assert_int_eq(enter(H(0), NONE, H(8), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(20), H(30), H(29), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(19), NONE, H(21), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(21), NONE, H(22), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(-1), NONE, H(50), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(34), NONE, H(36), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(30), NONE, NONE, 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(enter(H(50), NONE, H(51), 0, NONE), CATALOGUE_CONFLICT); /* it is still out */
        ck_assert_int_eq(enter(NONE, NONE, H(45), 0, NONE), CATALOGUE_CONFLICT);
        ck_assert_int_eq(entries("duty.entered"), 5);
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.out_at, H(40));
        ck_assert_int_eq(asked("SELECT count(*) FROM duty WHERE offloaded_at IS NULL"), 4);
}
END_TEST

START_TEST(test_entered_wrongly)
{
        ck_assert_int_eq(enter(NONE, NONE, NONE, 0, NONE), -EINVAL);
        ck_assert_int_eq(enter(H(1), NONE, H(0), 0, NONE), -EINVAL);
        ck_assert_int_eq(enter(H(1), H(1), NONE, 0, NONE), -EINVAL);
        ck_assert_int_eq(enter(NONE, H(1), H(2), 0, NONE), -EINVAL);
        ck_assert_int_eq(enter(H(1), NONE, NONE, 0, H(3)), -EINVAL);
        ck_assert_int_eq(enter(H(1), NONE, H(3), 0, H(2)), -EINVAL);
        ck_assert_int_eq(enter(H(1), NONE, NONE, docking, NONE), -EINVAL);
        ck_assert_int_eq(enter(H(1), NONE, H(2), docking + 9, NONE), CATALOGUE_ABSENT);
        ck_assert_int_eq(asked("SELECT count(*) FROM duty"), 0);
        catalogue_rollback(c);
        ck_assert_int_eq(enter(H(1), NONE, H(2), 0, NONE), -EPERM);
        fixture_begin(c);
}
END_TEST

/* Nothing is half done: the row and its entry come and go together. */
START_TEST(test_rolled_back)
{
        int64_t before = asked("SELECT count(*) FROM ledger");

        (void)check_out(H(0), NONE);
        catalogue_rollback(c);
        ck_assert_int_eq(try_check_out(recorder, H(0), NONE, &docking), -EPERM);
        ck_assert_int_eq(duty_return(c, FIXTURE_ACTOR, recorder, H(0), &docking), -EPERM);
        ck_assert_int_eq(duty_dock(c, FIXTURE_ACTOR, recorder, docking, H(0)), -EPERM);
        ck_assert_int_eq(duty_offload(c, FIXTURE_ACTOR, recorder, docking, H(0)), -EPERM);
        ck_assert_int_eq(extension_grant(c, FIXTURE_ACTOR, &(struct extension){.docking = docking}), -EPERM);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM duty"), 0);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), before);
        fixture_begin(c);
        ck_assert_int_eq(try_check_out(recorder + 9, H(0), NONE, &docking), -EINVAL);
}
END_TEST

static int count_waiting(void *userdata, const struct undocking *u)
{
        ck_assert_int_eq(u->recorder, recorder);
        ck_assert_int_eq(u->officer, officer);
        ck_assert_int_eq(u->docking, docking);
        ++*(int *)userdata;
        return 0;
}

static int undockings(void)
{
        int n = 0;

        ck_assert_int_eq(undocking_each_waiting(c, count_waiting, &n), 0);
        return n;
}

/* Taken out of its bay: at most once for a recorder, and once for a docking. */
START_TEST(test_undocking_waits_and_is_forgotten)
{
        struct undocking u = {.docking = docking,
                              .recorder = recorder,
                              .officer = officer,
                              .at = H(0),
                              .roster_end = NONE},
                         other = u;

        ck_assert_int_eq(undocking_note(c, &u), CATALOGUE_OK);
        ck_assert_int_eq(undocking_note(c, &u), CATALOGUE_OK);
        other.docking = fixture_docking(c, recorder);
        ck_assert_int_eq(undocking_note(c, &other), CATALOGUE_CONFLICT);
        ck_assert_int_eq(undockings(), 1);
        ck_assert_int_eq(undocking_forget(c, recorder + 1), CATALOGUE_OK);
        ck_assert_int_eq(undockings(), 1);
        ck_assert_int_eq(undocking_forget(c, recorder), CATALOGUE_OK);
        ck_assert_int_eq(undockings(), 0);
        ck_assert_int_eq(asked("SELECT count(*) FROM duty"), 0);
}
END_TEST

START_TEST(test_undocking_becomes_a_duty)
{
        const struct undocking u = {.docking = docking,
                                    .recorder = recorder,
                                    .officer = officer,
                                    .at = H(0),
                                    .roster_end = H(10)};
        struct duty d;
        int64_t id = 0;

        ck_assert_int_eq(undocking_note(c, &u), CATALOGUE_OK);
        ck_assert_int_eq(undocking_check_out(c, FIXTURE_ACTOR, &u, "battery low", &id), CATALOGUE_OK);
        ck_assert_int_eq(undockings(), 0);
        ck_assert_int_eq(duty_open(c, recorder, &d), CATALOGUE_OK);
        ck_assert_int_eq(d.id, id);
        ck_assert_int_eq(d.officer, officer);
        ck_assert_int_eq(d.out_at, H(0));
        ck_assert_int_eq(d.roster_end, H(10));
        ck_assert_int_eq(asked("SELECT count(*) FROM ledger WHERE act = 'duty.checked-out'"
                               " AND detail ->> 'undocking' = 1 AND detail ->> 'not_ready' = 'battery low'"
                               " AND detail ->> 'override' IS NULL"),
                         1);
        ck_assert_int_eq(undocking_forget(c, recorder), CATALOGUE_OK); /* the mark stays */
        ck_assert_int_eq(asked("SELECT count(*) FROM undocking WHERE duty IS NOT NULL"), 1);
        ck_assert_int_eq(undocking_check_out(c, FIXTURE_ACTOR, &u, "", &id), CATALOGUE_CONFLICT);
        ck_assert_int_eq(undocking_note(c, &u), CATALOGUE_OK); /* once for a docking */
        ck_assert_int_eq(undockings(), 0);
        catalogue_rollback(c);
        ck_assert_int_eq(undocking_note(c, &u), -EPERM);
        ck_assert_int_eq(undocking_forget(c, recorder), -EPERM);
        ck_assert_int_eq(undocking_check_out(c, FIXTURE_ACTOR, &u, "", &id), -EPERM);
        fixture_begin(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("duty");
        TCase *t = tcase_create("duty");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_out_and_back);
        tcase_add_test(t, test_twice_out_is_refused);
        tcase_add_test(t, test_return_is_told_once);
        tcase_add_test(t, test_return_without_checkout);
        tcase_add_test(t, test_docking_implies_return);
        tcase_add_test(t, test_docking_without_checkout);
        tcase_add_test(t, test_docking_before_the_checkout);
        tcase_add_test(t, test_offload_leaves_who_is_out);
        tcase_add_test(t, test_covering);
        tcase_add_test(t, test_extensions);
        tcase_add_test(t, test_each_waiting);
        tcase_add_test(t, test_entered_from_a_table);
        tcase_add_test(t, test_entered_wrongly);
        tcase_add_test(t, test_rolled_back);
        tcase_add_test(t, test_undocking_waits_and_is_forgotten);
        tcase_add_test(t, test_undocking_becomes_a_duty);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
