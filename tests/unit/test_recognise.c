// SPDX-License-Identifier: LGPL-2.1-or-later
/* The pure rules by which devices, deleted entries and missing files are told: by interfaces, by name, by
 * number. */
#include "base/cleanup.h"
#include "rules/footage_name.h"
#include "rules/sequence_gap.h"
#include "rules/usb_kind.h"

#include <check.h>
#include <string.h>

static const struct {
        const char *interfaces;
        unsigned int kind;
} devices[] = {
                {"", 0},
                {":", 0},
                {":060101:", 0},
                {":ffff00:", 0},
                {":080650:", USB_KIND_DISK},
                {":080650:080662:", USB_KIND_DISK},
                {":080662:", USB_KIND_DISK},
                {":080250:", 0}, /* ATAPI commands: not what the driver speaks */
                {":080601:", 0},
                {":030101:", USB_KIND_INPUT},
                {":030000:", USB_KIND_INPUT},
                {":080650:030101:", USB_KIND_DISK | USB_KIND_INPUT},
                {":060101:020600:0a0000:", USB_KIND_NETWORK},
                {":e00103:", USB_KIND_NETWORK},
                {":0a0001:", USB_KIND_NETWORK},
                {":090000:", USB_KIND_HUB},
                {":0806:0806500:08065g:", 0},
                {"080650", USB_KIND_DISK},
};

START_TEST(test_kind_of_device)
{
        ck_assert_uint_eq(usb_kind_of(devices[_i].interfaces), devices[_i].kind);
}
END_TEST

static const struct {
        const char *serial, *name;
} serials[] = {
                {"CARD0001", "4255:1000:CARD0001"},
                {"a b  c", "4255:1000:a_b_c"},
                {"  x  ", "4255:1000:x"},
                {"../../etc/passwd", "4255:1000:.._.._etc_passwd"},
                {"/", "4255:1000:_"},
                {"$(reboot)`'\"*?", "4255:1000:__reboot______"},
                {"#+-.:=@_", "4255:1000:#+-.:=@_"},
                {"\\x2f", "4255:1000:\\x2f"},
                {"\\n", "4255:1000:_n"},
                {"", NULL},
                {"   ", NULL},
                {"a,b", NULL},
                {"a\nb", NULL},
                {"\xe4\xb8\xad", NULL},
};

START_TEST(test_name_of_known_recorder)
{
        char name[KNOWN_NAME_MAX];
        bool there = known_name(0x4255, 0x1000, serials[_i].serial, name);

        ck_assert_int_eq(there, serials[_i].name != NULL);
        if (there)
                ck_assert_str_eq(name, serials[_i].name);
}
END_TEST

START_TEST(test_serial_too_long_has_no_name)
{
        char serial[400], name[KNOWN_NAME_MAX];

        memset(serial, 'x', sizeof(serial) - 1);
        serial[sizeof(serial) - 1] = '\0';
        ck_assert(!known_name(0, 0, serial, name));
        serial[200] = '\0';
        ck_assert(known_name(0, 0, serial, name));
        ck_assert_uint_eq(strlen(name), 210);
}
END_TEST

static struct name_pattern *pattern(const char *name, const char *match)
{
        struct name_pattern *p = NULL;
        const char *error = "";

        ck_assert_msg(name_pattern_new(name, match, &p, &error) == 0, "%s", error);
        return p;
}

static const struct {
        const char *path;
        bool likely;
} names[] = {
                {"CARD/DCIM/a.mp4", true},
                {"CARD/DCIM/A.MP4", true},
                {"CARD/(deleted)/DCIM/_CAM0001.MOV", true},
                {"a.TS", true},
                {"CARD/mp4", false},
                {"CARD/.mp4/readme", false},
                {"CARD/settings.json", false},
                {"CARD/a.mp4.tmp", false},
                {"CARD/X0001", true},
                {"CARD/X001", false},
                {"CARD/X0001/b", false},
};

START_TEST(test_name_looks_like_footage)
{
        struct name_pattern *p = pattern("x", "^X(?<sequence>[0-9]{4})$");

        ck_assert_int_eq(footage_name_likely(&p, 1, names[_i].path), names[_i].likely);
        ck_assert(name_pattern_numbers(p));
        name_pattern_free(p);
        p = pattern("y", "^(?<date>[0-9]{8})$");
        ck_assert(!name_pattern_numbers(p));
        name_pattern_free(p);
}
END_TEST

