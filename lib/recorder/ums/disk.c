// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Units and their streams; see disk.h. While a stream asks for its next extent, or hands data on, the volume
 * above may read: a file's next cluster stands in a table on the same disk. So a read that was sent ahead is
 * taken in first, into the buffer that is meant for it, and the stream finds its answer there.
 */
#include "recorder/ums/disk_state.h"

#include "base/cleanup.h"

#include <string.h>

#define SECTORS_MAX   65535U /* of one READ (10) */
#define INQUIRIES_MAX 4

struct stream {
        struct disk *disk;
        block_next_fn *next;
        void *next_userdata;
        const struct block_sink *sink;
        struct block_extent run;     /* what is still to be asked for, merged */
        struct block_extent pending; /* an extent that does not lie behind it */
        bool ended;
        struct disk_flight flights[2];
};

static struct disk *disk_of(struct block_unit *unit)
{
        return (struct disk *)unit;
}

/* --- extents to reads --- */

static bool extent_valid(const struct disk *d, uint64_t offset, uint64_t size)
{
        return offset % d->unit.sector_size == 0 && size % d->unit.sector_size == 0 &&
               offset <= d->unit.size && size <= d->unit.size - offset;
}

static int extent_fetch(struct stream *s, struct block_extent *ret)
{
        struct block_extent e = {0};
        int r = s->next(s->next_userdata, &e);

        if (r != RECORDER_OK)
                return r;
        if (!extent_valid(s->disk, e.offset, e.size))
                return RECORDER_PROTOCOL;
        s->ended = e.size == 0;
        *ret = e;
        return RECORDER_OK;
}

/* Lengthens the run by extents that lie behind it, until it is enough for one read. */
static int run_fill(struct stream *s)
{
        if (s->run.size == 0) {
                s->run = s->pending;
                s->pending = (struct block_extent){0};
        }
        while (!s->ended && s->pending.size == 0 && s->run.size < s->disk->figures.read_size) {
                struct block_extent e;
                int r = extent_fetch(s, &e);

                if (r != RECORDER_OK)
                        return r;
                if (s->run.size == 0)
                        s->run = e;
                else if (e.offset == s->run.offset + s->run.size)
                        s->run.size += e.size;
                else
                        s->pending = e;
        }
        return RECORDER_OK;
}

/* The next read; of size 0 at the end. */
static int range_next(struct stream *s, struct disk_range *ret)
{
        int r = run_fill(s);

        if (r != RECORDER_OK)
                return r;
        *ret = (struct disk_range){.offset = s->run.offset,
                                   .size = (uint32_t)MIN(s->run.size, (uint64_t)s->disk->figures.read_size)};
        s->run.offset += ret->size;
        s->run.size -= ret->size;
        return RECORDER_OK;
}

/* --- reads ahead --- */

void disk_read_command(struct disk *d, const struct disk_range *range, struct bot_command *ret)
{
        scsi_read_encode(&d->scsi, range->offset / d->unit.sector_size, range->size / d->unit.sector_size,
                         d->unit.sector_size, ret);
}

static void flight_take_in(struct disk *d)
{
        struct disk_flight *f = d->flight;

        if (!f || !f->sent || f->done)
                return;
        f->result = bot_finish(d->scsi.bot, f->data, &f->answer);
        f->done = true;
}

/* Sends the flight's read, unless it must be done in a way of its own. */
static void flight_send(struct disk *d, struct disk_flight *f)
{
        struct bot_command c;
        int r;

        f->sent = f->done = false;
        if (f->range.size == 0 || f->range.size > d->figures.read_size || d->skip > 0 || d->scsi.changed ||
            f->range.offset + f->range.size > d->end)
                return;
        disk_read_command(d, &f->range, &c);
        d->figures.commands++;
        r = bot_start(d->scsi.bot, &c);
        f->sent = true;
        if (r == RECORDER_OK) {
                d->flight = f;
        } else {
                f->result = r;
                f->done = true;
        }
}

