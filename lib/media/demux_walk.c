// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The demux walk. The demuxer is chosen by our own look at the head and kept from guessing: no probing of
 * codecs, no parsers, no filling in of times (AVFMT_FLAG_NOFILLIN), so that what is checked is what the file
 * says, and so that as little as possible of libavcodec meets hostile bytes. It reads through the media
 * reader and can open nothing else.
 */
#include "media/demux_walk.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "media/jpeg_walk.h"
#include "media/media_time.h"
#include "media/nal_walk.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <string.h>

#define IO_BUFFER_SIZE  (128 * 1024)
#define SHORT_TOLERANCE USEC_PER_SEC
#define ALLOCATION_MAX  ((size_t)256 * 1024 * 1024) /* at once: more than the index of a day's recording */
#define WRAP_DISTANCE   (INT64_C(1) << 32)          /* half of the 33-bit MPEG clock, in its ticks */

struct stream_state {
        bool video, dense, nal, picture_frames;
        struct nal_framing framing;
        struct nal_stats nals;
        uint64_t packets, frames_broken;
        int64_t last_dts;
        int64_t start, end; /* microseconds; INT64_MAX, INT64_MIN: none yet */
};

struct demux {
        struct media_reader *reader;
        const struct media_head *head;
        struct zero_scan *zeros;
        struct findings *findings;
        AVFormatContext *format;
        AVIOContext *io;
        int64_t position;
        bool streaming; /* past the header: reading moves the front */
        uint64_t packets, corrupt;
        struct stream_state streams[DEMUX_STREAMS_MAX];
};

/* Complaints of the walk that is running: the callback has no other way to know it. */
static _Thread_local unsigned int complaints;

/* Clean files cause these as well. */
static const char *const harmless_complaints[] = {
                "Estimating duration",
                "unspecified",
};

static void log_count(void *avcl, int level, const char *format, va_list arguments)
{
        (void)avcl;
        (void)arguments;
        if (level > AV_LOG_ERROR)
                return;
        for (size_t i = 0; i < ELEMENTSOF(harmless_complaints); i++)
                if (strstr(format, harmless_complaints[i]))
                        return;
        complaints++;
}

void demux_prepare(void)
{
        void *opaque = NULL;

        av_log_set_callback(log_count);
        av_max_alloc(ALLOCATION_MAX);
        (void)av_get_cpu_flags();
        while (av_demuxer_iterate(&opaque))
                ;
        for (enum media_format f = FORMAT_UNKNOWN; f < _FORMAT_MAX; f++)
                if (media_format_demuxer(f))
                        (void)av_find_input_format(media_format_demuxer(f));
}

static int io_read(void *opaque, uint8_t *buf, int size)
{
        struct demux *d = opaque;
        ssize_t n;

        if (d->streaming && media_reader_advance(d->reader, d->position + size) < 0)
                return AVERROR(EIO);
        n = media_reader_peek(d->reader, d->position, buf, (size_t)size);
        if (n < 0)
                return AVERROR(EIO);
        d->position += n;
        return n > 0 ? (int)n : AVERROR_EOF;
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
        struct demux *d = opaque;
        int64_t size = media_reader_size(d->reader);

        switch (whence & ~AVSEEK_FORCE) {
        case AVSEEK_SIZE:
                return size;
        case SEEK_CUR:
                offset += d->position;
                break;
        case SEEK_END:
                offset += size;
                break;
        case SEEK_SET:
                break;
        default:
                return AVERROR(EINVAL);
        }
        if (offset < 0)
                return AVERROR(EINVAL);
        d->position = offset;
        return offset;
}

/* A container may name other files; none is ever opened. */
static int open_refused(AVFormatContext *s, AVIOContext **pb, const char *url, int flags,
                        AVDictionary **options)
{
        (void)s, (void)pb, (void)url, (void)flags, (void)options;
        return AVERROR(EACCES);
}

static void demux_done(struct demux *d)
{
        if (d->format)
                avformat_close_input(&d->format);
        if (d->io) {
                av_freep(&d->io->buffer);
                avio_context_free(&d->io);
        }
}

