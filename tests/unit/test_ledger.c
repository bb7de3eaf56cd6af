// SPDX-License-Identifier: LGPL-2.1-or-later
/* The hash chain: a known value, what must change it, and tampering with the table found at the exact entry.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "catalogue/docking.h"
#include "catalogue/removal.h"
#include "ledger/ledger.h"
#include "scratch.h"
#include "test_catalogue_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

static const struct ledger_entry first = {
                .sequence = 1,
                .at = 1793491200000000,
                .actor = "recdockd",
                .act = "footage.filed",
                .subject = "footage/17",
                .detail = "{\"size\":5}",
};

static const uint8_t zero[DIGEST_SIZE];

/* Made by hand: (head -c 32 /dev/zero; printf
 * '1:1,16:1793491200000000,8:recdockd,13:footage.filed,10:footage/17,10:{"size":5},') | sha256sum */
START_TEST(test_hash_is_the_documented_one)
{
        uint8_t hash[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];

        ck_assert_int_eq(ledger_hash(zero, &first, hash), 0);
        ck_assert_str_eq(text_hex(hash, DIGEST_SIZE, hex),
                         "fe704f6e79523c66dc79d3602ac540356b50fb0c6228ab328bdee8dcb81a60d3");
}
END_TEST

START_TEST(test_every_field_counts)
{
        struct ledger_entry entries[7];
        uint8_t original[DIGEST_SIZE], hash[DIGEST_SIZE], previous[DIGEST_SIZE] = {1};

        for (size_t i = 0; i < ELEMENTSOF(entries); i++)
                entries[i] = first;
        entries[0].sequence = 2;
        entries[1].at++;
        entries[2].actor = "recdocke";
        entries[3].act = "footage.filee";
        entries[4].subject = "footage/18";
        entries[5].detail = "{\"size\":6}";
        entries[6].actor = "recdockdf"; /* a byte moved over to the next field */
        entries[6].act = "ootage.filed";
        ck_assert_int_eq(ledger_hash(zero, &first, original), 0);
        for (size_t i = 0; i < ELEMENTSOF(entries); i++) {
                ck_assert_int_eq(ledger_hash(zero, &entries[i], hash), 0);
                ck_assert_mem_ne(hash, original, DIGEST_SIZE);
        }
        ck_assert_int_eq(ledger_hash(previous, &first, hash), 0);
        ck_assert_mem_ne(hash, original, DIGEST_SIZE);
}
END_TEST

static struct catalogue *c;

/* Ten entries. */
static void setup(void)
{
        c = fixture_open();
        fixture_begin(c);
        for (int i = 1; i <= 10; i++) {
                char subject[32];

                (void)snprintf(subject, sizeof(subject), "footage/%d", i);
                ck_assert_int_eq(catalogue_ledger(c, "recdockd", "footage.filed", subject, "{\"size\":5}"),
                                 0);
        }
        fixture_commit(c);
}

static void teardown(void)
{
        fixture_close(c);
}

static void ck_bad_at(int64_t sequence)
{
        int64_t bad = 0, count = 0;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_DAMAGED);
        ck_assert_int_eq(bad, sequence);
        ck_assert_int_eq(count, sequence - 1);
}

START_TEST(test_whole_chain_is_good)
{
        int64_t bad = 0, count = 0;

        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        ck_assert_int_eq(count, 10);
}
END_TEST

START_TEST(test_empty_chain_is_good)
{
        _cleanup_free_ char *path = scratch_path("empty.db");
        struct catalogue *empty = NULL;
        int64_t bad = 0, count = -1;

        ck_assert_int_eq(catalogue_open(&empty, path, false), CATALOGUE_OK);
        ck_assert_int_eq(catalogue_ledger_verify(empty, &bad, &count), CATALOGUE_OK);
        ck_assert_int_eq(count, 0);
        catalogue_close(empty);
}
END_TEST

static const char *const refused[] = {
                "UPDATE ledger SET act = 'x' WHERE sequence = 4",
                "DELETE FROM ledger WHERE sequence = 4",
                "DELETE FROM ledger",
                "INSERT OR REPLACE INTO ledger SELECT 4, at, actor, 'x', subject, detail, hash FROM ledger "
                "WHERE sequence = 4",
                "INSERT INTO ledger SELECT 12, at, actor, act, subject, detail, hash FROM ledger WHERE "
                "sequence = 4",
                "INSERT INTO ledger SELECT 0, at, actor, act, subject, detail, hash FROM ledger WHERE "
                "sequence = 4",
};

START_TEST(test_triggers_refuse)
{
        int64_t bad, count;

        ck_assert_int_eq(fixture_tamper(refused[_i]), SQLITE_CONSTRAINT);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        ck_assert_int_eq(count, 10);
}
END_TEST

#define DROP "DROP TRIGGER ledger_in_order; DROP TRIGGER ledger_kept; DROP TRIGGER ledger_unchanged;"

static const struct {
        const char *sql;
        int64_t bad;
} tampering[] = {
                {DROP "UPDATE ledger SET at = at + 1 WHERE sequence = 4", 4},
                {DROP "UPDATE ledger SET actor = 'nobody' WHERE sequence = 1", 1},
                {DROP "UPDATE ledger SET detail = '{\"size\":6}' WHERE sequence = 10", 10},
                {DROP "UPDATE ledger SET detail = detail || char(0) || 'more' WHERE sequence = 5", 5},
                {DROP "UPDATE ledger SET hash = zeroblob(32) WHERE sequence = 7", 7},
                {DROP "DELETE FROM ledger WHERE sequence = 6", 6},
                {DROP "DELETE FROM ledger WHERE sequence = 10", 10},
                {DROP "DELETE FROM ledger", 1},
                {DROP "DELETE FROM ledger WHERE sequence = 3; UPDATE ledger SET sequence = sequence - 1 "
                      "WHERE sequence > 3",
                 3},
                {DROP "UPDATE ledger SET subject = (SELECT subject FROM ledger WHERE sequence = 9),"
                      " hash = (SELECT hash FROM ledger WHERE sequence = 9) WHERE sequence = 8",
                 8},
};

