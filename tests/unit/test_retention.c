// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long footage is kept. The cases are in retention.txt, one a line, and what the code makes of each is
 * written in the same words and compared. Behind them the properties that no table can show: no fact makes
 * the day earlier but a class that is shorter than the longest, and no hold, category or evidence ever does;
 * and what a profile may not say.
 */
#include "rules/recording_time.h"
#include "rules/retention.h"
#include "base/cleanup.h"
#include "scratch.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#define CASES_MIN  100
#define CASES_MAX  300
#define RESULT_MAX 256

enum { PROFILE_FIRE, PROFILE_POLICE, PROFILE_CITY, PROFILE_NONE, _PROFILE_MAX };

static const char *const profile_words[] = {"fire", "police", "city", "none"};
static struct retention_rules *profiles[_PROFILE_MAX];

struct setting {
        char zone[64];
        const struct retention_rules *rules;
};

struct case_line {
        unsigned int line;
        struct setting setting;
        char *facts, *expected; /* texts */
};

/* What the words of a case's facts live in. */
struct known {
        struct retention_facts facts;
        char premises[RETENTION_WORD_MAX], category[RETENTION_WORD_MAX];
};

static struct case_line cases[CASES_MAX];
static int n_cases;

static instant_t time_of(const char *text)
{
        instant_t t;

        ck_assert_msg(instant_parse(text, 0, &t) == 0, "'%s' is not a time", text);
        return t;
}

static day_t day_of(const char *text)
{
        day_t day;

        ck_assert_msg(day_parse(text, &day) == 0, "'%s' is not a day", text);
        return day;
}

static struct known nothing_known(void)
{
        return (struct known){.facts = {.ended = INSTANT_NONE,
                                        .offloaded = INSTANT_NONE,
                                        .file_until = RETENTION_NEVER}};
}

/* True when the fact is 'word' with something behind it. */
static bool takes(const char *fact, const char *word, const char **ret)
{
        size_t n = strlen(word);

        if (strncmp(fact, word, n) != 0 || fact[n] != ' ')
                return false;
        *ret = fact + n + 1;
        return true;
}

static void fact_read(const char *fact, struct known *k)
{
        const char *value;

        if (strcmp(fact, "doubtful") == 0)
                k->facts.doubtful = true;
        else if (strcmp(fact, "evidence") == 0)
                k->facts.evidence = true;
        else if (strcmp(fact, "held") == 0)
                k->facts.held = true;
        else if (takes(fact, "ended", &value))
                k->facts.ended = time_of(value);
        else if (takes(fact, "offloaded", &value))
                k->facts.offloaded = time_of(value);
        else if (takes(fact, "file until", &value))
                k->facts.file_until = day_of(value);
        else if (takes(fact, "premises", &value))
                (void)snprintf(k->premises, sizeof(k->premises), "%s", value);
        else if (takes(fact, "category", &value))
                (void)snprintf(k->category, sizeof(k->category), "%s", value);
        else
                ck_abort_msg("'%s' is no word of the table", fact);
}

static void facts_read(const char *text, struct known *k)
{
        _cleanup_free_ char *copy = strdup(text);
        char *next = copy;

        *k = nothing_known();
        k->facts.premises = k->premises;
        k->facts.category = k->category;
        while (next && *next) {
                char *fact = next;

                next = strstr(next, ", ");
                if (next) {
                        *next = '\0';
                        next += 2;
                }
                fact_read(fact, k);
        }
}

static void result_write(char result[RESULT_MAX], const struct retention *r)
{
        char day[DAY_TEXT_MAX];

        (void)snprintf(result, RESULT_MAX, "%s, by %s%s%s",
                       r->until == RETENTION_NEVER ? "never" : day_format(r->until, day),
                       retention_basis_text(r->basis), r->decided ? " " : "",
                       r->decided ? r->decided->word : "");
}

/* By the calendar of the station no term is over before all of it has passed, to the microsecond. */
static void assert_term_is_whole(const struct retention_facts *f, const struct retention *r)
{
        instant_t counted = f->doubtful || !time_is_of_a_set_clock(f->ended) ? MAX(f->ended, f->offloaded)
                                                                             : f->ended;
        day_t last;

        ck_assert_int_eq(day_add_months(instant_to_day(counted), r->decided->term.months, &last), 0);
        last += r->decided->term.days;
        ck_assert_int_gt(r->until, last);
        /* Samoa's 30 December 2011 is a day of the calendar that no hour had. */
        ck_assert_int_ge(instant_from_day(r->until, 0) - counted,
                         (last - instant_to_day(counted)) * USEC_PER_DAY - 26 * USEC_PER_HOUR);
}

