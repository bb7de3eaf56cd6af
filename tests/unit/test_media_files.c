// SPDX-License-Identifier: LGPL-2.1-or-later
/* The container check and its reader on files in memory, most of them written by nobody honest. */
#include "base/cleanup.h"
#include "media/media_check.h"
#include "media/media_reader.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>

DEFINE_CLEANUP(struct media_reader *, media_reader_free);
DEFINE_CLEANUP(struct digest *, digest_free);
DEFINE_CLEANUP(struct digest_lane *, digest_lane_free);

static int memory_file(const void *data, size_t size)
{
        int fd = memfd_create("medium", MFD_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
        return fd;
}

static struct media_report check_bytes(const char *name, const void *data, size_t size)
{
        _cleanup_close_ int fd = memory_file(data, size);
        struct media_source source = {.fd = fd, .size = (int64_t)size, .name = name};
        struct media_report report;

        ck_assert_int_eq(media_check(&source, &report), 0);
        return report;
}

static enum media_verdict verdict_of(const char *name, const void *data, size_t size)
{
        return check_bytes(name, data, size).verdict;
}

/* A box of 'size' with a four-letter type. Returns the place behind its header. */
static uint8_t *box_put(uint8_t *p, uint32_t size, const char *type)
{
        for (int i = 0; i < 4; i++)
                p[i] = (uint8_t)(size >> (24 - 8 * i));
        memcpy(p + 4, type, 4);
        return p + 8;
}

struct order {
        int64_t next;
        int64_t stop_at; /* a sink's own error from here on, -1: none */
};

static int order_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        struct order *o = userdata;

        ck_assert_int_eq(offset, o->next);
        for (size_t i = 0; i < size; i += 4096)
                ck_assert_uint_eq(data[i], (uint8_t)((offset + (int64_t)i) / 4096));
        o->next += (int64_t)size;
        return o->stop_at >= 0 && o->next > o->stop_at ? -ENOSPC : 0;
}

#define LARGE ((MEDIA_WINDOW_SLOTS + 8) * (int64_t)MEDIA_BLOCK_SIZE + 1234)

static int numbered_file(int64_t size)
{
        _cleanup_free_ uint8_t *data = calloc(1, (size_t)size);

        ck_assert_ptr_nonnull(data);
        for (int64_t i = 0; i < size; i += 4096)
                data[i] = (uint8_t)(i / 4096);
        return memory_file(data, (size_t)size);
}

START_TEST(reader_feeds_in_order_once)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        _cleanup_close_ int fd = numbered_file(LARGE);
        struct order order = {.stop_at = -1};
        uint8_t byte;

        ck_assert_int_eq(media_reader_new(&reader, fd, LARGE, 0), 0);
        ck_assert_int_eq(media_reader_add_sink(reader, order_feed, &order), 0);
        ck_assert_int_eq(media_reader_peek_all(reader, 5 * MEDIA_BLOCK_SIZE, &byte, 1), 0);
        ck_assert_int_eq(order.next, 0); /* looking does not move the front */
        ck_assert_int_eq(media_reader_advance(reader, 1), 0);
        ck_assert_int_eq(order.next, MEDIA_BLOCK_SIZE);
        ck_assert_int_eq(media_reader_add_sink(reader, order_feed, &order), -EBUSY);
        ck_assert_int_eq(media_reader_drain(reader), 0);
        ck_assert_int_eq(order.next, LARGE);
        ck_assert_int_eq(media_reader_disk_bytes(reader), LARGE); /* the block looked at first was kept */
        ck_assert_int_eq(media_reader_peek_all(reader, 0, &byte, 1), 0);
        ck_assert_int_gt(media_reader_disk_bytes(reader), LARGE); /* that one had been pushed out */
}
END_TEST

