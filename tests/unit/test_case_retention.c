// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long the footage of a catalogue is kept: what holds may and may not, what rows tell, what is due in
 * which order, and which changes of a case would keep footage shorter. The profile is the one that is
 * shipped; its folder is below $RECDOCK_SOURCES.
 */
#include "base/cleanup.h"
#include "catalogue/case_file.h"
#include "catalogue/hold.h"
#include "catalogue/query.h"
#include "catalogue/retention.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <string.h>

#define ACT (&(const struct case_act){FIXTURE_ACTOR, "", ""})

static struct catalogue *c;
static struct retention_rules *rules;
static int64_t unit, recorder, docking;
static int n_files;

static void on_report(const char *text, void *userdata)
{
        (void)userdata;
        ck_abort_msg("the shipped profile: %s", text);
}

static void setup(void)
{
        _cleanup_free_ char *folder = NULL;
        const char *dirs[2] = {NULL, NULL};

        ck_assert_int_gt(asprintf(&folder, "%s/daemon/retention.d", getenv("RECDOCK_SOURCES")), 0);
        dirs[0] = folder;
        ck_assert_int_eq(retention_rules_load(dirs, true, on_report, NULL, &rules), 0);
        c = fixture_open();
        catalogue_set_retention(c, rules);
        n_files = 0;
        fixture_begin(c);
        unit = fixture_unit(c, "A");
        recorder = fixture_recorder(c, "1000001", unit);
        docking = fixture_docking(c, recorder);
        fixture_commit(c);
}

static void teardown(void)
{
        fixture_close(c);
        retention_rules_unref(rules);
}

/* Footage that ended at the time; in the unit. */
static int64_t file(const char *ended)
{
        char name[32];
        struct footage f;
        int64_t id;

        (void)snprintf(name, sizeof(name), "%d.mp4", n_files++);
        fixture_begin(c);
        fixture_footage(&f, fixture_item(c, recorder, docking, name), name);
        ck_assert_int_eq(instant_parse(ended, 0, &f.ended_at), 0);
        f.started_at = f.ended_at - f.duration;
        f.unit = unit;
        f.recorder = recorder;
        id = fixture_file(c, &f);
        fixture_commit(c);
        return id;
}

static struct case_file case_make(const char *number, const char *premises_class)
{
        struct case_file f = {.unit = unit,
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = FIXTURE_NOW,
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};

        (void)snprintf(f.number, sizeof(f.number), "%s", number);
        (void)snprintf(f.premises_class, sizeof(f.premises_class), "%s", premises_class);
        fixture_begin(c);
        ck_assert_int_eq(case_open(c, ACT, &f, false, &f.id), CATALOGUE_OK);
        fixture_commit(c);
        return f;
}

static void tag(const struct case_file *f, int64_t footage)
{
        struct case_tagging t;

        fixture_begin(c);
        ck_assert_int_eq(case_tag(c, ACT, f->id, &footage, 1, true, &t), CATALOGUE_OK);
        fixture_commit(c);
}

static void untag(const struct case_file *f, int64_t footage)
{
        struct case_tagging t;

        fixture_begin(c);
        ck_assert_int_eq(case_untag(c, ACT, f->id, &footage, 1, &t), CATALOGUE_OK);
        fixture_commit(c);
}

static void set(const struct case_file *f)
{
        size_t n;

        fixture_begin(c);
        ck_assert_int_eq(case_set(c, ACT, f, &n), CATALOGUE_OK);
        fixture_commit(c);
}

static int64_t hold(int64_t case_file, int64_t footage, const char *reason)
{
        struct hold h = {.case_file = case_file, .footage = footage};
        int64_t id = 0;

        (void)snprintf(h.reason, sizeof(h.reason), "%s", reason);
        fixture_begin(c);
        ck_assert_int_eq(hold_add(c, FIXTURE_ACTOR, &h, &id), CATALOGUE_OK);
        fixture_commit(c);
        return id;
}

static void release(int64_t id)
{
        fixture_begin(c);
        ck_assert_int_eq(hold_release(c, FIXTURE_ACTOR, id, "judgement is final", "赵六"), CATALOGUE_OK);
        fixture_commit(c);
}

static int on_row(void *userdata, const char *json)
{
        return json_object_array_add(userdata, json_tokener_parse(json));
}