static int io_new(struct demux *d)
{
        uint8_t *buf = av_malloc(IO_BUFFER_SIZE);

        if (!buf)
                return -ENOMEM;
        d->io = avio_alloc_context(buf, IO_BUFFER_SIZE, 0, d, io_read, NULL, io_seek);
        if (!d->io) {
                av_free(buf);
                return -ENOMEM;
        }
        return 0;
}

/* Edit lists would hide packets from the count. */
static int demux_options(AVDictionary **options)
{
        if (av_dict_set(options, "ignore_editlist", "1", 0) < 0 ||
            av_dict_set(options, "advanced_editlist", "0", 0) < 0)
                return -ENOMEM;
        return 0;
}

/* These have neither frames nor times of their own. */
static bool format_needs_parser(enum media_format format)
{
        return format == FORMAT_MP3 || format == FORMAT_FLAC || format == FORMAT_H264 ||
               format == FORMAT_H265;
}

static int demux_open(struct demux *d)
{
        AVDictionary *options = NULL;
        int r = io_new(d);

        if (r < 0)
                return r;
        d->format = avformat_alloc_context();
        if (!d->format)
                return -ENOMEM;
        d->format->pb = d->io;
        d->format->flags |= AVFMT_FLAG_CUSTOM_IO;
        if (!format_needs_parser(d->head->format))
                d->format->flags |= AVFMT_FLAG_NOFILLIN | AVFMT_FLAG_NOPARSE;
        /* Else every fragment of the file would be looked up before the first packet, a second reading of it
         * all. */
        if (d->head->format == FORMAT_MP4)
                d->format->flags |= AVFMT_FLAG_IGNIDX;
        d->format->io_open = open_refused;
        d->format->max_streams = DEMUX_STREAMS_MAX;
        r = demux_options(&options);
        if (r >= 0)
                r = avformat_open_input(&d->format, NULL,
                                        av_find_input_format(media_format_demuxer(d->head->format)),
                                        &options);
        av_dict_free(&options);
        return r;
}

/* Coded data in which a whole sector of zeros cannot occur. */
static bool codec_is_dense(enum AVCodecID id)
{
        return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_MJPEG ||
               id == AV_CODEC_ID_MPEG4 || id == AV_CODEC_ID_AAC;
}

static void stream_setup(struct stream_state *s, const AVStream *st)
{
        const AVCodecParameters *p = st->codecpar;
        bool h264 = p->codec_id == AV_CODEC_ID_H264, h265 = p->codec_id == AV_CODEC_ID_HEVC;

        s->video = p->codec_type == AVMEDIA_TYPE_VIDEO && !(st->disposition & AV_DISPOSITION_ATTACHED_PIC);
        s->dense = codec_is_dense(p->codec_id);
        s->picture_frames = p->codec_id == AV_CODEC_ID_MJPEG;
        s->nal = h264 || h265;
        if (s->nal)
                s->framing = nal_framing_from_extradata(h264 ? NAL_H264 : NAL_H265, p->extradata,
                                                        (size_t)p->extradata_size);
        s->last_dts = AV_NOPTS_VALUE;
        s->start = INT64_MAX;
        s->end = INT64_MIN;
}

/* Decoding times never go back, but for the MPEG clock's own wrap. */
static void check_order(struct demux *d, struct stream_state *s, const AVPacket *packet)
{
        bool mpeg = d->head->format == FORMAT_MPEG_TS || d->head->format == FORMAT_MPEG_PS;

        if (packet->dts == AV_NOPTS_VALUE)
                return;
        if (s->last_dts != AV_NOPTS_VALUE && packet->dts < s->last_dts &&
            !(mpeg && s->last_dts - packet->dts > WRAP_DISTANCE))
                findings_add(d->findings, FINDING_DTS_ORDER);
        s->last_dts = packet->dts;
}

static void note_time(struct stream_state *s, const AVStream *st, const AVPacket *packet)
{
        int64_t t = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts, start, end;

        if (t == AV_NOPTS_VALUE || st->time_base.num <= 0 || st->time_base.den <= 0)
                return;
        start = av_rescale_q(t, st->time_base, AV_TIME_BASE_Q);
        end = av_rescale_q(t + MAX(packet->duration, 0), st->time_base, AV_TIME_BASE_Q);
        if (start == INT64_MIN || end == INT64_MIN)
                return;
        s->start = MIN(s->start, start);
        s->end = MAX(s->end, end);
}