START_TEST(reader_ends_of_file)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        _cleanup_close_ int fd = memory_file("abcdef", 6);
        char buf[8];

        ck_assert_int_eq(media_reader_new(&reader, fd, -1, 0), -EINVAL);
        ck_assert_int_eq(media_reader_new(&reader, fd, 6, 0), 0);
        ck_assert_int_eq(media_reader_peek(reader, 4, buf, sizeof(buf)), 2);
        ck_assert_int_eq(media_reader_peek(reader, 6, buf, sizeof(buf)), 0);
        ck_assert_int_eq(media_reader_peek(reader, INT64_MAX, buf, sizeof(buf)), 0);
        ck_assert_int_eq(media_reader_peek(reader, -1, buf, sizeof(buf)), -EINVAL);
        ck_assert_int_eq(media_reader_peek_all(reader, 4, buf, 3), -ENODATA);
}
END_TEST

START_TEST(reader_file_shorter_than_said)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        _cleanup_close_ int fd = memory_file("abcdef", 6);

        ck_assert_int_eq(media_reader_new(&reader, fd, 7, 0), 0);
        ck_assert_int_eq(media_reader_drain(reader), -EIO);
        ck_assert_int_eq(media_reader_error(reader), -EIO);
}
END_TEST

START_TEST(reader_keeps_errors)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        _cleanup_close_ int fd = numbered_file(3 * MEDIA_BLOCK_SIZE);
        struct order order = {.stop_at = MEDIA_BLOCK_SIZE};

        ck_assert_int_eq(media_reader_new(&reader, fd, 3 * MEDIA_BLOCK_SIZE, 0), 0);
        ck_assert_int_eq(media_reader_add_sink(reader, order_feed, &order), 0);
        ck_assert_int_eq(media_reader_drain(reader), -ENOSPC);
        ck_assert_int_eq(media_reader_drain(reader), -ENOSPC);
        ck_assert_int_eq(order.next, 2 * MEDIA_BLOCK_SIZE);
}
END_TEST

START_TEST(reader_past_deadline)
{
        _cleanup_(digest_freep) struct digest *digest = NULL;
        _cleanup_close_ int fd = numbered_file(3 * MEDIA_BLOCK_SIZE);
        struct media_source source = {.fd = fd,
                                      .size = 3 * (int64_t)MEDIA_BLOCK_SIZE,
                                      .name = "x.mp4",
                                      .deadline = clock_monotonic() - 1};
        struct media_report report;

        ck_assert_int_eq(digest_new(&digest, false), 0);
        source.digest = digest; /* which has not seen the whole file, and must not pass for its digest */
        ck_assert_int_eq(media_check(&source, &report), 0);
        ck_assert_int_eq(report.verdict, VERDICT_UNREADABLE);
        ck_assert(findings_have(&report.findings, FINDING_TIMED_OUT));
        ck_assert(!report.digested);
}
END_TEST

/* On a thread of its own it is the same digest, of the whole file when the check is over. */
START_TEST(digest_of_its_own_thread)
{
        _cleanup_(digest_freep) struct digest *alone = NULL, *digest = NULL;
        _cleanup_(digest_lane_freep) struct digest_lane *lane = NULL;
        _cleanup_close_ int fd = numbered_file(11 * MEDIA_BLOCK_SIZE + 5);
        struct media_source source = {.fd = fd, .size = 11 * (int64_t)MEDIA_BLOCK_SIZE + 5, .name = "x.mp4"};
        struct digest_values values, expected;
        struct media_report report;

        ck_assert_int_eq(digest_new(&alone, false), 0);
        source.digest = alone;
        ck_assert_int_eq(media_check(&source, &report), 0);
        ck_assert_int_eq(digest_peek(alone, &expected), 0);
        ck_assert_int_eq(digest_new(&digest, false), 0);
        ck_assert_int_eq(digest_lane_new(&lane, digest), 0);
        source.digest = digest;
        source.lane = lane;
        ck_assert_int_eq(media_check(&source, &report), 0);
        ck_assert(report.digested);
        ck_assert_int_eq(digest_peek(digest, &values), 0);
        ck_assert(digest_equal(&values, &expected));
}
END_TEST