static json_object *ask(const char *noun, const struct query_filter *filters, size_t n)
{
        _cleanup_free_ char *error = NULL;
        json_object *rows = json_object_new_array();
        struct query *q = NULL;

        ck_assert_msg(query_new(noun, filters, n, FIXTURE_NOW, &q, &error) == 0, "%s", error);
        ck_assert_msg(query_run(c, q, on_row, rows) == 0, "%s", catalogue_error(c));
        query_free(q);
        return rows;
}

/* The texts of one member of all rows, joined. */
static void assert_rows(const char *noun, const char *key, const char *value, const char *member,
                        const char *expected)
{
        const struct query_filter filter = {key, value};
        json_object *rows = ask(noun, &filter, key ? 1 : 0);
        char got[512] = "";
        size_t used = 0;

        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                json_object *v = json_object_object_get(json_object_array_get_idx(rows, i), member);

                used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s", i > 0 ? " " : "",
                                         v ? json_object_get_string(v) : "-");
        }
        json_object_put(rows);
        ck_assert_msg(strcmp(got, expected) == 0, "%s %s=%s: %s is '%s', expected '%s'", noun,
                      key ? key : "", key ? value : "", member, got, expected);
}

static void assert_kept(int64_t footage, const char *until, const char *basis)
{
        char id[32];

        (void)snprintf(id, sizeof(id), "%lld", (long long)footage);
        assert_rows("footage", "id", id, "retain_until", until);
        assert_rows("footage", "id", id, "retain_basis", basis);
        assert_rows("retention", "id", id, "retain_until", until);
        assert_rows("retention", "id", id, "retain_basis", basis);
}

/* --- rows --- */

START_TEST(rows_follow_the_case)
{
        int64_t id = file("2026-10-30 10:00");
        struct case_file f = case_make("1", "");

        assert_kept(id, "-", "unknown");
        tag(&f, id);
        assert_kept(id, "-", "unknown");
        (void)snprintf(f.premises_class, sizeof(f.premises_class), "other");
        set(&f);
        assert_kept(id, "2028-10-31", "premises");
        (void)snprintf(f.premises_class, sizeof(f.premises_class), "public-assembly");
        set(&f);
        assert_kept(id, "2031-10-31", "premises");
        assert_rows("retention", NULL, NULL, "class_chinese", "公众聚集场所");
        assert_rows("retention", NULL, NULL, "class_english", "public assembly place");
        f.evidence = true;
        set(&f);
        assert_kept(id, "-", "evidence");
        ck_assert_int_eq(instant_parse("2037-01-01", 0, &f.file_until), 0); /* after its last day */
        set(&f);
        assert_kept(id, "2037-01-01", "evidence");
        assert_rows("retention", NULL, NULL, "file_until", "2036-12-31");
        (void)snprintf(f.long_term, sizeof(f.long_term), "L2");
        set(&f);
        assert_kept(id, "-", "category");
        untag(&f, id);
        assert_kept(id, "-", "unknown");
}
END_TEST

START_TEST(doubtful_time_counts_from_the_offload)
{
        struct case_file f = case_make("1", "other");
        struct footage row;
        int64_t id;

        fixture_begin(c);
        fixture_footage(&row, fixture_item(c, recorder, docking, "d.mp4"), "d.mp4");
        row.time_flags = 1 << 4; /* clock-moved */
        id = fixture_file(c, &row);
        fixture_commit(c);
        tag(&f, id);
        assert_kept(id, "2028-11-02", "premises"); /* offloaded on 2026-11-01, recorded the day before */
        assert_rows("retention", NULL, NULL, "time_doubtful", "true");
}
END_TEST

START_TEST(no_rules_keep_for_ever)
{
        struct case_file f = case_make("1", "other");
        int64_t id = file("2020-10-30 10:00");

        tag(&f, id);
        assert_kept(id, "2022-10-31", "premises");
        catalogue_set_retention(c, NULL);
        assert_kept(id, "-", "profile");
        assert_rows("retention", "due", "now", "footage", "");
        rules->broken = true;
        catalogue_set_retention(c, rules);
        assert_kept(id, "-", "profile");
        assert_rows("retention", "due", "now", "footage", "");
}
END_TEST

/* --- what is due --- */

