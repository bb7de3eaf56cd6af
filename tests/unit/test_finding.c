// SPDX-License-Identifier: LGPL-2.1-or-later
/* Findings of a docking and unreadable ranges of an item: what is kept, what is the same, what is known. */
#include "base/cleanup.h"
#include "catalogue/docking.h"
#include "catalogue/finding.h"
#include "catalogue/footage.h"
#include "catalogue/item.h"
#include "catalogue/unreadable.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <string.h>

static struct catalogue *c;
static int64_t recorder, docking;

static void setup(void)
{
        c = fixture_open();
        fixture_begin(c);
        recorder = fixture_recorder(c, "1000001", fixture_unit(c, "4101"));
        docking = fixture_docking(c, recorder);
}

static void teardown(void)
{
        fixture_commit(c);
        fixture_close(c);
}

static int64_t add_item(const char *path, int64_t size, const char *time_text)
{
        struct item item = {.recorder = recorder, .docking = docking, .size = size};
        bool is_new;

        (void)snprintf(item.path, sizeof(item.path), "%s", path);
        (void)snprintf(item.time_text, sizeof(item.time_text), "%s", time_text);
        ck_assert_int_eq(item_note(c, &item, &is_new), CATALOGUE_OK);
        return item.id;
}

static int64_t file_item(int64_t id)
{
        struct footage f = {.item = id,
                            .docking = docking,
                            .recorder = recorder,
                            .size = 9,
                            .started_at = INSTANT_NONE,
                            .ended_at = INSTANT_NONE,
                            .name = "a.mp4",
                            .name_time = INSTANT_NONE,
                            .container_time = INSTANT_NONE,
                            .device_time = INSTANT_NONE,
                            .offloaded_at = FIXTURE_NOW,
                            .deadline = INSTANT_NONE,
                            .source_path = "A/a.mp4"};
        int64_t footage = 0;

        (void)snprintf(f.path, sizeof(f.path), "store/%d.mp4", (int)id);
        ck_assert_int_eq(footage_intent(c, &f), 0);
        ck_assert_int_eq(footage_commit(c, FIXTURE_ACTOR, id, &footage), CATALOGUE_OK);
        return footage;
}

static struct finding deleted(const char *path)
{
        struct finding f = {.docking = docking,
                            .recorder = recorder,
                            .kind = FINDING_DELETED,
                            .size = 9,
                            .time_text = "20261101T080000",
                            .count = 1,
                            .found_at = FIXTURE_NOW};

        (void)snprintf(f.path, sizeof(f.path), "%s", path);
        return f;
}

START_TEST(test_finding_is_noted_once)
{
        struct finding f = deleted("A/a.mp4"), again = f, other = f;
        bool is_new = false;

        f.recoverable = true;
        ck_assert_int_eq(finding_note(c, &f, &is_new), CATALOGUE_OK);
        ck_assert(is_new);
        f.item = add_item("A/a.mp4", 9, "20261101T080000");
        ck_assert_int_eq(finding_start(c, &f, f.item), 0);
        /* Another worker of this docking lists it again: something has been written over it. */
        ck_assert_int_eq(finding_note(c, &again, &is_new), CATALOGUE_OK);
        ck_assert(!is_new);
        ck_assert_int_eq(again.id, f.id);
        ck_assert(!again.recoverable);
        ck_assert_int_eq(again.state, FINDING_ASKED);
        ck_assert_int_eq(again.item, f.item);
        other.size = 10;
        ck_assert_int_eq(finding_note(c, &other, &is_new), CATALOGUE_OK);
        ck_assert(is_new);
        ck_assert_int_ne(other.id, f.id);
        ck_assert_int_eq(finding_by_id(c, 99, &other), CATALOGUE_ABSENT);
}
END_TEST

static int on_finding(void *userdata, const struct finding *f)
{
        int64_t *sum = userdata;

        *sum = *sum * 10 + f->id;
        return 0;
}