START_TEST(digest_is_of_the_whole_file)
{
        static const char text[] = "no medium at all";
        _cleanup_(digest_freep) struct digest *digest = NULL;
        _cleanup_close_ int fd = memory_file(text, sizeof(text));
        struct media_source source = {.fd = fd, .size = sizeof(text), .name = "a.txt"};
        struct digest_values values, expected = {0};
        struct media_report report;

        ck_assert_int_eq(digest_new(&digest, false), 0);
        source.digest = digest;
        ck_assert_int_eq(media_check(&source, &report), 0);
        ck_assert_int_eq(report.verdict, VERDICT_NOT_MEDIA);
        ck_assert(report.digested);
        ck_assert_int_eq(digest_peek(digest, &values), 0);
        ck_assert_int_eq(digest_sha256(text, sizeof(text), expected.sha256), 0);
        ck_assert(digest_equal(&values, &expected));
}
END_TEST

START_TEST(names_decide_what_unknown_bytes_mean)
{
        static uint8_t zeros[8192], noise[65536];
        uint32_t state = 1;

        for (size_t i = 0; i < sizeof(noise); i++) {
                state = state * 1664525 + 1013904223;
                noise[i] = (uint8_t)(state >> 24);
        }
        ck_assert_int_eq(verdict_of("a.mp4", "", 0), VERDICT_TRUNCATED);
        ck_assert_int_eq(verdict_of("a.txt", "", 0), VERDICT_NOT_MEDIA);
        ck_assert_int_eq(verdict_of("a.MP4", noise, sizeof(noise)), VERDICT_ENCRYPTED);
        ck_assert_int_eq(verdict_of("a.bin", noise, sizeof(noise)), VERDICT_NOT_MEDIA);
        ck_assert_int_eq(verdict_of("a.mp4", zeros, sizeof(zeros)), VERDICT_UNREADABLE);
        ck_assert_int_eq(verdict_of("a.jpg", "hello", 5), VERDICT_UNREADABLE);
}
END_TEST

START_TEST(boxes_that_lie)
{
        uint8_t data[256] = {0};
        uint8_t *p = box_put(data, 16, "ftyp");

        memcpy(p, "isom", 4);
        (void)box_put(data + 16, 0xfffffff0, "moov");
        ck_assert_int_eq(verdict_of("a.mp4", data, sizeof(data)), VERDICT_TRUNCATED);
        /* 64-bit size of all ones. */
        p = box_put(data + 16, 1, "mdat");
        memset(p, 0xff, 8);
        ck_assert_int_ne(verdict_of("a.mp4", data, sizeof(data)), VERDICT_COMPLETE);
        /* A size smaller than the header. */
        (void)box_put(data + 16, 7, "moov");
        ck_assert_int_ne(verdict_of("a.mp4", data, sizeof(data)), VERDICT_COMPLETE);
}
END_TEST

START_TEST(boxes_nested_without_end)
{
        enum { DEPTH = 1000 };
        static uint8_t data[16 + 8 * DEPTH];
        struct media_report report;

        (void)box_put(data, 16, "ftyp");
        (void)box_put(data + 16, 8 * DEPTH, "moov");
        for (uint32_t i = 1; i < DEPTH; i++)
                (void)box_put(data + 16 + (size_t)8 * i, 8 * (DEPTH - i), "stbl");
        report = check_bytes("a.mp4", data, sizeof(data));
        ck_assert(findings_have(&report.findings, FINDING_BAD_STRUCTURE));
}
END_TEST

START_TEST(sample_table_counts_that_lie)
{
        uint8_t data[256] = {0}, *p;
        struct media_report report;

        (void)box_put(data, 16, "ftyp");
        (void)box_put(data + 16, 200, "moov");
        (void)box_put(data + 24, 192, "trak");
        (void)box_put(data + 32, 184, "mdia");
        (void)box_put(data + 40, 176, "minf");
        (void)box_put(data + 48, 168, "stbl");
        p = box_put(data + 56, 24, "stco");
        memset(p + 4, 0xff, 12); /* four thousand million chunks in a box of 24 bytes */
        p = box_put(data + 80, 20, "stsz");
        memset(p + 4, 0xff, 8);
        (void)box_put(data + 100, 116, "free");
        (void)box_put(data + 216, 40, "mdat");
        report = check_bytes("a.mp4", data, sizeof(data));
        ck_assert(findings_have(&report.findings, FINDING_BAD_STRUCTURE));
        ck_assert_int_ne(report.verdict, VERDICT_COMPLETE);
}
END_TEST