START_TEST(due_is_listed_oldest_first)
{
        struct case_file two = case_make("two", "other"), five = case_make("five", "public-assembly");
        int64_t ids[6];
        static const char *const ended[6] = {"2024-10-30 10:00", "2024-10-31 10:00", "2024-11-01 10:00",
                                             "2021-01-05 10:00", "2022-01-05 10:00", "2019-01-05 10:00"};

        for (int i = 0; i < 6; i++) {
                ids[i] = file(ended[i]);
                if (i < 5)
                        tag(i < 3 ? &two : &five, ids[i]);
        }
        /* The clock stands at 2026-11-01: the third is due tomorrow, the fifth in January, the sixth is
         * nobody's. */
        assert_rows("retention", "due", "today", "footage", "4 1 2");
        assert_rows("retention", "due", "yesterday", "footage", "4 1");
        assert_rows("retention", "due", "tomorrow", "footage", "4 1 2 3");
        assert_rows("retention", "due", "2100-01-01", "footage", "4 5 1 2 3");
        assert_rows("retention", "due", "2000-01-01", "footage", "");
        assert_rows("retention", NULL, NULL, "state",
                    "kept awaiting-screening kept awaiting-screening awaiting-screening kept");
        (void)hold(two.id, 0, "complaint");
        assert_rows("retention", "due", "today", "footage", "4");
        assert_rows("retention", "held", "yes", "footage", "1 2 3");
        assert_rows("retention", "held", "no", "footage", "6 4 5");
        assert_rows("retention", "basis", "hold", "footage", "1 2 3");
        assert_rows("retention", "basis", "unknown", "footage", "6");
        assert_rows("retention", "basis", "premises", "footage", "4 5");
        assert_rows("retention", "case", "five", "footage", "4 5");
        assert_rows("retention", "case", "none", "footage", "");
        assert_rows("retention", "unit", "A", "footage", "6 4 5 1 2 3");
        assert_rows("retention", "unit", "B", "footage", "");
}
END_TEST

START_TEST(pages_make_the_whole)
{
        struct case_file f = case_make("1", "other");
        char after[32] = "";
        int seen = 0;

        for (int i = 0; i < 23; i++) {
                char ended[32];

                (void)snprintf(ended, sizeof(ended), "2023-%02d-10 10:00", 1 + i * 7 % 12);
                tag(&f, file(ended));
        }
        for (int pages = 0; pages < 6; pages++) {
                const struct query_filter filters[] = {{"due", "today"}, {"limit", "5"}, {"after", after}};
                json_object *rows = ask("retention", filters, pages == 0 ? 2 : 3);
                size_t n = json_object_array_length(rows);

                for (size_t i = 0; i < n; i++)
                        (void)snprintf(after, sizeof(after), "%s",
                                       json_object_get_string(json_object_object_get(
                                                       json_object_array_get_idx(rows, i), "footage")));
                seen += (int)n;
                json_object_put(rows);
                ck_assert_int_eq((int)n, pages < 4 ? 5 : pages == 4 ? 3 : 0);
        }
        ck_assert_int_eq(seen, 23);
}
END_TEST

START_TEST(bad_filters)
{
        static const struct query_filter wrong[] = {{"due", "someday"},  {"basis", "whim"},
                                                    {"held", "perhaps"}, {"limit", "0"},
                                                    {"after", "x"},      {"colour", "red"}};

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *error = NULL;
                struct query *q = NULL;

                ck_assert_int_eq(query_new("retention", &wrong[i], 1, FIXTURE_NOW, &q, &error), -EINVAL);
                ck_assert_ptr_nonnull(strstr(error, wrong[i].key));
        }
}
END_TEST

/* --- holds --- */

START_TEST(held_until_all_is_released)
{
        struct case_file f = case_make("1", "other");
        int64_t id = file("2020-10-30 10:00"), by_case, by_footage;

        tag(&f, id);
        by_case = hold(f.id, 0, "litigation");
        by_footage = hold(0, id, "transfer");
        assert_kept(id, "-", "hold");
        assert_rows("retention", NULL, NULL, "unheld_until", "2022-10-31");
        assert_rows("retention", NULL, NULL, "unheld_basis", "premises");
        release(by_case);
        assert_kept(id, "-", "hold");
        release(by_footage);
        assert_kept(id, "2022-10-31", "premises");
        assert_rows("hold", "open", "no", "release_approver", "赵六 赵六");
        assert_rows("hold", "open", "yes", "hold", "");
        assert_rows("hold", "footage", "1", "hold", "2");
        assert_rows("hold", "case", "1", "hold", "1");
        assert_rows("hold", "reason", "transfer", "hold", "2");
}
END_TEST