static size_t without_trailing_zeros(const uint8_t *data, size_t size)
{
        while (size > 0 && data[size - 1] == 0)
                size--;
        return size;
}

static void check_payload(struct demux *d, struct stream_state *s, const AVPacket *packet)
{
        size_t size = (size_t)packet->size;

        if (s->nal)
                nal_walk_packet(&s->framing, packet->data, size, &s->nals);
        if (s->picture_frames) {
                bool zeros_lawful;

                /* Recorders pad Motion JPEG frames with zeros. */
                size = without_trailing_zeros(packet->data, size);
                if (!jpeg_frame_check(packet->data, size, &zeros_lawful))
                        s->frames_broken++;
                if (zeros_lawful)
                        return;
        }
        if (s->dense && packet->pos >= 0)
                zero_scan_confirm(d->zeros, packet->pos, (int64_t)size);
}

static void packet_check(struct demux *d, const AVPacket *packet)
{
        unsigned int index = (unsigned int)packet->stream_index;
        struct stream_state *s;

        d->packets++;
        if (packet->flags & AV_PKT_FLAG_CORRUPT)
                d->corrupt++;
        if (index >= DEMUX_STREAMS_MAX || index >= d->format->nb_streams)
                return;
        s = &d->streams[index];
        /* Program streams and transport streams tell of a stream with its first packet. */
        if (s->packets++ == 0)
                stream_setup(s, d->format->streams[index]);
        check_order(d, s, packet);
        note_time(s, d->format->streams[index], packet);
        check_payload(d, s, packet);
}

static int packets_walk(struct demux *d)
{
        AVPacket *packet = av_packet_alloc();
        int r = 0;

        if (!packet)
                return -ENOMEM;
        d->streaming = true;
        while (r >= 0 && d->packets < DEMUX_PACKETS_MAX) {
                r = av_read_frame(d->format, packet);
                if (r >= 0)
                        packet_check(d, packet);
                av_packet_unref(packet);
        }
        av_packet_free(&packet);
        if (d->packets == DEMUX_PACKETS_MAX)
                findings_add(d->findings, FINDING_TOO_MANY_PACKETS);
        if (r == AVERROR(ENOMEM))
                return -ENOMEM;
        if (r < 0 && r != AVERROR_EOF && media_reader_error(d->reader) == 0)
                findings_add(d->findings, FINDING_DEMUX_ERRORS);
        return 0;
}

/* An MP4 index lists every packet, that of an AVI every picture. The count of frames in an AVI header is
 * often what the recorder hoped for, and the other formats' indexes name some key pictures only. */
static bool index_is_whole(const struct demux *d, const struct stream_state *s)
{
        return d->head->format == FORMAT_MP4 || (d->head->format == FORMAT_AVI && s->video);
}

/* Frames that lack an end all the time are a recorder's habit, those that do sometimes are broken. */
static void judge_stream(struct demux *d, const struct stream_state *s, AVStream *st)
{
        int64_t entries = avformat_index_get_entries_count(st), expected;

        if (nal_stats_damaged(&s->nals))
                findings_add(d->findings, FINDING_BAD_NAL);
        if (s->frames_broken > 0 && s->frames_broken <= s->packets / 2)
                findings_add(d->findings, FINDING_BAD_FRAMES);
        if (index_is_whole(d, s) && entries > 0 && (uint64_t)entries > s->packets)
                findings_add(d->findings, FINDING_MISSING_PACKETS);
        if (d->head->format == FORMAT_AVI || st->duration == AV_NOPTS_VALUE || st->duration <= 0 ||
            s->end == INT64_MIN)
                return;
        expected = av_rescale_q(st->duration, st->time_base, AV_TIME_BASE_Q);
        if (st->start_time != AV_NOPTS_VALUE)
                expected += av_rescale_q(st->start_time, st->time_base, AV_TIME_BASE_Q);
        if (expected - s->end > SHORT_TOLERANCE)
                findings_add(d->findings, FINDING_SHORT_DURATION);
}