START_TEST(jpeg_without_end)
{
        static const uint8_t head[] = {0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff};
        static const uint8_t nothing[] = {0xff, 0xd8, 0xff, 0xd9};
        static const uint8_t scan[] = {0xff, 0xd8, 0xff, 0xda, 0, 2, 0x12, 0x34, 0xff, 0, 0x56, 0xff, 0xd9};

        ck_assert_int_eq(verdict_of("a.jpg", head, sizeof(head)), VERDICT_TRUNCATED);
        ck_assert_int_eq(verdict_of("a.jpg", nothing, sizeof(nothing)), VERDICT_UNREADABLE);
        ck_assert_int_eq(verdict_of("a.jpg", scan, sizeof(scan)), VERDICT_COMPLETE);
        ck_assert_int_eq(verdict_of("a.jpg", scan, sizeof(scan) - 1), VERDICT_TRUNCATED);
        ck_assert_int_eq(verdict_of("a.jpg", scan, sizeof(scan) - 2), VERDICT_TRUNCATED);
}
END_TEST

/* A literal with its length: headers have zeros in them. */
#define HEAD(name, bytes)                      \
        {                                      \
                name, bytes, sizeof(bytes) - 1 \
        }

START_TEST(every_prefix_of_a_header_ends)
{
        static const struct {
                const char *name;
                const char *bytes;
                size_t size;
        } heads[] = {
                        HEAD("a.avi", "RIFF\x40\0\0\0AVI LIST\x20\0\0\0hdrlavih\x38\0\0\0\0\0\0\0"),
                        HEAD("a.wav",
                             "RIFF\x40\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0data\xff\xff\xff\x7f"),
                        HEAD("a.mkv", "\x1a\x45\xdf\xa3\x84\x42\x86\x81\1\x18\x53\x80\x67\x01\xff\xff\xff"
                                      "\xff\xff\xff\xff"
                                      "\x1f\x43"),
                        HEAD("a.png", "\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"),
                        HEAD("a.mpg", "\0\0\1\xba\x44\0\4\0\4\1\0\0\3\xf8\0\0\1\xe0\xff\xff"),
                        HEAD("a.mp3", "ID3\4\0\0\x7f\x7f\x7f\x7f\xff\xfb\x90\x64"),
        };

        for (size_t i = 0; i < ELEMENTSOF(heads); i++)
                for (size_t size = 1; size <= heads[i].size; size++)
                        ck_assert_int_ne(verdict_of(heads[i].name, heads[i].bytes, size), VERDICT_COMPLETE);
}
END_TEST

static Suite *suite_new(void)
{
        Suite *s = suite_create("media_files");
        TCase *t = tcase_create("files");

        tcase_add_test(t, reader_feeds_in_order_once);
        tcase_add_test(t, reader_ends_of_file);
        tcase_add_test(t, reader_file_shorter_than_said);
        tcase_add_test(t, reader_keeps_errors);
        tcase_add_test(t, reader_past_deadline);
        tcase_add_test(t, digest_is_of_the_whole_file);
        tcase_add_test(t, digest_of_its_own_thread);
        tcase_add_test(t, names_decide_what_unknown_bytes_mean);
        tcase_add_test(t, boxes_that_lie);
        tcase_add_test(t, boxes_nested_without_end);
        tcase_add_test(t, sample_table_counts_that_lie);
        tcase_add_test(t, jpeg_without_end);
        tcase_add_test(t, every_prefix_of_a_header_ends);
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
