// SPDX-License-Identifier: LGPL-2.1-or-later
/* Media and volumes on record: what is due, what counts as a copy, what each act leaves in the ledger, and
 * what nobody may do to any of it. */
#include "base/cleanup.h"
#include "catalogue/volume.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

enum { N_FOOTAGE = 4 };

#define DAY USEC_PER_DAY

static struct catalogue *c;
static int64_t footage[N_FOOTAGE], cases[2], media[2];
static const struct case_act act = {.actor = FIXTURE_ACTOR, .approver = "", .reason = ""};
static const uint8_t seal[DIGEST_SIZE] = {1};

static int64_t case_make(const char *number, int64_t unit, const char *category)
{
        struct case_file f = {.unit = unit,
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = FIXTURE_NOW - DAY,
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};
        int64_t id = 0;

        (void)snprintf(f.number, sizeof(f.number), "%s", number);
        (void)snprintf(f.long_term, sizeof(f.long_term), "%s", category);
        ck_assert_int_eq(case_open(c, &act, &f, false, &id), CATALOGUE_OK);
        return id;
}

static void case_end(int64_t id)
{
        struct case_file f;
        size_t changes;

        ck_assert_int_eq(case_by_id(c, id, &f), CATALOGUE_OK);
        f.closed_at = FIXTURE_NOW;
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
}

static int64_t medium_make(const char *uuid)
{
        struct medium m = {.kind = MEDIUM_FOLDER, .capacity = 1000};
        int64_t id = 0;

        (void)snprintf(m.uuid, sizeof(m.uuid), "%s", uuid);
        ck_assert_int_eq(medium_add(c, FIXTURE_ACTOR, "S1", &m, &id), CATALOGUE_OK);
        return id;
}

/* Footage 0 to 2 in a case of L1 that is closed, 3 in one of no category. */
static void setup(void)
{
        struct case_tagging t;
        int64_t unit, recorder;

        c = fixture_open();
        fixture_begin(c);
        unit = fixture_unit(c, "U1");
        recorder = fixture_recorder(c, "R1", unit);
        for (int i = 0; i < N_FOOTAGE; i++) {
                struct footage f;
                char name[16];

                (void)snprintf(name, sizeof(name), "%d.mp4", i);
                fixture_footage(&f, 0, name);
                f.recorder = recorder;
                footage[i] = fixture_file(c, &f);
        }
        cases[0] = case_make("A", unit, "L1");
        cases[1] = case_make("B", unit, "");
        ck_assert_int_eq(case_tag(c, &act, cases[0], footage, 3, false, &t), CATALOGUE_OK);
        ck_assert_int_eq(case_tag(c, &act, cases[1], footage + 3, 1, false, &t), CATALOGUE_OK);
        case_end(cases[0]);
        case_end(cases[1]);
        media[0] = medium_make("one");
        media[1] = medium_make("two");
}

static void teardown(void)
{
        catalogue_rollback(c);
        fixture_close(c);
}

static int64_t due(int64_t copies)
{
        struct volume_due d;

        ck_assert_int_eq(volume_due_sum(c, copies, clock_now(), 0, &d), CATALOGUE_OK);
        return d.files;
}

static int count_file(void *userdata, const struct volume_file *f)
{
        ck_assert_str_eq(f->case_number, "A");
        ++*(int *)userdata;
        return 0;
}

static int due_for(int64_t copies, int64_t medium)
{
        int n = 0;

        ck_assert_int_eq(volume_due_each(c, copies, medium, clock_now(), 0, count_file, &n), 0);
        return n;
}

static struct volume_row plan(int64_t medium, size_t n)
{
        struct volume_row v;

        ck_assert_int_eq(volume_plan(c, FIXTURE_ACTOR, "S1", medium, footage, n, false, &v), CATALOGUE_OK);
        return v;
}

static int write_down(int64_t id, size_t n, enum copy_result last)
{
        struct copy copies[N_FOOTAGE];

        for (size_t i = 0; i < n; i++)
                copies[i] = (struct copy){footage[i], i + 1 == n ? last : VOLUME_COPY_GOOD,
                                          (char *)"data/x"};
        return volume_written(c, FIXTURE_ACTOR, id, seal, copies, n, FIXTURE_NOW + 730 * DAY);
}