/* Listed names, and those known from before after a '|'; what is missing as "first-last(before,after)". */
static const struct {
        const char *names, *gaps;
} sequences[] = {
                {"", ""},
                {"A0001", ""},
                {"A0001 A0002 A0003", ""},
                {"A0003 A0001", "2-2(2,1)"},
                {"A0001 A0002 A0006 A0008", "3-5(2,3) 7-7(3,4)"},
                {"A0001 A0001 A0002", ""},
                {"A0001 B0003", ""},       /* another pattern counts for itself */
                {"A0001 A00003", ""},      /* another counter, by its digits */
                {"A0001 A0003|A0002", ""}, /* filed at an earlier docking */
                {"A0001 A0004|A0002", "3-3(3,2)"},
                {"A0001 A0002|A0009", ""}, /* behind the listing */
                {"|A0001 A0009", ""},
                {"A9998 A9999 A0001 A0002", ""}, /* ran over */
                {"A0001 A5002", ""},
                {"A0001 A5001", "2-5000(1,2)"},
                {"A1 A3 A9", "2-2(1,2)"}, /* of ten numbers, five are half */
                {"C1 C3", ""},            /* no number in the pattern */
};

static void on_gap(void *userdata, const struct sequence_gap *gap)
{
        char *text = userdata;

        (void)snprintf(text + strlen(text), 128 - strlen(text), "%s%u-%u(%d,%d)", *text ? " " : "",
                       gap->first, gap->last, (int)gap->before, (int)gap->after);
}

START_TEST(test_missing_numbers)
{
        struct name_pattern *patterns[] = {
                        pattern("a", "^A(?<sequence>[0-9]+)$"),
                        pattern("b", "^B(?<sequence>[0-9]+)$"),
                        pattern("c", "^C[0-9]+$"),
        };
        _cleanup_free_ char *copy = strdup(sequences[_i].names);
        struct sequence_set *s = NULL;
        char text[128] = "", *earlier = strchr(copy, '|'), *save = NULL;
        int64_t key = 0;

        ck_assert_int_eq(sequence_set_new(&s), 0);
        if (earlier)
                *earlier = ' ';
        for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
                struct name_facts facts;

                name_pattern_apply(patterns, ELEMENTSOF(patterns), name, &facts);
                ck_assert_int_eq(sequence_set_add(s, &facts, ++key, !earlier || name < earlier), 0);
        }
        (void)sequence_set_gaps(s, 10, on_gap, text);
        ck_assert_str_eq(text, sequences[_i].gaps);
        sequence_set_free(s);
        for (size_t i = 0; i < ELEMENTSOF(patterns); i++)
                name_pattern_free(patterns[i]);
}
END_TEST

START_TEST(test_holes_told_are_bounded)
{
        struct name_facts facts = {.pattern = "a"};
        struct sequence_set *s = NULL;
        char text[128] = "";

        ck_assert_int_eq(sequence_set_new(&s), 0);
        for (int i = 0; i < 200; i += 2) {
                (void)snprintf(facts.sequence, sizeof(facts.sequence), "%04d", i);
                ck_assert_int_eq(sequence_set_add(s, &facts, i, true), 0);
        }
        ck_assert_uint_eq(sequence_set_gaps(s, 2, on_gap, text), 99);
        ck_assert_str_eq(text, "1-1(0,2) 3-3(2,4)");
        sequence_set_free(s);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("recognise");
        TCase *t = tcase_create("recognise");

        tcase_add_loop_test(t, test_kind_of_device, 0, (int)ELEMENTSOF(devices));
        tcase_add_loop_test(t, test_name_of_known_recorder, 0, (int)ELEMENTSOF(serials));
        tcase_add_test(t, test_serial_too_long_has_no_name);
        tcase_add_loop_test(t, test_name_looks_like_footage, 0, (int)ELEMENTSOF(names));
        tcase_add_loop_test(t, test_missing_numbers, 0, (int)ELEMENTSOF(sequences));
        tcase_add_test(t, test_holes_told_are_bounded);
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