/* The answer to the flight's read. RECORDER_OK: its data are good. */
static int flight_land(struct disk *d, struct disk_flight *f)
{
        flight_take_in(d);
        if (d->flight == f)
                d->flight = NULL;
        d->tried = d->beyond = false;
        if (!f->sent)
                return RECORDER_UNREADABLE; /* of what was not even tried, salvage gets what there is */
        if (f->result == RECORDER_OK && f->answer.passed && f->answer.size == f->range.size) {
                disk_passed(d);
                return RECORDER_OK;
        }
        d->tried = true;
        return disk_failure(d, &f->range, f->result, &f->answer);
}

static int stream_step(struct stream *s, struct disk_flight *now, struct disk_flight *next)
{
        struct disk *d = s->disk;
        int more = range_next(s, &next->range), r;

        if (more != RECORDER_OK)
                next->range.size = 0;
        r = flight_land(d, now);
        if (r == RECORDER_OK) {
                flight_send(d, next);
                r = s->sink->write(s->sink->userdata, now->data, now->range.size);
        } else if (r == RECORDER_UNREADABLE) {
                r = disk_salvage(d, &now->range, s->sink);
                if (r == RECORDER_OK)
                        flight_send(d, next);
        }
        return r != RECORDER_OK ? r : more;
}

static int stream_run(struct stream *s)
{
        unsigned int turn = 0;
        int r = range_next(s, &s->flights[0].range);

        if (r != RECORDER_OK)
                return r;
        flight_send(s->disk, &s->flights[0]);
        while (r == RECORDER_OK && s->flights[turn].range.size > 0) {
                r = stream_step(s, &s->flights[turn], &s->flights[!turn]);
                turn = !turn;
        }
        return r;
}

static int disk_stream(struct block_unit *unit, block_next_fn *next, void *next_userdata,
                       const struct block_sink *sink)
{
        struct disk *d = disk_of(unit);
        struct stream s = {
                        .disk = d,
                        .next = next,
                        .next_userdata = next_userdata,
                        .sink = sink,
                        .flights = {{.data = d->buffers[0]}, {.data = d->buffers[1]}},
        };
        int r, end;

        if (d->flight)
                return -EBUSY;
        d->skip = d->skip_next = 0;
        r = stream_run(&s);
        end = bot_abandon(d->scsi.bot);
        d->flight = NULL;
        return r == RECORDER_OK ? end : r;
}

/* --- single reads --- */

struct gathering {
        uint8_t *to;
};

static int gathering_write(void *userdata, const void *data, size_t size)
{
        struct gathering *g = userdata;

        memcpy(g->to, data, size);
        g->to += size;
        return 0;
}

static int gathering_unreadable(void *userdata, uint64_t size)
{
        (void)userdata;
        (void)size;
        return RECORDER_UNREADABLE;
}

static int disk_read(struct block_unit *unit, uint64_t offset, void *data, size_t size)
{
        struct disk *d = disk_of(unit);
        struct gathering g = {.to = data};
        const struct block_sink sink = {
                        .write = gathering_write, .unreadable = gathering_unreadable, .userdata = &g};
        uint64_t skip = d->skip; /* a stream's */
        int r = RECORDER_OK;

        if (!extent_valid(d, offset, size))
                return RECORDER_PROTOCOL;
        flight_take_in(d);
        d->skip = 0;
        d->tried = d->beyond = false;
        while (r == RECORDER_OK && size > 0) {
                const struct disk_range range = {.offset = offset,
                                                 .size = (uint32_t)MIN(size, (size_t)d->figures.read_size)};

                r = disk_salvage(d, &range, &sink);
                offset += range.size;
                size -= range.size;
        }
        d->skip = skip;
        return r;
}

/* --- units --- */

static const struct block_verbs disk_verbs = {.read = disk_read, .stream = disk_stream};

static int buffers_new(struct disk *d)
{
        d->buffers[0] = malloc(d->limits.read_size);
        d->buffers[1] = malloc(d->limits.read_size);
        d->spare = malloc(d->limits.read_size);
        return d->buffers[0] && d->buffers[1] && d->spare ? 0 : -ENOMEM;
}