static struct volume_row written(int64_t medium, size_t n)
{
        struct volume_row v = plan(medium, n);

        ck_assert_int_eq(volume_begin(c, v.id), 0);
        ck_assert_int_eq(write_down(v.id, n, VOLUME_COPY_GOOD), CATALOGUE_OK);
        ck_assert_int_eq(volume_by_id(c, v.id, &v), CATALOGUE_OK);
        return v;
}

static int64_t acts(const char *what)
{
        char sql[128];

        fixture_commit(c);
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM ledger WHERE act = '%s'", what);
        fixture_begin(c);
        return fixture_ask(sql);
}

START_TEST(test_due)
{
        bool changed;

        ck_assert_int_eq(due(1), 3);
        ck_assert_int_eq(due_for(1, media[0]), 3);
        /* of no category: nobody can ask for it */
        ck_assert_int_eq(volume_case_ask(c, &act, cases[1], &changed), CATALOGUE_CONFLICT);
        written(media[0], 2);
        ck_assert_int_eq(due(1), 1);
        ck_assert_int_eq(due(2), 3);
        ck_assert_int_eq(due_for(2, media[0]), 1); /* what it has, it does not get again */
        ck_assert_int_eq(due_for(2, media[1]), 3);
}
END_TEST

START_TEST(test_open_case)
{
        struct case_file f;
        size_t changes;
        bool changed;

        ck_assert_int_eq(case_by_id(c, cases[0], &f), CATALOGUE_OK);
        f.closed_at = INSTANT_NONE;
        ck_assert_int_eq(case_set(c, &act, &f, &changes), CATALOGUE_OK);
        ck_assert_int_eq(due(1), 0);
        ck_assert_int_eq(volume_case_ask(c, &act, cases[0], &changed), CATALOGUE_OK);
        ck_assert(changed);
        ck_assert_int_eq(due(1), 3);
        ck_assert_int_eq(volume_case_ask(c, &act, cases[0], &changed), CATALOGUE_OK);
        ck_assert(!changed);
        ck_assert_int_eq(acts("case.archive-asked"), 1);
}
END_TEST

START_TEST(test_numbers)
{
        struct medium m;

        ck_assert_int_eq(medium_by_id(c, media[1], &m), CATALOGUE_OK);
        ck_assert_str_eq(m.number, "S1-M0002");
        ck_assert_str_eq(plan(media[0], 1).number, "S1-2026-0001");
        ck_assert_str_eq(plan(media[0], 1).number, "S1-2026-0002");
        ck_assert_int_eq(medium_add(c, FIXTURE_ACTOR, "S1", &m, &media[0]), CATALOGUE_EXISTS);
}
END_TEST

START_TEST(test_not_all_proved)
{
        struct volume_row v = plan(media[0], 3);

        ck_assert_int_eq(volume_begin(c, v.id), 0);
        ck_assert_int_eq(write_down(v.id, 3, VOLUME_COPY_DIFFERS), -EINVAL);
        ck_assert_int_eq(write_down(v.id, 2, VOLUME_COPY_GOOD), -EINVAL); /* one is not told of */
        ck_assert_int_eq(volume_by_id(c, v.id, &v), CATALOGUE_OK);
        ck_assert_int_eq(v.state, VOLUME_WRITING);
        ck_assert_int_eq(due(1), 3);
}
END_TEST

START_TEST(test_failed)
{
        const struct copy bad = {footage[1], VOLUME_COPY_SOURCE, NULL};
        struct volume_row v = plan(media[0], 3);

        ck_assert_int_eq(volume_failed(c, FIXTURE_ACTOR, v.id, "the medium", &bad, 1), CATALOGUE_OK);
        ck_assert_int_eq(volume_unfinished_first(c, &v), CATALOGUE_ABSENT);
        ck_assert_int_eq(due(1), 2); /* what the store does not give, a day later */
        ck_assert_int_eq(acts("volume.failed"), 1);
}
END_TEST

START_TEST(test_two_volumes_of_one_medium_are_one_copy)
{
        written(media[0], 3);
        written(media[0], 3);
        ck_assert_int_eq(due(2), 3);
        written(media[1], 3);
        ck_assert_int_eq(due(2), 0);
}
END_TEST

