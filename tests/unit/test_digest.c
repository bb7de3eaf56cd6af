// SPDX-License-Identifier: LGPL-2.1-or-later
/* Digests against the examples of their standards: FIPS 180-4 and GB/T 32905-2016, appendix A. */
#include "base/digest.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <check.h>
#include <string.h>

DEFINE_CLEANUP(struct digest *, digest_free);

#define SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SM3_ABC      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
#define SM3_ABCD16   "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"

static void assert_hex(const uint8_t bytes[DIGEST_SIZE], const char *expected)
{
        char hex[DIGEST_HEX_SIZE];

        ck_assert_str_eq(text_hex(bytes, DIGEST_SIZE, hex), expected);
}

START_TEST(test_examples)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        struct digest_values v;

        ck_assert_int_eq(digest_new(&d, true), 0);
        ck_assert_int_eq(digest_peek(d, &v), 0);
        assert_hex(v.sha256, SHA256_EMPTY);
        ck_assert_int_eq(digest_update(d, "abc", 3), 0);
        ck_assert_int_eq(digest_peek(d, &v), 0);
        assert_hex(v.sha256, SHA256_ABC);
        assert_hex(v.sm3, SM3_ABC);
        ck_assert_uint_eq(v.has_sm3, 1);
}
END_TEST

/* A peek disturbs nothing, and how the bytes were cut does not matter. */
START_TEST(test_peek_and_go_on)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        struct digest_values v;

        ck_assert_int_eq(digest_new(&d, true), 0);
        for (int i = 0; i < 64; i++) {
                ck_assert_int_eq(digest_update(d, &"abcd"[i % 4], 1), 0);
                ck_assert_int_eq(digest_peek(d, &v), 0);
        }
        assert_hex(v.sm3, SM3_ABCD16);
        ck_assert_int_eq(digest_update(d, NULL, 0), 0);
        ck_assert_int_eq(digest_peek(d, &v), 0);
        assert_hex(v.sm3, SM3_ABCD16);
}
END_TEST

/* FIPS 180-4's example; what is not computed is not given. */
START_TEST(test_sha512)
{
        static const char *const abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        _cleanup_(digest_freep) struct digest *d = NULL;
        uint8_t found[SHA512_SIZE], once[SHA512_SIZE];
        struct digest_values v;
        char hex[2 * SHA512_SIZE + 1];

        ck_assert_int_eq(digest_new(&d, false), 0);
        ck_assert_int_eq(digest_peek_sha512(d, found), -EINVAL);
        ck_assert_int_eq(digest_add_sha512(d), 0);
        ck_assert_int_eq(digest_update(d, "abc", 3), 0);
        ck_assert_int_eq(digest_peek_sha512(d, found), 0);
        ck_assert_str_eq(text_hex(found, SHA512_SIZE, hex), abc);
        ck_assert_int_eq(digest_sha512("abc", 3, once), 0);
        ck_assert_mem_eq(found, once, SHA512_SIZE);
        ck_assert_int_eq(digest_peek(d, &v), 0);
        assert_hex(v.sha256, SHA256_ABC);
}
END_TEST

START_TEST(test_without_sm3)
{
        static const uint8_t zero[DIGEST_SIZE];
        _cleanup_(digest_freep) struct digest *d = NULL;
        struct digest_values v;
        uint8_t once[DIGEST_SIZE];

        ck_assert_int_eq(digest_new(&d, false), 0);
        ck_assert_int_eq(digest_update(d, "abc", 3), 0);
        memset(&v, 0xff, sizeof(v));
        ck_assert_int_eq(digest_peek(d, &v), 0);
        ck_assert_mem_eq(v.sm3, zero, DIGEST_SIZE);
        ck_assert_uint_eq(v.has_sm3, 0);
        ck_assert_int_eq(digest_sha256("abc", 3, once), 0);
        ck_assert_mem_eq(v.sha256, once, DIGEST_SIZE);
}
END_TEST

START_TEST(test_equal)
{
        struct digest_values a = {.has_sm3 = 1}, b = {.has_sm3 = 1};

        ck_assert(digest_equal(&a, &b));
        b.sm3[31] = 1;
        ck_assert(!digest_equal(&a, &b));
        b.has_sm3 = 0; /* only one has it: nothing to compare */
        ck_assert(digest_equal(&a, &b));
        b.sha256[31] = 1;
        ck_assert(!digest_equal(&a, &b));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("digest");
        TCase *t = tcase_create("digest");
        SRunner *runner;
        int failed;

        tcase_add_test(t, test_examples);
        tcase_add_test(t, test_peek_and_go_on);
        tcase_add_test(t, test_sha512);
        tcase_add_test(t, test_without_sm3);
        tcase_add_test(t, test_equal);
        suite_add_tcase(s, t);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