START_TEST(table)
{
        const struct case_line *c = &cases[_i];
        struct retention r;
        struct known k;
        char result[RESULT_MAX];

        ck_assert_int_eq(zone_set(c->setting.zone), 0);
        facts_read(c->facts, &k);
        retention_judge(c->setting.rules, &k.facts, &r);
        result_write(result, &r);
        ck_assert_msg(strcmp(result, c->expected) == 0, "retention.txt:%u: %s\n  expected %s\n  got      %s",
                      c->line, c->facts, c->expected, result);
        if (r.until != RETENTION_NEVER && r.decided)
                assert_term_is_whole(&k.facts, &r);
}
END_TEST

static uint64_t seed;

/* xorshift64: the same facts in every run. */
static int64_t random_below(int64_t below)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (int64_t)(seed % (uint64_t)below);
}

static const char *random_word(const struct retention_rules *rules, enum retention_kind kind)
{
        const struct retention_class *c = rules->classes[kind];

        if (random_below(3) == 0)
                return NULL;
        if (random_below(12) == 0)
                return "gone-from-the-profile";
        for (int64_t n = random_below(4); n > 0 && c->next; n--)
                c = c->next;
        return c->word;
}

static void random_facts(const struct retention_rules *rules, instant_t around, struct retention_facts *f)
{
        *f = (struct retention_facts){
                        .ended = around + random_below(800 * USEC_PER_DAY),
                        .offloaded = around + random_below(800 * USEC_PER_DAY),
                        .doubtful = random_below(3) == 0,
                        .premises = random_word(rules, RETENTION_PREMISES),
                        .category = random_word(rules, RETENTION_CATEGORY),
                        .evidence = random_below(3) == 0,
                        .file_until = random_below(2) == 0 ? RETENTION_NEVER
                                                           : instant_to_day(around) + random_below(9000),
                        .held = random_below(4) == 0,
        };
        if (random_below(8) == 0)
                f->ended = INSTANT_NONE;
}

/* One thing more is known, or is so from now on. False where that could be a shorter class. */
static void add_fact(const struct retention_rules *rules, struct retention_facts *f)
{
        switch (random_below(6)) {
        case 0:
                f->held = true;
                break;
        case 1:
                f->evidence = true;
                break;
        case 2:
                if (!f->category)
                        f->category = rules->classes[RETENTION_CATEGORY]->word;
                break;
        case 3:
                f->doubtful = true;
                break;
        case 4:
                f->ended = f->ended == INSTANT_NONE ? f->offloaded : f->ended + random_below(USEC_PER_DAY);
                break;
        default:
                if (f->file_until != RETENTION_NEVER)
                        f->file_until += random_below(400);
        }
}

START_TEST(more_is_never_earlier)
{
        static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "America/Havana",
                                            "Pacific/Apia"};
        const struct retention_rules *rules = profiles[_i];
        instant_t around;

        for (size_t z = 0; z < ELEMENTSOF(zones); z++) {
                ck_assert_int_eq(zone_set(zones[z]), 0);
                around = time_of("2010-01-01");
                seed = UINT64_C(88172645463325252) + z + (uint64_t)_i * 97;
                for (int i = 0; i < 5000; i++) {
                        struct retention before, after;
                        struct retention_facts f;

                        random_facts(rules, around, &f);
                        retention_judge(rules, &f, &before);
                        add_fact(rules, &f);
                        retention_judge(rules, &f, &after);
                        ck_assert_msg(after.until >= before.until && !retention_shortens(&before, &after),
                                      "%s, run %d: %" PRId64 " to %" PRId64, zones[z], i, before.until,
                                      after.until);
                }
        }
}
END_TEST

/* Whatever class it turns out to be, nobody has been told too early before. */
START_TEST(unknown_is_the_longest)
{
        const struct retention_rules *rules = profiles[_i];
        struct retention_facts f = {.ended = time_of("2026-11-02 16:40"), .file_until = RETENTION_NEVER};
        struct retention unknown, r;

        retention_judge(rules, &f, &unknown);
        ck_assert_int_eq(unknown.basis, RETENTION_BY_UNKNOWN);
        for (const struct retention_class *p = rules->classes[RETENTION_PREMISES]; p; p = p->next) {
                f.premises = p->word;
                for (const struct retention_class *c = rules->classes[RETENTION_CATEGORY]; c; c = c->next) {
                        f.category = c->word;
                        retention_judge(rules, &f, &r);
                        ck_assert_int_le(r.until, unknown.until);
                }
        }
}
END_TEST