/* What comes into a held case is held too. */
START_TEST(hold_of_a_case_has_no_end_of_footage)
{
        struct case_file f = case_make("1", "other");
        int64_t id;

        (void)hold(f.id, 0, "litigation");
        id = file("2020-10-30 10:00");
        assert_kept(id, "-", "unknown");
        tag(&f, id);
        assert_kept(id, "-", "hold");
}
END_TEST

START_TEST(hold_refuses)
{
        int64_t id = file("2020-10-30 10:00"), ignored, held;
        const struct hold wrong[] = {{.reason = "litigation"},
                                     {.footage = id, .case_file = 1, .reason = "litigation"},
                                     {.footage = id, .reason = "whim"},
                                     {.footage = id}};
        const struct hold absent[] = {{.footage = 99, .reason = "other"},
                                      {.case_file = 99, .reason = "other"}};

        ck_assert_int_eq(hold_add(c, FIXTURE_ACTOR, &absent[0], &ignored), -EPERM); /* no transaction */
        held = hold(0, id, "other");
        fixture_begin(c);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                ck_assert_int_eq(hold_add(c, FIXTURE_ACTOR, &wrong[i], &ignored), -EINVAL);
        for (size_t i = 0; i < ELEMENTSOF(absent); i++)
                ck_assert_int_eq(hold_add(c, FIXTURE_ACTOR, &absent[i], &ignored), CATALOGUE_ABSENT);
        ck_assert_int_eq(hold_release(c, FIXTURE_ACTOR, held, "", "赵六"), -EINVAL);
        ck_assert_int_eq(hold_release(c, FIXTURE_ACTOR, held, "done", ""), -EINVAL);
        ck_assert_int_eq(hold_release(c, FIXTURE_ACTOR, 99, "done", "赵六"), CATALOGUE_ABSENT);
        ck_assert_int_eq(hold_release(c, FIXTURE_ACTOR, held, "done", "赵六"), CATALOGUE_OK);
        ck_assert_int_eq(hold_release(c, FIXTURE_ACTOR, held, "done", "赵六"), CATALOGUE_CONFLICT);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM hold"), 1);
}
END_TEST

START_TEST(holds_are_in_the_ledger)
{
        struct case_file f = case_make("2026-17", "other");
        int64_t id = hold(f.id, 0, "litigation");

        release(id);
        (void)hold(0, file("2020-10-30 10:00"), "complaint");
        assert_rows("ledger", "act", "retention.held", "subject", "footage/1 case/A/2026-17");
        assert_rows("ledger", "act", "retention.released", "subject", "case/A/2026-17");
        assert_rows("ledger", "act", "retention.released", "detail",
                    "{ \"hold\": 1, \"reason\": \"judgement is final\", \"approver\": \"赵六\" }");
}
END_TEST

/* Not even by somebody with SQL. */
START_TEST(holds_are_never_changed)
{
        static const char *const by_hand[] = {
                        "DELETE FROM hold",
                        "UPDATE hold SET reason = 'other'",
                        "UPDATE hold SET footage = NULL, case_file = 1",
                        "UPDATE hold SET held_at = 1",
                        "UPDATE hold SET released_at = 1 WHERE id = 1",
                        "UPDATE hold SET released_at = 1, released_by = 'x', release_reason = 'y',"
                        " release_approver = '' WHERE id = 1",
                        "UPDATE hold SET released_at = NULL, released_by = NULL, release_reason = NULL,"
                        " release_approver = NULL WHERE id = 2",
                        "UPDATE hold SET release_approver = 'somebody else' WHERE id = 2",
                        "INSERT OR REPLACE INTO hold (id, footage, reason, held_at, held_by)"
                        " VALUES (1, 1, 'other', 1, 'x')",
                        "INSERT INTO hold (footage, reason, held_at, held_by, released_at, released_by,"
                        " release_reason, release_approver) VALUES (1, 'other', 1, 'x', 2, 'x', 'y', 'z')",
                        "INSERT INTO hold (reason, held_at, held_by) VALUES ('other', 1, 'x')",
        };
        int64_t id = file("2020-10-30 10:00");

        (void)hold(0, id, "complaint");
        release(hold(0, id, "transfer"));
        for (size_t i = 0; i < ELEMENTSOF(by_hand); i++)
                ck_assert_msg((fixture_tamper(by_hand[i]) & 0xff) == SQLITE_CONSTRAINT, "%s", by_hand[i]);
        assert_rows("hold", NULL, NULL, "reason", "transfer complaint");
}
END_TEST

/* --- what would be shorter --- */