START_TEST(test_checked)
{
        struct volume_row v = written(media[0], 3);
        const struct copy copies[] = {{footage[0], VOLUME_COPY_GOOD, NULL},
                                      {footage[1], VOLUME_COPY_DIFFERS, NULL}};
        int64_t bad = 0;

        ck_assert_int_eq(volume_checked(c, FIXTURE_ACTOR, v.id, VOLUME_CHECK_GOOD, copies, 2,
                                        FIXTURE_NOW + DAY, &bad),
                         CATALOGUE_OK);
        ck_assert_int_eq(bad, 2); /* nobody told of the third */
        ck_assert_int_eq(due(1), 2);
        ck_assert_int_eq(volume_by_id(c, v.id, &v), CATALOGUE_OK);
        ck_assert_int_eq(v.check_result, VOLUME_CHECK_BAD);
        ck_assert_int_eq(v.check_at, FIXTURE_NOW + DAY);
        ck_assert_int_eq(volume_checked(c, FIXTURE_ACTOR, v.id, VOLUME_CHECK_OTHER, copies, 1, FIXTURE_NOW,
                                        &bad),
                         CATALOGUE_OK);
        ck_assert_int_eq(bad, 3); /* of other manifests nothing is proved */
        ck_assert_int_eq(due(1), 3);
        ck_assert_int_eq(acts("volume.checked"), 2);
}
END_TEST

START_TEST(test_retired)
{
        struct volume_row v = written(media[0], 3);

        ck_assert_int_eq(due(1), 0);
        ck_assert_int_eq(volume_retire(c, FIXTURE_ACTOR, v.id, ""), -EINVAL);
        ck_assert_int_eq(volume_retire(c, FIXTURE_ACTOR, v.id, "old"), CATALOGUE_OK);
        ck_assert_int_eq(due(1), 3);
        ck_assert_int_eq(volume_retire(c, FIXTURE_ACTOR, v.id, "old"), CATALOGUE_CONFLICT);
        v = plan(media[0], 1);
        ck_assert_int_eq(volume_retire(c, FIXTURE_ACTOR, v.id, "old"), CATALOGUE_CONFLICT);
        ck_assert_int_eq(acts("volume.retired"), 1);
}
END_TEST

static const char *const tampering[] = {
                "DELETE FROM medium",
                "DELETE FROM volume",
                "DELETE FROM volume_footage",
                "UPDATE medium SET uuid = 'x'",
                "UPDATE volume SET medium = 2",
                "UPDATE volume SET seal = zeroblob(32)",
                "UPDATE volume SET state = 1",
                "UPDATE volume SET state = 3",
                "UPDATE volume_footage SET footage = 4",
                "INSERT INTO volume_footage (volume, footage) VALUES (1, 4)",
                "INSERT OR REPLACE INTO volume_footage (volume, footage) VALUES (1, 1)",
                "INSERT INTO volume (number, medium, state, made_at, written_at, seal, files, bytes, "
                "check_at)"
                " VALUES ('x', 1, 2, 0, 0, zeroblob(32), 1, 1, 0)",
                "INSERT INTO volume (number, medium, state, made_at, files, bytes) VALUES ('x', 1, 0, 0, 1, "
                "1);"
                "UPDATE volume SET state = 2, seal = zeroblob(32), written_at = 0, check_at = 0"
                " WHERE number = 'x'",
};

START_TEST(test_tampering)
{
        written(media[0], 3);
        fixture_commit(c);
        ck_assert_int_eq(fixture_tamper(tampering[_i]), SQLITE_CONSTRAINT);
        fixture_begin(c);
        ck_assert_int_eq(due(1), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("archive register");
        TCase *t = tcase_create("volumes");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_due);
        tcase_add_test(t, test_open_case);
        tcase_add_test(t, test_numbers);
        tcase_add_test(t, test_not_all_proved);
        tcase_add_test(t, test_failed);
        tcase_add_test(t, test_two_volumes_of_one_medium_are_one_copy);
        tcase_add_test(t, test_checked);
        tcase_add_test(t, test_retired);
        tcase_add_loop_test(t, test_tampering, 0, ELEMENTSOF(tampering));
        suite_add_tcase(s, t);
        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
