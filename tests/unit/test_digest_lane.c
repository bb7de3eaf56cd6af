// SPDX-License-Identifier: LGPL-2.1-or-later
/* A digest on its own thread is the digest, however the bytes come and whatever is left over at the end. */
#include "base/digest_lane.h"
#include "base/cleanup.h"

#include <check.h>
#include <string.h>

DEFINE_CLEANUP(struct digest *, digest_free);
DEFINE_CLEANUP(struct digest_lane *, digest_lane_free);

/* Several times the ring, and no multiple of anything in it. */
enum { MUCH = 13 * 1024 * 1024 + 4099 };

static uint8_t *bytes_make(size_t n)
{
        uint8_t *bytes = malloc(n);
        uint32_t x = 1;

        ck_assert_ptr_nonnull(bytes);
        for (size_t i = 0; i < n; i++) {
                x = x * 1664525 + 1013904223;
                bytes[i] = (uint8_t)(x >> 24);
        }
        return bytes;
}

static void assert_digest_of(const struct digest *d, const uint8_t *bytes, size_t n)
{
        struct digest_values v;
        uint8_t expected[DIGEST_SIZE];

        ck_assert_int_eq(digest_peek(d, &v), 0);
        ck_assert_int_eq(digest_sha256(bytes, n, expected), 0);
        ck_assert_mem_eq(v.sha256, expected, DIGEST_SIZE);
}

/* Pieces of all sizes, from less than a block of the digest to more than the ring. */
START_TEST(test_pieces)
{
        static const size_t pieces[] = {1, 63, 4096, 65537, 1024 * 1024, 5 * 1024 * 1024 + 1};
        _cleanup_free_ uint8_t *bytes = bytes_make(MUCH);
        _cleanup_(digest_freep) struct digest *d = NULL;
        _cleanup_(digest_lane_freep) struct digest_lane *l = NULL;
        size_t done = 0;

        ck_assert_int_eq(digest_new(&d, false), 0);
        ck_assert_int_eq(digest_lane_new(&l, d), 0);
        for (size_t i = 0; done < MUCH; i++) {
                size_t n = MIN(pieces[i % ELEMENTSOF(pieces)], MUCH - done);

                ck_assert_int_eq(digest_lane_feed(l, bytes + done, n), 0);
                done += n;
        }
        ck_assert_int_eq(digest_lane_finish(l), 0);
        assert_digest_of(d, bytes, MUCH);
}
END_TEST

/* The bytes are copied: the caller may use its buffer again at once. */
START_TEST(test_buffer_used_again)
{
        _cleanup_free_ uint8_t *bytes = bytes_make(MUCH), *buffer = malloc(65536);
        _cleanup_(digest_freep) struct digest *d = NULL;
        _cleanup_(digest_lane_freep) struct digest_lane *l = NULL;

        ck_assert_ptr_nonnull(buffer);
        ck_assert_int_eq(digest_new(&d, true), 0);
        ck_assert_int_eq(digest_lane_new(&l, d), 0);
        for (size_t done = 0; done < MUCH; done += 65536) {
                size_t n = MIN((size_t)65536, MUCH - done);

                memcpy(buffer, bytes + done, n);
                ck_assert_int_eq(digest_lane_feed(l, buffer, n), 0);
                memset(buffer, 0, 65536);
        }
        ck_assert_int_eq(digest_lane_finish(l), 0);
        assert_digest_of(d, bytes, MUCH);
}
END_TEST

START_TEST(test_goes_on_after_finish)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        _cleanup_(digest_lane_freep) struct digest_lane *l = NULL;

        ck_assert_int_eq(digest_new(&d, false), 0);
        ck_assert_int_eq(digest_lane_new(&l, d), 0);
        ck_assert_int_eq(digest_lane_finish(l), 0);
        assert_digest_of(d, (const uint8_t *)"", 0);
        ck_assert_int_eq(digest_lane_feed(l, "ab", 2), 0);
        ck_assert_int_eq(digest_lane_finish(l), 0);
        assert_digest_of(d, (const uint8_t *)"ab", 2);
        ck_assert_int_eq(digest_lane_feed(l, "c", 1), 0);
        ck_assert_int_eq(digest_lane_feed(l, NULL, 0), 0);
        ck_assert_int_eq(digest_lane_finish(l), 0);
        assert_digest_of(d, (const uint8_t *)"abc", 3);
}
END_TEST

/* A check that ends early, at a read error, leaves bytes in the lane. */
START_TEST(test_freed_with_work_left)
{
        _cleanup_free_ uint8_t *bytes = bytes_make(MUCH);
        _cleanup_(digest_freep) struct digest *d = NULL;
        _cleanup_(digest_lane_freep) struct digest_lane *l = NULL;

        ck_assert_int_eq(digest_new(&d, true), 0);
        ck_assert_int_eq(digest_lane_new(&l, d), 0);
        ck_assert_int_eq(digest_lane_feed(l, bytes, MUCH), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("digest_lane");
        TCase *t = tcase_create("digest_lane");
        SRunner *runner;
        int failed;

        tcase_set_timeout(t, 60);
        tcase_add_test(t, test_pieces);
        tcase_add_test(t, test_buffer_used_again);
        tcase_add_test(t, test_goes_on_after_finish);
        tcase_add_test(t, test_freed_with_work_left);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