static struct shortening shortened(const struct case_file *f, const char *premises_class,
                                   const char *category, bool evidence, const char *file_until)
{
        struct case_retention after = {.evidence = evidence, .file_until = INSTANT_NONE};
        struct shortening s;

        (void)snprintf(after.premises_class, sizeof(after.premises_class), "%s", premises_class);
        (void)snprintf(after.category, sizeof(after.category), "%s", category);
        if (*file_until)
                ck_assert_int_eq(instant_parse(file_until, 0, &after.file_until), 0);
        ck_assert_int_eq(retention_case_shortens(c, f->id, &after, &s), CATALOGUE_OK);
        return s;
}

START_TEST(case_that_shortens)
{
        struct case_file f = case_make("1", "public-assembly");
        int64_t first = file("2026-10-30 10:00"), second = file("2026-10-29 10:00");
        struct shortening s;
        char day[DAY_TEXT_MAX];

        ck_assert_int_eq(shortened(&f, "other", "", false, "").footage, 0); /* it has none yet */
        tag(&f, first);
        tag(&f, second);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", false, "").footage, 0);
        ck_assert_int_eq(shortened(&f, "high-fire-risk", "", false, "").footage, 0);
        ck_assert_int_eq(shortened(&f, "", "", false, "").footage, 0);
        ck_assert_int_eq(shortened(&f, "other", "L1", false, "").footage, 0);
        ck_assert_int_eq(shortened(&f, "other", "", true, "").footage, 0);
        ck_assert_int_eq(shortened(&f, "other", "", true, "2031-11-02").footage, 0);
        ck_assert_int_eq(shortened(&f, "other", "", true, "2031-10-31").footage, 0);
        ck_assert_int_eq(shortened(&f, "other", "", true, "2031-10-30").footage, 1);
        s = shortened(&f, "other", "", false, "");
        ck_assert_int_eq(s.footage, 2);
        ck_assert_int_eq(s.first, first);
        ck_assert_str_eq(day_format(s.before, day), "2031-10-31");
        ck_assert_str_eq(day_format(s.after, day), "2028-10-31");
        (void)hold(f.id, 0, "litigation"); /* which ends one day */
        ck_assert_int_eq(shortened(&f, "other", "", false, "").footage, 2);
}
END_TEST

/* R-30-6 and R-29-3. */
START_TEST(category_and_evidence_that_go)
{
        struct case_file f = case_make("1", "public-assembly");

        tag(&f, file("2026-10-30 10:00"));
        (void)snprintf(f.long_term, sizeof(f.long_term), "L1");
        set(&f);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", false, "").footage, 1);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", false, "").before, RETENTION_NEVER);
        ck_assert_int_eq(shortened(&f, "public-assembly", "L4", false, "").footage, 0);
        ck_assert_int_eq(shortened(&f, "other", "L1", false, "").footage, 0);
        f.long_term[0] = '\0';
        f.evidence = true;
        set(&f);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", false, "").footage, 1);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", true, "2040-01-01").footage, 1);
}
END_TEST

/* The first class is the annotation that is owed; a class that was known before is not gone around. */
START_TEST(first_class_is_no_shortening)
{
        struct case_file f = case_make("1", "");

        tag(&f, file("2026-10-30 10:00"));
        ck_assert_int_eq(shortened(&f, "other", "", false, "").footage, 0);
        (void)snprintf(f.premises_class, sizeof(f.premises_class), "public-assembly");
        set(&f);
        ck_assert_int_eq(shortened(&f, "", "", false, "").footage, 0);
        f.premises_class[0] = '\0';
        set(&f);
        ck_assert_int_eq(shortened(&f, "other", "", false, "").footage, 1);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", false, "").footage, 1);
}
END_TEST

static int64_t moved(int64_t footage, int64_t to)
{
        struct shortening s;

        ck_assert_int_eq(retention_move_shortens(c, &footage, 1, to, &s), CATALOGUE_OK);
        return s.footage;
}

START_TEST(move_that_shortens)
{
        struct case_file two = case_make("two", "other"), five = case_make("five", "public-assembly");
        struct case_file none = case_make("none", "");
        int64_t id = file("2026-10-30 10:00");

        ck_assert_int_eq(moved(id, two.id), 0); /* nobody has said anything of it yet */
        ck_assert_int_eq(moved(id, none.id), 0);
        ck_assert_int_eq(moved(id, 0), 0);
        tag(&none, id);
        ck_assert_int_eq(moved(id, two.id), 0);
        tag(&five, id);
        ck_assert_int_eq(moved(id, two.id), 1);
        ck_assert_int_eq(moved(id, none.id), 0);
        ck_assert_int_eq(moved(id, 0), 0);
        untag(&five, id);
        ck_assert_int_eq(moved(id, two.id), 1); /* by way of no case */
        tag(&none, id);
        ck_assert_int_eq(moved(id, two.id), 1); /* by way of another */
}
END_TEST