static void limits_settle(struct disk *d)
{
        struct disk_limits *l = &d->limits;

        l->read_size = l->read_size ? l->read_size : DISK_READ_SIZE_DEFAULT;
        l->read_size = MIN(MAX(l->read_size, DISK_READ_SIZE_MIN), DISK_READ_SIZE_MAX);
        l->read_size = MIN(l->read_size, SECTORS_MAX * d->unit.sector_size);
        l->read_size -= l->read_size % d->unit.sector_size;
        l->narrow_ms = l->narrow_ms ? l->narrow_ms : 60000;
        l->narrow_ranges = l->narrow_ranges ? l->narrow_ranges : 1000;
        l->coarse_ms = l->coarse_ms ? l->coarse_ms : 300000;
        d->figures.read_size = l->read_size;
}

static bool is_disk(const struct scsi_inquiry *i)
{
        return i->qualifier == 0 && (i->type == SCSI_TYPE_DISK || i->type == SCSI_TYPE_SIMPLE_DISK);
}

/* That a unit is no disk is believed when it has said so twice: one answer may be a slip, and would cost all
 * that is on the unit. */
static int unit_identify(struct disk *d, struct scsi_inquiry *ret)
{
        struct scsi_inquiry before = {.type = UINT8_MAX}, i = {0};
        int r = RECORDER_PROTOCOL;

        for (unsigned int tries = 0; tries < INQUIRIES_MAX; tries++) {
                r = scsi_inquire(&d->scsi, &i);
                if (r == RECORDER_PROTOCOL && !d->scsi.bot->dead)
                        continue;
                if (r != RECORDER_OK)
                        return r;
                if (is_disk(&i) || (i.type == before.type && i.qualifier == before.qualifier))
                        break;
                before = i;
        }
        if (r == RECORDER_OK)
                *ret = i;
        return r;
}

static int unit_ask(struct disk *d, struct scsi_inquiry *ret_inquiry, struct scsi_capacity *ret)
{
        struct scsi_inquiry inquiry;
        int r = unit_identify(d, &inquiry);

        if (r != RECORDER_OK)
                return r;
        if (ret_inquiry)
                *ret_inquiry = inquiry;
        if (!is_disk(&inquiry))
                return RECORDER_UNSUPPORTED;
        r = scsi_wait_ready(&d->scsi);
        /* Some do not know TEST UNIT READY; whether they are, the next command tells. */
        if (r == RECORDER_OK || r == RECORDER_UNSUPPORTED)
                r = scsi_read_capacity(&d->scsi, ret);
        return r;
}

void disk_free(struct block_unit *unit)
{
        struct disk *d = disk_of(unit);

        if (!d)
                return;
        free(d->buffers[0]);
        free(d->buffers[1]);
        free(d->spare);
        free(d);
}

DEFINE_CLEANUP(struct block_unit *, disk_free);

int disk_open(struct block_unit **ret, struct bot *bot, uint8_t lun, const struct disk_limits *limits,
              struct scsi_inquiry *ret_inquiry)
{
        struct disk *d = calloc(1, sizeof(*d));
        _cleanup_(disk_freep) struct block_unit *unit = d ? &d->unit : NULL;
        struct scsi_capacity capacity;
        int r;

        if (!d)
                return -ENOMEM;
        scsi_unit_init(&d->scsi, bot, lun);
        if (limits->ready_ms)
                d->scsi.ready_ms = limits->ready_ms;
        r = unit_ask(d, ret_inquiry, &capacity);
        if (r != RECORDER_OK)
                return r;
        d->unit = (struct block_unit){.verbs = &disk_verbs,
                                      .sector_size = capacity.sector_size,
                                      .size = capacity.sectors * capacity.sector_size};
        d->end = d->unit.size;
        d->limits = *limits;
        limits_settle(d);
        r = buffers_new(d);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(unit);
        return RECORDER_OK;
}

bool disk_changed(const struct block_unit *unit)
{
        return ((const struct disk *)unit)->scsi.changed;
}

void disk_figures(const struct block_unit *unit, struct disk_figures *ret)
{
        *ret = ((const struct disk *)unit)->figures;
}
