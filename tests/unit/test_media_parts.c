// SPDX-License-Identifier: LGPL-2.1-or-later
/* The parts of the container check that work on memory: NAL units, zero runs, findings, times, words. */
#include "base/cleanup.h"
#include "media/exif.h"
#include "media/findings.h"
#include "media/media_time.h"
#include "media/nal_walk.h"
#include "media/ts_walk.h"
#include "media/verdict.h"
#include "media/zero_scan.h"

#include <check.h>
#include <string.h>

static const struct nal_framing avcc = {.codec = NAL_H264, .length_size = 4};
static const struct nal_framing hvcc = {.codec = NAL_H265, .length_size = 4};
static const struct nal_framing annex_b = {.codec = NAL_H264};

static struct nal_stats walk(const struct nal_framing *framing, const void *data, size_t size)
{
        struct nal_stats stats = {0};

        nal_walk_packet(framing, data, size, &stats);
        return stats;
}

START_TEST(nal_lengths_add_up)
{
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\2\x65\x88\0\0\0\2\x41\x9a", 12).broken, 0);
        /* A unit longer than its packet, and one that leaves bytes over. */
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\3\x65\x88", 6).broken, 1);
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\1\x65\x88", 6).broken, 1);
        ck_assert_uint_eq(walk(&avcc, "\xff\xff\xff\xff\x65\x88", 6).broken, 1);
        /* Zeros behind the last unit are padding. */
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\1\x65\0\0\0\0\0\0", 11).broken, 0);
}
END_TEST

START_TEST(nal_header_bits)
{
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\1\xe5", 5).broken, 1);   /* forbidden_zero_bit */
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\1\x60", 5).unlawful, 1); /* type 0 */
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\1\x05", 5).unlawful, 1); /* IDR that is no reference */
        ck_assert_uint_eq(walk(&avcc, "\0\0\0\1\x66", 5).unlawful, 1); /* SEI that is one */
        ck_assert_uint_eq(walk(&hvcc, "\0\0\0\2\x26\x01", 6).unlawful, 0);
        ck_assert_uint_eq(walk(&hvcc, "\0\0\0\2\x26\x00", 6).broken, 1); /* temporal id plus 1 is 0 */
        ck_assert_uint_eq(walk(&hvcc, "\0\0\0\2\x2c\x01", 6).unlawful, 1);
}
END_TEST

START_TEST(nal_zero_run)
{
        uint8_t packet[4 + 200] = {0, 0, 0, 200, 0x65};

        memset(packet + 5, 0xaa, sizeof(packet) - 5);
        ck_assert_uint_eq(walk(&avcc, packet, sizeof(packet)).broken, 0);
        memset(packet + 50, 0, 40);
        ck_assert_uint_eq(walk(&avcc, packet, sizeof(packet)).broken, 1);
        /* To the unit's end it is padding. */
        memset(packet + 50, 0, sizeof(packet) - 50);
        ck_assert_uint_eq(walk(&avcc, packet, sizeof(packet)).broken, 0);
}
END_TEST

START_TEST(nal_start_codes)
{
        ck_assert_uint_eq(walk(&annex_b, "\0\0\0\1\x67\x42\0\0\1\x65\x88", 11).broken, 0);
        ck_assert_uint_eq(walk(&annex_b, "\0\0\0\1\x67\x42\0\0\1\xe5\x88", 11).broken, 1);
        ck_assert_uint_eq(walk(&annex_b, "\0\0\0\1", 4).broken, 0);
        ck_assert_uint_eq(walk(&annex_b, "", 0).broken, 0);
}
END_TEST

START_TEST(nal_habit_is_no_damage)
{
        struct nal_stats stats = {.packets = 100, .unlawful = 100};

        ck_assert(!nal_stats_damaged(&stats));
        stats.unlawful = 3;
        ck_assert(nal_stats_damaged(&stats));
        stats.unlawful = 0;
        ck_assert(!nal_stats_damaged(&stats));
        stats.broken = 1;
        ck_assert(nal_stats_damaged(&stats));
}
END_TEST

START_TEST(nal_framing_from_records)
{
        const uint8_t avcc_record[] = {1, 0x64, 0, 0x1e, 0xff, 0xe1, 0};
        uint8_t hvcc_record[23] = {1};

        ck_assert_uint_eq(nal_framing_from_extradata(NAL_H264, avcc_record, sizeof(avcc_record)).length_size,
                          4);
        ck_assert_uint_eq(nal_framing_from_extradata(NAL_H264, (const uint8_t *)"\0\0\0\1\x67\x42\0", 7)
                                          .length_size,
                          0);
        hvcc_record[21] = 1;
        ck_assert_uint_eq(nal_framing_from_extradata(NAL_H265, hvcc_record, sizeof(hvcc_record)).length_size,
                          2);
        ck_assert_uint_eq(nal_framing_from_extradata(NAL_H264, NULL, 0).length_size, 0);
}
END_TEST