/* All of it in one look; which is told first. */
START_TEST(move_of_many)
{
        struct case_file two = case_make("two", "other"), five = case_make("five", "public-assembly");
        int64_t ids[50];
        struct shortening s;
        char day[DAY_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                ids[i] = file("2026-10-30 10:00");
                if (i % 2 == 1)
                        tag(&five, ids[i]);
        }
        ck_assert_int_eq(retention_move_shortens(c, ids, ELEMENTSOF(ids), two.id, &s), CATALOGUE_OK);
        ck_assert_int_eq(s.footage, 25);
        ck_assert_int_eq(s.first, ids[1]);
        ck_assert_str_eq(day_format(s.before, day), "2031-10-31");
        ck_assert_str_eq(day_format(s.after, day), "2028-10-31");
}
END_TEST

START_TEST(out_of_a_category)
{
        struct case_file l = case_make("l", "other"), two = case_make("two", "other");
        int64_t id = file("2026-10-30 10:00");

        (void)snprintf(l.long_term, sizeof(l.long_term), "L3");
        set(&l);
        tag(&l, id);
        ck_assert_int_eq(moved(id, two.id), 1);
        ck_assert_int_eq(moved(id, 0),
                         1); /* as of an unknown class for ever too, but no longer on a medium */
        ck_assert_int_eq(shortened(&l, "other", "L1", false, "").footage, 0);
        (void)hold(l.id, 0, "complaint");
        ck_assert_int_eq(shortened(&l, "other", "", true, "").footage, 1);
}
END_TEST

START_TEST(without_a_profile_every_change_counts)
{
        struct case_file f = case_make("1", "other"), same = case_make("2", "other");
        int64_t id = file("2026-10-30 10:00");

        tag(&f, id);
        catalogue_set_retention(c, NULL);
        ck_assert_int_eq(shortened(&f, "public-assembly", "", false, "").footage, 1);
        ck_assert_int_eq(shortened(&f, "other", "L1", false, "").footage, 1);
        ck_assert_int_eq(shortened(&f, "other", "", false, "").footage, 0);
        ck_assert_int_eq(moved(id, same.id), 0);
        ck_assert_int_eq(moved(id, 0), 1);
}
END_TEST

START_TEST(absent)
{
        const struct case_retention after = {.file_until = INSTANT_NONE};
        int64_t id = file("2026-10-30 10:00");
        struct shortening s;

        ck_assert_int_eq(retention_case_shortens(c, 99, &after, &s), CATALOGUE_ABSENT);
        ck_assert_int_eq(retention_move_shortens(c, &id, 1, 99, &s), CATALOGUE_ABSENT);
        ck_assert_int_eq(retention_move_shortens(c, NULL, 0, 0, &s), CATALOGUE_OK);
        ck_assert_int_eq(s.footage, 0);
        id = 99;
        ck_assert_int_eq(retention_move_shortens(c, &id, 1, 0, &s), CATALOGUE_OK);
        ck_assert_int_eq(s.footage, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("case_retention");
        TCase *t = tcase_create("retention");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, rows_follow_the_case);
        tcase_add_test(t, doubtful_time_counts_from_the_offload);
        tcase_add_test(t, no_rules_keep_for_ever);
        tcase_add_test(t, due_is_listed_oldest_first);
        tcase_add_test(t, pages_make_the_whole);
        tcase_add_test(t, bad_filters);
        tcase_add_test(t, held_until_all_is_released);
        tcase_add_test(t, hold_of_a_case_has_no_end_of_footage);
        tcase_add_test(t, hold_refuses);
        tcase_add_test(t, holds_are_in_the_ledger);
        tcase_add_test(t, holds_are_never_changed);
        tcase_add_test(t, case_that_shortens);
        tcase_add_test(t, category_and_evidence_that_go);
        tcase_add_test(t, first_class_is_no_shortening);
        tcase_add_test(t, move_that_shortens);
        tcase_add_test(t, move_of_many);
        tcase_add_test(t, out_of_a_category);
        tcase_add_test(t, without_a_profile_every_change_counts);
        tcase_add_test(t, absent);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
