// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Puts the looks together. The order matters: sinks are attached before the front moves; the demuxer moves
 * it, following the file; draining moves it to the end whatever the demuxer thought of the file; what needs
 * the whole file comes last. Invariant: whenever 0 is returned without timed-out, the digest has seen every
 * byte.
 */
#include "media/media_check.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "media/box_walk.h"
#include "media/demux_walk.h"
#include "media/jpeg_walk.h"
#include "media/matroska_walk.h"
#include "media/media_format.h"
#include "media/media_reader.h"
#include "media/png_walk.h"
#include "media/riff_walk.h"
#include "media/ts_walk.h"
#include "media/zero_scan.h"

#include <string.h>

DEFINE_CLEANUP(struct media_reader *, media_reader_free);

struct check {
        struct media_reader *reader;
        struct media_head head;
        struct zero_scan zeros;
        struct findings findings;
        struct demux_facts facts;
        struct jpeg_picture picture;
        union {
                struct box_walk box;
                struct matroska_walk matroska;
                struct ts_walk ts;
        } walk;
        bool mvhd_seen; /* an MP4 movie header somewhere in a file whose own header is unknown */
};

static int digest_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        (void)offset;
        return digest_update(userdata, data, size);
}

static int lane_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        (void)offset;
        return digest_lane_feed(userdata, data, size);
}

/* A file that begins with rubbish, but holds an MP4's index, has lost its head and is not encrypted. */
static int index_search(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        struct check *c = userdata;

        (void)offset;
        c->mvhd_seen = c->mvhd_seen || memmem(data, size, "lmvhd", 5);
        return 0;
}

static int sinks_attach(struct check *c)
{
        struct media_reader *reader = c->reader;
        int r = 0;

        switch (c->head.format) {
        case FORMAT_MP4:
                box_walk_init(&c->walk.box, reader, &c->findings);
                r = media_reader_add_sink(reader, box_walk_feed, &c->walk.box);
                break;
        case FORMAT_MATROSKA:
                matroska_walk_init(&c->walk.matroska, reader, &c->findings);
                r = media_reader_add_sink(reader, matroska_walk_feed, &c->walk.matroska);
                break;
        case FORMAT_MPEG_TS:
                ts_walk_init(&c->walk.ts, c->head.ts_start, c->head.ts_stride);
                r = media_reader_add_sink(reader, ts_walk_feed, &c->walk.ts);
                break;
        case FORMAT_UNKNOWN:
                r = media_reader_add_sink(reader, index_search, c);
                break;
        default:
                break;
        }
        return r < 0 ? r : media_reader_add_sink(reader, zero_scan_feed, &c->zeros);
}

/* The walks that need the whole file, or have waited for its end. */
static int walks_finish(struct check *c)
{
        switch (c->head.format) {
        case FORMAT_MP4:
                box_walk_finish(&c->walk.box);
                return 0;
        case FORMAT_MATROSKA:
                matroska_walk_finish(&c->walk.matroska);
                return 0;
        case FORMAT_MPEG_TS:
                ts_walk_report(&c->walk.ts, &c->findings);
                /* Two sync bytes lie in every 512 bytes, so zeros are damage wherever they are. */
                zero_scan_confirm(&c->zeros, 0, media_reader_size(c->reader));
                return 0;
        case FORMAT_AVI:
                return riff_walk_avi(c->reader, &c->findings);
        case FORMAT_WAV:
                return riff_walk_wav(c->reader, &c->findings);
        case FORMAT_JPEG:
                return jpeg_walk(c->reader, &c->picture, &c->findings);
        case FORMAT_PNG:
                return png_walk(c->reader, &c->findings);
        default:
                return 0;
        }
}

/* Nothing known at the start: encrypted, zeroed, without its head, or simply no medium. */
static void judge_unknown(struct check *c)
{
        if (!c->head.named_media)
                return;
        if (media_reader_size(c->reader) == 0)
                findings_add(&c->findings, FINDING_EMPTY);
        else if (c->mvhd_seen)
                findings_add(&c->findings, FINDING_HEADER_LOST);
        else if (c->head.high_entropy)
                findings_add(&c->findings, FINDING_HIGH_ENTROPY);
        else
                findings_add(&c->findings, FINDING_NO_HEADER);
        if (c->head.all_zero)
                zero_scan_confirm(&c->zeros, 0, media_reader_size(c->reader));
}