START_TEST(shortened)
{
        struct retention five = {.until = 5}, six = {.until = 6}, never = {.until = RETENTION_NEVER};

        ck_assert(retention_shortens(&six, &five));
        ck_assert(retention_shortens(&never, &six));
        ck_assert(!retention_shortens(&five, &five));
        ck_assert(!retention_shortens(&five, &never));
        ck_assert(!retention_shortens(&never, &never));
        ck_assert(retention_rules_usable(profiles[PROFILE_FIRE]));
        ck_assert(!retention_rules_usable(profiles[PROFILE_NONE]));
        ck_assert(!retention_rules_usable(NULL));
        ck_assert_int_eq(retention_days_least(profiles[PROFILE_FIRE]), 24 * 28);
        ck_assert_int_eq(retention_days_least(profiles[PROFILE_CITY]), 90);
        ck_assert_int_eq(retention_days_least(NULL), INT64_MAX);
}
END_TEST

/* What an approver has to be asked for, against the days and against what leaves Art. 30. */
START_TEST(approved)
{
        const struct retention_rules *rules = profiles[_i];

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        seed = UINT64_C(88172645463325252) + (uint64_t)_i;
        for (int i = 0; i < 5000; i++) {
                struct retention_facts before, after, other;
                struct retention was, is;
                bool expected;

                random_facts(rules, 0, &before);
                random_facts(rules, 0, &other);
                after = before;
                after.premises = other.premises;
                after.category = other.category;
                after.evidence = other.evidence;
                after.file_until = other.file_until;
                before.held = after.held = false;
                retention_judge(rules, &before, &was);
                retention_judge(rules, &after, &is);
                expected = is.until < was.until || (before.category && !after.category);
                before.held = random_below(2) == 0; /* of no account */
                ck_assert_int_eq(retention_change_is_approved(rules, &before, &after), expected);
                ck_assert(!retention_change_is_approved(rules, &before, &before));
                ck_assert(!retention_change_is_approved(NULL, &before, &before));
                other = before;
                other.evidence = !other.evidence;
                ck_assert(retention_change_is_approved(NULL, &before, &other));
        }
}
END_TEST

START_TEST(names)
{
        const struct retention_rules *fire = profiles[PROFILE_FIRE];
        const struct retention_class *c = retention_class_find(fire, RETENTION_PREMISES, "公众聚集场所");
        enum retention_basis basis;
        char words[128];

        ck_assert_ptr_nonnull(c);
        ck_assert_str_eq(c->word, "public-assembly");
        ck_assert_ptr_eq(retention_class_find(fire, RETENTION_PREMISES, "public-assembly"), c);
        ck_assert_ptr_eq(retention_class_find(fire, RETENTION_PREMISES, "public assembly place"), c);
        ck_assert_ptr_null(retention_class_find(fire, RETENTION_PREMISES, "L1"));
        ck_assert_ptr_null(retention_class_find(fire, RETENTION_PREMISES, ""));
        ck_assert_ptr_null(retention_class_find(NULL, RETENTION_PREMISES, "other"));
        ck_assert_str_eq(retention_class_find(fire, RETENTION_CATEGORY, "L4")->chinese,
                         "其他重大、疑难、复杂的执法活动");
        ck_assert_str_eq(retention_class_words(fire, RETENTION_PREMISES, words, sizeof(words)),
                         "public-assembly, high-fire-risk, major-hazard or other");
        ck_assert_str_eq(retention_class_words(NULL, RETENTION_PREMISES, words, sizeof(words)), "");
        ck_assert_int_lt(strlen(retention_class_words(fire, RETENTION_PREMISES, words, 8)), 8);
        for (int i = 0; i < _RETENTION_BASIS_MAX; i++) {
                ck_assert_int_eq(retention_basis_from_text(retention_basis_text((enum retention_basis)i),
                                                           &basis),
                                 0);
                ck_assert_int_eq(basis, i);
        }
        ck_assert_int_eq(retention_basis_from_text("whim", &basis), -EINVAL);
}
END_TEST

static char findings[4096];