static void judge_whole(struct demux *d)
{
        int64_t end = INT64_MIN;

        for (size_t i = 0; i < DEMUX_STREAMS_MAX && i < d->format->nb_streams; i++) {
                judge_stream(d, &d->streams[i], d->format->streams[i]);
                if (d->streams[i].packets > 0)
                        end = MAX(end, d->streams[i].end);
        }
        if (d->head->format == FORMAT_MATROSKA && d->format->duration > 0 && end != INT64_MIN &&
            d->format->duration - end > SHORT_TOLERANCE)
                findings_add(d->findings, FINDING_SHORT_DURATION);
        if (d->corrupt > 0)
                findings_add(d->findings, FINDING_CORRUPT_PACKETS);
        if (complaints > 0)
                findings_add(d->findings, FINDING_DEMUX_ERRORS);
        if (d->packets == 0)
                findings_add(d->findings, FINDING_NO_CONTENT);
}

static void codec_append(char *codecs, size_t size, const char *name)
{
        size_t used = strlen(codecs);

        if (used + 1 + strlen(name) + 1 <= size)
                (void)snprintf(codecs + used, size - used, "%s%s", used > 0 ? "," : "", name);
}

/* From the packets when there are times, since a cut file's header promises more. */
static int64_t duration_of(const struct demux *d)
{
        int64_t start = INT64_MAX, end = INT64_MIN;

        for (size_t i = 0; i < DEMUX_STREAMS_MAX; i++) {
                if (d->streams[i].packets == 0)
                        continue;
                start = MIN(start, d->streams[i].start);
                end = MAX(end, d->streams[i].end);
        }
        if (start < end)
                return end - start;
        for (size_t i = 0; i < d->format->nb_streams; i++) {
                const AVStream *st = d->format->streams[i];

                if (st->duration > 0 && st->time_base.den > 0)
                        return av_rescale_q(st->duration, st->time_base, AV_TIME_BASE_Q);
        }
        return d->format->duration > 0 ? d->format->duration : -1;
}

static void facts_collect(const struct demux *d, struct demux_facts *facts)
{
        const AVDictionaryEntry *created = av_dict_get(d->format->metadata, "creation_time", NULL, 0);
        bool video = false, audio = false;

        for (size_t i = 0; i < d->format->nb_streams && i < DEMUX_STREAMS_MAX; i++) {
                const AVCodecParameters *p = d->format->streams[i]->codecpar;
                bool attached = d->format->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC;

                video |= p->codec_type == AVMEDIA_TYPE_VIDEO && !attached;
                audio |= p->codec_type == AVMEDIA_TYPE_AUDIO;
                if (p->codec_id != AV_CODEC_ID_NONE && !attached)
                        codec_append(facts->codecs, sizeof(facts->codecs), avcodec_get_name(p->codec_id));
        }
        if (video)
                facts->kind = MEDIA_VIDEO;
        else if (audio)
                facts->kind = MEDIA_AUDIO;
        facts->duration = duration_of(d);
        if (created)
                (void)media_time_parse(created->value, &facts->created);
        facts->packets = d->packets;
}

static int demux_run(struct demux *d, struct demux_facts *facts)
{
        int r = demux_open(d);

        if (r == -ENOMEM || r == AVERROR(ENOMEM))
                return -ENOMEM;
        if (r < 0) {
                if (media_reader_error(d->reader) == 0)
                        findings_add(d->findings, FINDING_OPEN_FAILED);
                return media_reader_error(d->reader);
        }
        r = packets_walk(d);
        if (r < 0)
                return r;
        if (media_reader_error(d->reader) < 0)
                return media_reader_error(d->reader);
        judge_whole(d);
        facts_collect(d, facts);
        return 0;
}

int demux_walk(struct media_reader *reader, const struct media_head *head, struct zero_scan *zeros,
               struct demux_facts *ret, struct findings *findings)
{
        _cleanup_free_ struct demux *d = calloc(1, sizeof(*d));
        struct demux_facts facts = {
                        .kind = media_format_kind(head->format), .duration = -1, .created = INSTANT_NONE};
        int r;

        if (!d)
                return -ENOMEM;
        d->reader = reader;
        d->head = head;
        d->zeros = zeros;
        d->findings = findings;
        complaints = 0;
        av_log_set_callback(log_count);
        r = demux_run(d, &facts);
        demux_done(d);
        if (r < 0)
                return r;
        *ret = facts;
        return 0;
}