static int check_run(struct check *c)
{
        int r = 0;

        if (media_format_demuxer(c->head.format))
                r = demux_walk(c->reader, &c->head, &c->zeros, &c->facts, &c->findings);
        if (r < 0)
                return r;
        r = media_reader_drain(c->reader);
        if (r < 0)
                return r;
        r = walks_finish(c);
        if (r < 0)
                return r;
        if (c->head.format == FORMAT_UNKNOWN)
                judge_unknown(c);
        if (c->head.format == FORMAT_JPEG && !c->picture.zeros_lawful)
                zero_scan_confirm(&c->zeros, c->picture.coded_start,
                                  c->picture.coded_end - c->picture.coded_start);
        zero_scan_report(&c->zeros, &c->findings);
        return 0;
}

static void report_fill(const struct check *c, struct media_report *ret)
{
        bool photo = media_format_kind(c->head.format) == MEDIA_PHOTO;

        ret->findings = c->findings;
        ret->verdict = findings_verdict(&c->findings);
        if (ret->verdict == VERDICT_COMPLETE && c->head.format == FORMAT_UNKNOWN)
                ret->verdict = VERDICT_NOT_MEDIA;
        ret->kind = photo ? MEDIA_PHOTO : c->facts.kind;
        ret->duration = c->facts.duration;
        ret->created = photo ? c->picture.created : c->facts.created;
        (void)text_copy(ret->container, sizeof(ret->container), c->head.container);
        (void)text_copy(ret->codecs, sizeof(ret->codecs), photo ? c->head.container : c->facts.codecs);
}

/* Running out of time or memory says something of the file; the digest is still wanted when only memory was
 * short. */
static int error_to_finding(struct check *c, int error)
{
        if (error == -ETIMEDOUT) {
                findings_add(&c->findings, FINDING_TIMED_OUT);
                return 0;
        }
        if (error != -ENOMEM)
                return error;
        findings_add(&c->findings, FINDING_OUT_OF_MEMORY);
        error = media_reader_drain(c->reader);
        return error == -ENOMEM ? 0 : error;
}

static int reader_prepare(struct media_reader **ret, const struct media_source *source)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        int r = media_reader_new(&reader, source->fd, source->size, source->deadline);

        if (r >= 0 && source->lane)
                r = media_reader_add_sink(reader, lane_feed, source->lane);
        else if (r >= 0 && source->digest)
                r = media_reader_add_sink(reader, digest_feed, source->digest);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(reader);
        return 0;
}

/* Whether the digest has seen the whole file, 1 or 0, or what went wrong with it. */
static int digest_finish(const struct media_source *source, const struct media_reader *reader)
{
        int r = source->lane ? digest_lane_finish(source->lane) : 0;

        return r < 0 ? r : source->digest && media_reader_front(reader) == source->size;
}

int media_check(const struct media_source *source, struct media_report *ret)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        _cleanup_free_ struct check *c = calloc(1, sizeof(*c));
        struct media_report report = {0};
        int r;

        if (!c)
                return -ENOMEM;
        r = reader_prepare(&reader, source);
        if (r < 0)
                return r;
        c->reader = reader;
        c->facts = (struct demux_facts){.duration = -1, .created = INSTANT_NONE};
        c->picture.created = INSTANT_NONE;
        r = media_head_read(reader, source->name, &c->head);
        if (r >= 0)
                r = sinks_attach(c);
        if (r >= 0) {
                c->facts.kind = media_format_kind(c->head.format);
                r = check_run(c);
        }
        if (r < 0)
                r = error_to_finding(c, r);
        report_fill(c, &report);
        zero_scan_done(&c->zeros);
        if (r >= 0)
                r = digest_finish(source, reader);
        if (r < 0)
                return r;
        report.digested = r;
        report.disk_bytes = media_reader_disk_bytes(reader);
        *ret = report;
        return 0;
}

int media_digest(const struct media_source *source, struct media_report *ret)
{
        _cleanup_(media_reader_freep) struct media_reader *reader = NULL;
        int r = reader_prepare(&reader, source);

        if (r >= 0)
                r = media_reader_drain(reader);
        if (r >= 0)
                r = digest_finish(source, reader);
        if (r < 0)
                return r;
        *ret = (struct media_report){
                        .duration = -1,
                        .created = INSTANT_NONE,
                        .digested = r,
                        .disk_bytes = media_reader_disk_bytes(reader),
        };
        return 0;
}