static void on_report(const char *text, void *userdata)
{
        (void)userdata;
        (void)snprintf(findings + strlen(findings), sizeof(findings) - strlen(findings), "%s\n",
                       strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
}

static int load_folder(const char *folder, bool strict, struct retention_rules **ret)
{
        const char *const dirs[] = {folder, NULL};

        findings[0] = '\0';
        return retention_rules_load(dirs, strict, on_report, NULL, ret);
}

#define GOOD "[Premises \"a\"]\nChinese=甲\nEnglish=first\nTerm=1 year\n"

/* Both ways: strictly it is refused, leniently everything is kept for ever. */
static const struct {
        const char *text, *finding;
} broken[] = {
                {"",
                 "retention.d: expected a profile with at least one [Premises \"class\"] and its Term=\n"},
                {"[Category \"a\"]\nChinese=甲\nEnglish=first\nTerm=forever\n",
                 "retention.d: expected a profile with at least one [Premises \"class\"] and its Term=\n"},
                {GOOD "Terms=2 years\n", "a.conf:5: [Premises \"a\"] Terms='2 years': unknown key\n"},
                {GOOD "[Premise \"b\"]\n", "a.conf:5: [Premise \"b\"]: unknown section\n"},
                {GOOD "[Premises]\n", "a.conf:5: [Premises]: expected [Premises \"name\"]\n"},
                {GOOD "[Premises \"b\"]\nChinese=乙\nEnglish=second\n",
                 "[Premises \"b\"]: expected Term=\n"},
                {GOOD "[Premises \"b\"]\nChinese=乙\nTerm=2 years\n",
                 "[Premises \"b\"]: expected English=\n"},
                {GOOD "[Premises \"b\"]\nEnglish=second\nTerm=2 years\n",
                 "[Premises \"b\"]: expected Chinese=\n"},
                {GOOD "[Premises \"b\"]\nChinese=甲\nEnglish=second\nTerm=2 years\n",
                 "[Premises \"b\"]: expected names of its own, [Premises \"a\"] is called '甲' too\n"},
                {GOOD "[Premises \"b c\"]\n", "a.conf:5: [Premises \"b c\"]: expected another name\n"},
                {GOOD "[Premises \"unknown\"]\n",
                 "a.conf:5: [Premises \"unknown\"]: expected another name\n"},
                {GOOD "[Premises \"none\"]\n", "a.conf:5: [Premises \"none\"]: expected another name\n"},
                {GOOD "[Premises \"a23456789012345678901234567890123\"]\n",
                 "a.conf:5: [Premises \"a23456789012345678901234567890123\"]: expected another name\n"},
                {GOOD "English=\n",
                 "a.conf:5: [Premises \"a\"] English='': expected a text of 1 to 200 bytes\n"},
                {GOOD "[Evidence]\nTerm=5 years\n",
                 "a.conf:6: [Evidence] Term='5 years': expected case-file or forever\n"},
#define TERM(value)                                                                                     \
        {                                                                                               \
                GOOD "Term=" value "\n",                                                                \
                                "a.conf:5: [Premises \"a\"] Term='" value                               \
                                "': expected a term such as 5 years, 6 months or 90 days of at most a " \
                                "hundred years, or forever\n"                                           \
        }
                TERM("0 years"),
                TERM("-1 years"),
                TERM("101 years"),
                TERM("1201 months"),
                TERM("36526 days"),
                TERM("5"),
                TERM("5 weeks"),
                TERM("years"),
                TERM("5 years 1 day"),
                TERM("99999999999999999999 years"),
                TERM("18446744073709551617 days"),
                TERM("Forever"),
};

START_TEST(broken_profile)
{
        const struct retention_facts f = {.ended = 0, .premises = "a", .file_until = RETENTION_NEVER};
        struct retention_rules *rules = NULL;
        struct retention r;

        scratch_write("retention.d/a.conf", broken[_i].text);
        _cleanup_free_ char *folder = scratch_path("retention.d");

        ck_assert_int_eq(load_folder(folder, true, &rules), -EINVAL);
        ck_assert_str_eq(findings, broken[_i].finding);
        ck_assert_ptr_null(rules);
        ck_assert_int_eq(load_folder(folder, false, &rules), 0);
        ck_assert_str_eq(findings, broken[_i].finding);
        ck_assert(!retention_rules_usable(rules));
        retention_judge(rules, &f, &r);
        ck_assert_int_eq(r.until, RETENTION_NEVER);
        ck_assert_int_eq(r.basis, RETENTION_BY_PROFILE);
        retention_rules_unref(rules);
}
END_TEST

START_TEST(amended_profile)
{
        struct retention_rules *rules = NULL;
        _cleanup_free_ char *folder = NULL;

        scratch_write("retention.d/50-a.conf", GOOD "[Premises \"b\"]\nChinese=乙\nEnglish=second\n"
                                                    "Term=2 years\n");
        scratch_write("retention.d/60-b.conf",
                      "[Premises \"a\"]\nTerm=18 months\n[Premises \"b\"]\nTerm=\n");
        folder = scratch_path("retention.d");
        ck_assert_int_eq(load_folder(folder, true, &rules), 0);
        ck_assert_str_eq(findings, "");
        ck_assert_uint_eq(retention_class_find(rules, RETENTION_PREMISES, "甲")->term.months, 18);
        ck_assert_ptr_null(retention_class_find(rules, RETENTION_PREMISES, "b"));
        ck_assert_ptr_eq(retention_rules_ref(rules), rules);
        retention_rules_unref(rules);
        ck_assert(retention_rules_usable(rules));
        retention_rules_unref(rules);
        ck_assert_ptr_null(retention_rules_ref(NULL));
}
END_TEST

static void give_up(const char *file, unsigned int line, const char *what)
{
        (void)fprintf(stderr, "%s:%u: expected %s\n", file, line, what);
        exit(EXIT_FAILURE);
}

/* "[Asia/Shanghai, profile fire]" */
static bool setting_read(const char *text, struct setting *s)
{
        char word[16];

        if (sscanf(text, "[%63[^,], profile %15[a-z]]", s->zone, word) != 2)
                return false;
        for (int i = 0; i < _PROFILE_MAX; i++) {
                s->rules = profiles[i];
                if (strcmp(word, profile_words[i]) == 0)
                        return true;
        }
        return false;
}

static void case_read(const char *file, unsigned int line, const char *text, const struct setting *s)
{
        const char *facts = strstr(text, ": "), *arrow = facts ? strstr(facts, " -> ") : NULL;

        if (!arrow || n_cases == CASES_MAX)
                give_up(file, line, "title: facts -> result");
        cases[n_cases++] = (struct case_line){.line = line,
                                              .setting = *s,
                                              .facts = strndup(facts + 2, (size_t)(arrow - facts - 2)),
                                              .expected = strdup(arrow + 4)};
}

static void cases_load(const char *file)
{
        FILE *f = fopen(file, "re");
        struct setting s = {.zone = ""};
        char text[1024];

        if (!f)
                give_up(file, 0, "a file");
        for (unsigned int line = 1; fgets(text, sizeof(text), f); line++) {
                text[strcspn(text, "\n")] = '\0';
                if (text[0] == '[' && !setting_read(text, &s))
                        give_up(file, line, "[zone, profile fire|police|city|none]");
                if (text[0] != '\0' && text[0] != '#' && text[0] != '[')
                        case_read(file, line, text, &s);
        }
        (void)fclose(f);
        if (n_cases < CASES_MIN)
                give_up(file, 0, "at least 100 cases");
}

static void profile_load(int profile, const char *folder, const char *name)
{
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", folder, name) < 0 || load_folder(path, true, &profiles[profile]) < 0)
                give_up(path, 0, findings);
}

static void everything_load(const char *sources)
{
        _cleanup_free_ char *table_path = NULL;

        profile_load(PROFILE_FIRE, sources, "daemon/retention.d");
        profile_load(PROFILE_POLICE, sources, "tests/unit/retention-police");
        profile_load(PROFILE_CITY, sources, "tests/unit/retention-city");
        if (retention_rules_new(&profiles[PROFILE_NONE]) < 0 ||
            asprintf(&table_path, "%s/tests/unit/retention.txt", sources) < 0)
                give_up(sources, 0, "memory");
        cases_load(table_path);
}

static void everything_free(void)
{
        for (int i = 0; i < n_cases; i++) {
                free(cases[i].facts);
                free(cases[i].expected);
        }
        for (int i = 0; i < _PROFILE_MAX; i++)
                retention_rules_unref(profiles[i]);
}

static void setup(void)
{
        (void)scratch_make();
}

int main(void)
{
        Suite *s = suite_create("retention");
        TCase *t = tcase_create("rules"), *p = tcase_create("profile");
        SRunner *runner;
        int failed;

        everything_load(getenv("RECDOCK_SOURCES"));
        tcase_set_timeout(t, 60);
        tcase_add_loop_test(t, table, 0, n_cases);
        tcase_add_loop_test(t, more_is_never_earlier, 0, PROFILE_NONE);
        tcase_add_loop_test(t, unknown_is_the_longest, 0, PROFILE_NONE);
        tcase_add_test(t, shortened);
        tcase_add_loop_test(t, approved, 0, PROFILE_NONE);
        tcase_add_test(t, names);
        suite_add_tcase(s, t);
        tcase_add_checked_fixture(p, setup, scratch_remove);
        tcase_add_loop_test(p, broken_profile, 0, (int)ELEMENTSOF(broken));
        tcase_add_test(p, amended_profile);
        suite_add_tcase(s, p);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        everything_free();
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