/* Packets of one stream whose counters are given; a frozen one is some recorders' habit, a jump is a loss.
 */
START_TEST(ts_counters)
{
        static const struct {
                uint8_t counters[12];
                bool lost;
        } cases[] = {
                        {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, false},
                        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
                        {{0, 1, 2, 3, 9, 10, 11, 12, 13, 14, 15, 0}, true},
                        {{0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, false},
                        {{0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9}, true},
        };
        static struct ts_walk w;
        struct findings f = {0};
        uint8_t packet[TS_PACKET_SIZE] = {0x47, 1, 0};

        ts_walk_init(&w, 0, TS_PACKET_SIZE);
        for (size_t i = 0; i < 12; i++) {
                packet[3] = 0x10 | cases[_i].counters[i];
                ck_assert_int_eq(ts_walk_feed(&w, (int64_t)(i * TS_PACKET_SIZE), packet, sizeof(packet)), 0);
        }
        ts_walk_report(&w, &f);
        ck_assert_int_eq(findings_have(&f, FINDING_TS_CONTINUITY), cases[_i].lost);
}
END_TEST

START_TEST(zeros_are_found_and_confirmed)
{
        static uint8_t data[16 * ZERO_SECTOR_SIZE];
        struct zero_scan z = {0};
        struct findings f = {0};
        char text[128];

        memset(data, 0x55, sizeof(data));
        memset(data + 2 * ZERO_SECTOR_SIZE, 0, 3 * ZERO_SECTOR_SIZE);
        memset(data + 10 * ZERO_SECTOR_SIZE, 0, ZERO_SECTOR_SIZE);
        ck_assert_int_eq(zero_scan_feed(&z, 1 << 20, data, sizeof(data)), 0);
        ck_assert_uint_eq(z.n_runs, 2);
        zero_scan_report(&z, &f);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_COMPLETE); /* zeros alone prove nothing */
        zero_scan_confirm(&z, (1 << 20) + 4 * ZERO_SECTOR_SIZE, 4 * ZERO_SECTOR_SIZE);
        zero_scan_report(&z, &f);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_DAMAGED);
        ck_assert_str_eq(findings_text(&f, text, sizeof(text)), "zero-sectors@1049600+1536");
        zero_scan_done(&z);
}
END_TEST

START_TEST(zero_run_over_two_blocks)
{
        static const uint8_t zeros[2 * ZERO_SECTOR_SIZE];
        struct zero_scan z = {0};

        ck_assert_int_eq(zero_scan_feed(&z, 0, zeros, sizeof(zeros)), 0);
        ck_assert_int_eq(zero_scan_feed(&z, sizeof(zeros), zeros, sizeof(zeros)), 0);
        ck_assert_uint_eq(z.n_runs, 1);
        ck_assert_int_eq(z.runs[0].size, 2 * sizeof(zeros));
        /* Less than ZERO_OVERLAP_MIN shared bytes are the end of a padded frame. */
        zero_scan_confirm(&z, 4 * ZERO_SECTOR_SIZE - ZERO_OVERLAP_MIN + 1, 4096);
        ck_assert(!z.runs[0].confirmed);
        zero_scan_done(&z);
}
END_TEST

START_TEST(findings_precedence)
{
        struct findings f = {0};
        char text[128], small[12];

        findings_add(&f, FINDING_SHORT_DURATION);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_TRUNCATED);
        findings_add(&f, FINDING_BAD_NAL);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_DAMAGED);
        findings_add(&f, FINDING_OPEN_FAILED);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_UNREADABLE);
        findings_add(&f, FINDING_NO_MOOV);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_TRUNCATED);
        findings_add(&f, FINDING_PROTECTED);
        ck_assert_int_eq(findings_verdict(&f), VERDICT_ENCRYPTED);
        ck_assert_str_eq(findings_text(&f, text, sizeof(text)),
                         "protected,no-moov,open-failed,bad-nal,short-duration");
        ck_assert_str_eq(findings_text(&f, small, sizeof(small)), "protected"); /* whole words only */
}
END_TEST

START_TEST(every_finding_has_a_word)
{
        for (enum finding i = 0; i < _FINDING_MAX; i++)
                ck_assert_ptr_nonnull(finding_text(i));
}
END_TEST