START_TEST(test_tampering_is_found_where_it_is)
{
        ck_assert_int_eq(fixture_tamper(tampering[_i].sql), SQLITE_OK);
        ck_bad_at(tampering[_i].bad);
}
END_TEST

START_TEST(test_only_in_a_transaction)
{
        ck_assert_int_eq(catalogue_ledger(c, "recdockd", "x", "y", "{}"), -EPERM);
        ck_assert_str_eq(catalogue_error(c), "a change outside of a transaction");
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), 10);
}
END_TEST

START_TEST(test_rolled_back_leaves_no_hole)
{
        int64_t bad, count;

        fixture_begin(c);
        ck_assert_int_eq(catalogue_ledger(c, "recdockd", "x", "y", "{}"), 0);
        catalogue_rollback(c);
        fixture_begin(c);
        ck_assert_int_eq(catalogue_ledger(c, "recdockd", "x", "y", "{}"), 0);
        fixture_commit(c);
        ck_assert_int_eq(catalogue_ledger_verify(c, &bad, &count), CATALOGUE_OK);
        ck_assert_int_eq(count, 11);
}
END_TEST

static const char *const bad_details[] = {"", "{", "size 5", "{\"a\":1}}"};

START_TEST(test_detail_must_be_json)
{
        fixture_begin(c);
        ck_assert_int_eq(catalogue_ledger(c, "recdockd", "x", "y", bad_details[_i]), -EINVAL);
        ck_assert_int_eq(catalogue_ledger(c, "recdockd", "x", "\xff", "{}"), -EILSEQ);
        fixture_commit(c);
        ck_assert_int_eq(fixture_ask("SELECT count(*) FROM ledger"), 10);
}
END_TEST

static const char *outcome_of(int64_t item)
{
        static const char *const words[] = {"none", "unknown", "ok", "other"};
        char sql[256];

        (void)snprintf(sql, sizeof(sql),
                       "SELECT coalesce((SELECT CASE detail ->> 'outcome' WHEN 'unknown' THEN 1 WHEN 'ok' "
                       "THEN"
                       " 2 ELSE 3 END FROM ledger WHERE act = 'item.removed-from-recorder' AND subject ="
                       " 'item/%lld' ORDER BY sequence DESC), 0)",
                       (long long)item);
        return words[fixture_ask(sql)];
}

/* What a docking had asked for when recdockd died has an end in the ledger, and nothing else gets one. */
START_TEST(test_open_removals_are_ended)
{
        int64_t recorder, before, open, n;
        struct docking_row row;

        ck_assert_int_eq(removal_end_open(c, "recdockd", &n), -EPERM);
        fixture_begin(c);
        recorder = fixture_recorder(c, "R7", fixture_unit(c, "7"));
        before = fixture_docking(c, recorder);
        open = fixture_docking(c, recorder);
        ck_assert_int_eq(docking_by_id(c, before, &row), CATALOGUE_OK);
        row.state = DOCKING_RELEASED;
        ck_assert_int_eq(docking_update(c, &row), 0);
        ck_assert_int_eq(removal_ask(c, "recdockd", before, 1, 1), 0);
        ck_assert_int_eq(removal_ask(c, "recdockd", open, 2, 2), 0);
        ck_assert_int_eq(removal_end(c, "recdockd", open, 2, "ok"), 0);
        ck_assert_int_eq(removal_ask(c, "recdockd", open, 3, 3), 0);
        ck_assert_int_eq(removal_ask(c, "recdockd", open, 4, 4), 0);
        ck_assert_int_eq(removal_end(c, "recdockd", open, 5, "ok"), 0);
        ck_assert_int_eq(removal_ask(c, "recdockd", open, 5, 5), 0); /* once more */
        ck_assert_int_eq(removal_end_open(c, "recdockd", &n), 0);
        ck_assert_int_eq(n, 3);
        ck_assert_int_eq(removal_end_open(c, "recdockd", &n), 0);
        ck_assert_int_eq(n, 0);
        fixture_commit(c);
        ck_assert_str_eq(outcome_of(1), "none"); /* that docking is over, and said what it knew */
        ck_assert_str_eq(outcome_of(2), "ok");
        ck_assert_str_eq(outcome_of(3), "unknown");
        ck_assert_str_eq(outcome_of(4), "unknown");
        ck_assert_str_eq(outcome_of(5), "unknown");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("ledger");
        TCase *hash = tcase_create("hash"), *chain = tcase_create("chain");

        tcase_add_test(hash, test_hash_is_the_documented_one);
        tcase_add_test(hash, test_every_field_counts);
        tcase_add_checked_fixture(chain, setup, teardown);
        tcase_add_test(chain, test_whole_chain_is_good);
        tcase_add_test(chain, test_empty_chain_is_good);
        tcase_add_loop_test(chain, test_triggers_refuse, 0, (int)ELEMENTSOF(refused));
        tcase_add_loop_test(chain, test_tampering_is_found_where_it_is, 0, (int)ELEMENTSOF(tampering));
        tcase_add_test(chain, test_only_in_a_transaction);
        tcase_add_test(chain, test_rolled_back_leaves_no_hole);
        tcase_add_test(chain, test_open_removals_are_ended);
        tcase_add_loop_test(chain, test_detail_must_be_json, 0, (int)ELEMENTSOF(bad_details));
        suite_add_tcase(s, hash);
        suite_add_tcase(s, chain);
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