START_TEST(test_findings_of_a_docking)
{
        struct finding f = deleted("A/a.mp4"), gap = f, other = f;
        int64_t n = -1, sum = 0;
        bool is_new;

        gap.kind = FINDING_SEQUENCE_GAP;
        other.docking = fixture_docking(c, recorder);
        ck_assert_int_eq(finding_note(c, &f, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(finding_note(c, &gap, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(finding_note(c, &other, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(finding_count(c, docking, &n), 0);
        ck_assert_int_eq(n, 2);
        ck_assert_int_eq(finding_each(c, docking, FINDING_DELETED, on_finding, &sum), 0);
        ck_assert_int_eq(sum, f.id);
        ck_assert_int_eq(finding_ask(c, FIXTURE_ACTOR, f.id), CATALOGUE_OK);
        ck_assert_int_eq(finding_by_id(c, f.id, &f), CATALOGUE_OK);
        ck_assert_int_eq(f.state, FINDING_ASKED);
        ck_assert_int_eq(finding_ask(c, FIXTURE_ACTOR, 99), CATALOGUE_ABSENT);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger WHERE act = 'finding.recovery-asked'"
                                     " AND subject = 'finding/1'"
                                     " AND json_extract(detail, '$.path') = 'A/a.mp4'"),
                         1);
        fixture_begin(c);
}
END_TEST

START_TEST(test_finding_is_recovered_with_its_footage)
{
        struct finding f = deleted("A/a.mp4");
        bool is_new;

        ck_assert_int_eq(finding_note(c, &f, &is_new), CATALOGUE_OK);
        f.item = add_item("A/a.mp4", 9, "20261101T080000");
        ck_assert_int_eq(finding_start(c, &f, f.item), 0);
        ck_assert_int_eq(finding_give_up(c, f.item), 0);
        ck_assert_int_eq(finding_by_id(c, f.id, &f), CATALOGUE_OK);
        ck_assert_int_eq(f.state, FINDING_FAILED);
        (void)file_item(f.item);
        ck_assert_int_eq(finding_by_id(c, f.id, &f), CATALOGUE_OK);
        ck_assert_int_eq(f.state, FINDING_RECOVERED);
}
END_TEST

START_TEST(test_recovery_outlives_its_docking)
{
        struct finding first = deleted("A/a.mp4"), again = first, other = deleted("A/b.mp4");
        int64_t item = add_item("A/a.mp4", 9, "20261101T080000");
        bool is_new;

        again.docking = other.docking = fixture_docking(c, recorder);
        ck_assert_int_eq(finding_note(c, &first, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(finding_note(c, &again, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(finding_note(c, &other, &is_new), CATALOGUE_OK);
        ck_assert_int_eq(finding_asked_before(c, &again), CATALOGUE_ABSENT);
        ck_assert_int_eq(finding_ask(c, FIXTURE_ACTOR, first.id), CATALOGUE_OK);
        ck_assert_int_eq(finding_asked_before(c, &again), CATALOGUE_OK);
        ck_assert_int_eq(finding_asked_before(c, &other), CATALOGUE_ABSENT);
        ck_assert_int_eq(finding_start(c, &again, item), 0);
        (void)file_item(item);
        ck_assert_int_eq(finding_by_id(c, first.id, &first), CATALOGUE_OK);
        ck_assert_int_eq(finding_by_id(c, again.id, &again), CATALOGUE_OK);
        ck_assert_int_eq(finding_by_id(c, other.id, &other), CATALOGUE_OK);
        ck_assert_int_eq(first.state, FINDING_RECOVERED);
        ck_assert_int_eq(again.state, FINDING_RECOVERED);
        ck_assert_int_eq(other.state, FINDING_OPEN);
}
END_TEST

static const struct {
        const char *filed, *asked;
        int64_t lost, size;
        const char *time_text;
        int expected;
} known[] = {
                {"A/x/b.mp4", "A/x/b.mp4", -1, 9, "20261101T080000", CATALOGUE_OK},
                {"A/x/b.mp4", "A/x/b.mp4", -1, 8, "20261101T080000", CATALOGUE_ABSENT},
                {"A/x/b.mp4", "A/x/b.mp4", -1, 9, "20261101T080002", CATALOGUE_ABSENT},
                {"A/x/b.mp4", "A/y/b.mp4", -1, 9, "20261101T080000", CATALOGUE_ABSENT},
                {"A/x/b.mp4", "A/x/_.mp4", -1, 9, "20261101T080000", CATALOGUE_ABSENT},
                {"A/x/b.mp4", "A/x/_.mp4", 4, 9, "20261101T080000", CATALOGUE_OK},
                {"A/x/b.mp4", "A/x/\xef\xbf\xbd.mp4", 4, 9, "20261101T080000", CATALOGUE_OK},
                {"A/x/\xe4\xb8\xad.mp4", "A/x/_.mp4", 4, 9, "20261101T080000", CATALOGUE_OK},
                {"A/x/b.mp4", "A/x/_.mp", 4, 9, "20261101T080000", CATALOGUE_ABSENT},
                {"A/x/bb.mp4", "A/x/_.mp4", 4, 9, "20261101T080000", CATALOGUE_ABSENT},
                {"A/x/y/.mp4", "A/x/_.mp4", 4, 9, "20261101T080000", CATALOGUE_ABSENT},
                {"A/x/b.mp4", "A/x/_.mp4", 4, 9, "", CATALOGUE_ABSENT},
                {"A/x/b.mp4", "A/x/_.mp4", 9, 9, "20261101T080000", -EINVAL},
};

START_TEST(test_what_is_filed_is_known)
{
        int64_t item = add_item(known[_i].filed, 9, "20261101T080000");

        ck_assert_int_eq(finding_filed(c, recorder, 0, known[_i].filed, -1, 9, "20261101T080000"),
                         CATALOGUE_ABSENT); /* listed only */
        ck_assert_int_eq(finding_filed(c, recorder, docking, known[_i].filed, -1, 9, "20261101T080000"),
                         CATALOGUE_OK); /* by this very docking */
        (void)file_item(item);
        ck_assert_int_eq(finding_filed(c, recorder, 0, known[_i].asked, known[_i].lost, known[_i].size,
                                       known[_i].time_text),
                         known[_i].expected);
        ck_assert_int_eq(finding_filed(c, recorder + 1, 0, known[_i].filed, -1, 9, "20261101T080000"),
                         CATALOGUE_ABSENT);
}
END_TEST

static void ck_ranges(int64_t item, const char *expected)
{
        struct unreadable_range ranges[2];
        char text[128] = "";
        size_t n = 99, used = 0;
        int64_t bytes = -1;

        ck_assert_int_eq(unreadable_read(c, item, ranges, ELEMENTSOF(ranges), &n, &bytes), 0);
        for (size_t i = 0; i < MIN(n, ELEMENTSOF(ranges)); i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%d+%d%s ", (int)ranges[i].start,
                                         (int)ranges[i].size, ranges[i].rest ? "..." : "");
        (void)snprintf(text + used, sizeof(text) - used, "%zu/%d", n, (int)bytes);
        ck_assert_str_eq(text, expected);
}

static void add_range(int64_t item, int64_t start, int64_t size, bool rest)
{
        ck_assert_int_eq(unreadable_note(c, item, &(struct unreadable_range){start, size, rest}), 0);
}

START_TEST(test_unreadable_ranges)
{
        int64_t item = add_item("A/a.mp4", 9000, ""), other = add_item("A/b.mp4", 9000, "");

        ck_ranges(item, "0/0");
        add_range(item, 4096, 512, false);
        add_range(item, 512, 512, false);
        add_range(other, 0, 512, false);
        ck_ranges(item, "512+512 4096+512 2/1024");
        add_range(item, 4096, 1024, false);
        add_range(item, 4096, 512, false);
        ck_ranges(item, "512+512 4096+1024 2/1536");
        add_range(item, 8192, 808, true);
        ck_ranges(item, "512+512 4096+1024 3/2344");
        /* The part is gone on with from within a range: what is behind that is read anew. */
        ck_assert_int_eq(unreadable_forget(c, item, 4608), 0);
        ck_ranges(item, "512+512 4096+512 2/1024");
        ck_assert_int_eq(unreadable_forget(c, item, 600), 0);
        ck_ranges(item, "512+88 1/88");
        add_range(item, 8192, 808, true);
        ck_ranges(item, "512+88 8192+808... 2/896");
        ck_assert_int_eq(unreadable_forget_before(c, item, 8192), 0);
        ck_ranges(item, "8192+808... 1/808");
        ck_assert_int_eq(unreadable_forget(c, item, 0), 0);
        ck_ranges(item, "0/0");
        ck_ranges(other, "0+512 1/512");
        /* Once it is footage they are fixed. */
        (void)file_item(other);
        ck_assert_int_lt(unreadable_forget(c, other, 0), 0);
        ck_ranges(other, "0+512 1/512");
}
END_TEST

static const struct {
        size_t n;
        int64_t first;
        bool rest;
        const char *text;
} texts[] = {
                {1, 512, false, "unreadable 100 bytes in 1 range: 512+1"},
                {2, 512, true, "unreadable 100 bytes in 2 ranges: 512+1 513+2 (in part)"},
                {9, 0, false, "unreadable 100 bytes in 9 ranges: 0+1 1+2 2+3 3+4 4+5 5+6 6+7 7+8 …"},
                {9, INT64_C(1) << 62, true,
                 "unreadable 100 bytes in 9 ranges: 4611686018427387904+1 4611686018427387905+2"
                 " 4611686018427387906+3 4611686018427387907+4 4611686018427387908+5 4611686018427387909+6"
                 " 4611686018427387910+7 4611686018427387911+8 (in part) …"},
};

START_TEST(test_unreadable_text_is_bounded)
{
        struct unreadable_range ranges[UNREADABLE_TOLD_MAX] = {0};
        char text[UNREADABLE_TEXT_MAX];
        size_t n = MIN(texts[_i].n, ELEMENTSOF(ranges));

        for (size_t i = 0; i < n; i++)
                ranges[i] = (struct unreadable_range){texts[_i].first + (int64_t)i, (int64_t)i + 1,
                                                      texts[_i].rest && i == n - 1};
        unreadable_text(ranges, texts[_i].n, 100, text);
        ck_assert_str_eq(text, texts[_i].text);
        for (size_t i = 0; i < n; i++)
                ranges[i] = (struct unreadable_range){INT64_MAX - 1, INT64_MAX - 1, true};
        unreadable_text(ranges, 1000000, INT64_MAX, text);
        ck_assert_uint_lt(strlen(text), sizeof(text));
        ck_assert_str_eq(text + strlen(text) - strlen("…"), "…");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("finding");
        TCase *t = tcase_create("finding");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, test_finding_is_noted_once);
        tcase_add_test(t, test_findings_of_a_docking);
        tcase_add_test(t, test_finding_is_recovered_with_its_footage);
        tcase_add_test(t, test_recovery_outlives_its_docking);
        tcase_add_loop_test(t, test_what_is_filed_is_known, 0, (int)ELEMENTSOF(known));
        tcase_add_test(t, test_unreadable_ranges);
        tcase_add_loop_test(t, test_unreadable_text_is_bounded, 0, (int)ELEMENTSOF(texts));
        suite_add_tcase(s, t);
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