START_TEST(verdict_words)
{
        enum media_verdict v;

        for (enum media_verdict i = VERDICT_UNKNOWN; i < _VERDICT_MAX; i++) {
                ck_assert_int_eq(media_verdict_from_text(media_verdict_text(i), &v), 0);
                ck_assert_int_eq(v, i);
        }
        v = VERDICT_DAMAGED;
        ck_assert_int_eq(media_verdict_from_text("fine", &v), -EINVAL);
        ck_assert_int_eq(v, VERDICT_DAMAGED);
        ck_assert_str_eq(media_verdict_text(_VERDICT_MAX), "unknown");
        ck_assert_str_eq(media_kind_text(MEDIA_PHOTO), "photo");
}
END_TEST

START_TEST(container_times)
{
        instant_t t;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        ck_assert_int_eq(media_time_parse("2026-11-01T00:00:00.000000Z", &t), 0);
        ck_assert_int_eq(t, INT64_C(1793491200) * USEC_PER_SEC);
        ck_assert_int_eq(media_time_parse("2026-11-01T08:00:00+0800", &t), 0);
        ck_assert_int_eq(t, INT64_C(1793491200) * USEC_PER_SEC);
        ck_assert_int_eq(media_time_parse("2026:11:01 08:00:00", &t), 0); /* local */
        ck_assert_int_eq(t, INT64_C(1793491200) * USEC_PER_SEC);
        ck_assert_int_eq(media_time_parse("2026-11-01 08:00:00", &t), 0);
        ck_assert_int_eq(t, INT64_C(1793491200) * USEC_PER_SEC);
}
END_TEST

START_TEST(container_times_refused)
{
        static const char *const bad[] = {
                        "",
                        "2026",
                        "2026-13-01T00:00:00Z",
                        "2026-11-31 00:00:00",
                        "0000:00:00 00:00:00",
                        "2026-11-01T00:00:00+99:00",
                        "2026-11-01T00:00:00 trailing",
                        "not a time at all",
        };
        instant_t t = 7;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(media_time_parse(bad[i], &t), -EINVAL);
        ck_assert_int_eq(t, 7);
}
END_TEST

/* A TIFF structure of IFD0 -> Exif IFD -> DateTimeOriginal, big-endian. */
static const uint8_t exif[] = {
                'M', 'M', 0,   '*', 0,   0,   0,   8,   0,   1,   0x87, 0x69, 0,    4,    0,   0,
                0,   1,   0,   0,   0,   26,  0,   0,   0,   0,   0,    1,    0x90, 0x03, 0,   2,
                0,   0,   0,   20,  0,   0,   0,   44,  0,   0,   0,    0,    '2',  '0',  '2', '6',
                ':', '1', '1', ':', '0', '1', ' ', '0', '8', ':', '0',  '0',  ':',  '0',  '0', 0,
};

START_TEST(exif_time)
{
        instant_t t;

        ck_assert_int_eq(zone_set("Asia/Shanghai"), 0);
        ck_assert_int_eq(exif_time_original(exif, sizeof(exif), &t), 0);
        ck_assert_int_eq(t, INT64_C(1793491200) * USEC_PER_SEC);
}
END_TEST

START_TEST(exif_cut_anywhere)
{
        instant_t t;

        /* Every prefix in memory of exactly its size: reading beyond it is for the sanitizer to see. */
        for (size_t size = 0; size < sizeof(exif) - 1; size++) {
                _cleanup_free_ uint8_t *copy = malloc(size + 1);

                ck_assert_ptr_nonnull(copy);
                memcpy(copy, exif, size);
                ck_assert_int_lt(exif_time_original(copy, size, &t), 0);
        }
}
END_TEST

static Suite *suite_new(void)
{
        Suite *s = suite_create("media_parts");
        TCase *t = tcase_create("parts");

        tcase_add_test(t, nal_lengths_add_up);
        tcase_add_test(t, nal_header_bits);
        tcase_add_test(t, nal_zero_run);
        tcase_add_test(t, nal_start_codes);
        tcase_add_test(t, nal_habit_is_no_damage);
        tcase_add_test(t, nal_framing_from_records);
        tcase_add_loop_test(t, ts_counters, 0, 5);
        tcase_add_test(t, zeros_are_found_and_confirmed);
        tcase_add_test(t, zero_run_over_two_blocks);
        tcase_add_test(t, findings_precedence);
        tcase_add_test(t, every_finding_has_a_word);
        tcase_add_test(t, verdict_words);
        tcase_add_test(t, container_times);
        tcase_add_test(t, container_times_refused);
        tcase_add_test(t, exif_time);
        tcase_add_test(t, exif_cut_anywhere);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        SRunner *runner = srunner_create(suite_new());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
