// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads that fail; see disk.h. A failure is the device's word (sense data) or its silence, after which the
 * transport has brought it back in step: a bad sector shows as either, and so does a read that is too large
 * for the device. What tells them apart is whether the halves can be read.
 */
#include "recorder/ums/disk_state.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "recorder/ums/bot_recovery.h"

#include <stdio.h>
#include <syslog.h>

#define TRIES_RANGE  2
#define TRIES_SECTOR 4
#define TRIES_OTHER  8  /* where the device asks for another try */
#define BARREN_MIN   8  /* reads that fail before a unit is given up */
#define ENDS_MAX     64 /* a unit that moves its end about is not followed any longer */
#define COARSE_SIZE  (64U * 1024)
#define SKIP_LEAST   (UINT64_C(1) << 20)
#define SKIP_MOST    (UINT64_C(1) << 28)
#define DEPTH_MAX    16 /* halvings: 4 MiB to 512 bytes take 13 */

static int64_t now(struct disk *d)
{
        return d->scsi.bot->transport->verbs->now(d->scsi.bot->transport);
}

/* --- patience --- */

static void patience_judge(struct disk *d)
{
        static const char *const texts[] = {
                        [DISK_COARSE] = "the medium is bad in many places: reading it in larger steps",
                        [DISK_SKIP] = "the medium takes too long over bad places: skipping what is behind "
                                      "them",
        };
        int is = d->patience;

        if (d->lost_usec >= d->limits.coarse_ms * USEC_PER_MSEC)
                d->patience = DISK_SKIP;
        else if (d->patience < DISK_COARSE && (d->lost_usec >= d->limits.narrow_ms * USEC_PER_MSEC ||
                                               d->lost_ranges >= d->limits.narrow_ranges))
                d->patience = DISK_COARSE;
        if (d->patience != is)
                bot_notice(d->scsi.bot, LOG_WARNING, texts[d->patience]);
}

/* No read passes any more: there is nothing to be narrowed down. */
static bool is_barren(const struct disk *d)
{
        int64_t most = (d->fruitful ? d->limits.coarse_ms : d->limits.narrow_ms) * 2 * USEC_PER_MSEC;

        return d->barren_reads >= BARREN_MIN && d->barren_usec >= most;
}

static void barren_count(struct disk *d, int64_t usec)
{
        bool before = is_barren(d);

        d->barren_reads++;
        d->barren_usec += usec;
        if (!before && is_barren(d))
                bot_notice(d->scsi.bot, LOG_WARNING, "no read passes any more, giving up");
}

void disk_passed(struct disk *d)
{
        scsi_passed(&d->scsi);
        d->fruitful = true;
        d->barren_usec = 0;
        d->barren_reads = 0;
        d->skip_next = 0;
}

int disk_unreadable(struct disk *d, const struct block_sink *sink, uint64_t size)
{
        d->figures.unreadable_bytes += size;
        return sink->unreadable(sink->userdata, size);
}

/* A range is lost. Beyond all patience some more will be skipped. */
static int range_lose(struct disk *d, uint32_t size, const struct block_sink *sink)
{
        d->lost_ranges++;
        patience_judge(d);
        if (d->patience == DISK_SKIP) {
                d->skip = d->skip_next = MIN(MAX(d->skip_next * 2, SKIP_LEAST), SKIP_MOST);
        }
        return disk_unreadable(d, sink, size);
}

/* --- one try --- */

/* The device would rather be asked again, for a reason that is none of the medium's: in the end it is busy,
 * and the sectors are not called unreadable. */
static int postponed(struct disk *d, enum scsi_verdict verdict, unsigned int *again)
{
        int r = RECORDER_OK;

        if (++*again >= TRIES_OTHER)
                return RECORDER_BUSY;
        if (verdict == SCSI_WAIT)
                r = scsi_wait_ready(&d->scsi);
        if ((r == RECORDER_STALLED || r == RECORDER_PROTOCOL) && !d->scsi.bot->dead)
                r = RECORDER_OK;
        return r == RECORDER_OK || r == RECORDER_UNSUPPORTED ? RECORDER_UNREADABLE : r;
}

static int verdict_outcome(struct disk *d, enum scsi_verdict verdict, unsigned int *again)
{
        switch (verdict) {
        case SCSI_DONE:
        case SCSI_UNREADABLE:
                return RECORDER_UNREADABLE;
        case SCSI_BEYOND:
                d->beyond = d->ends <= ENDS_MAX;
                return RECORDER_UNREADABLE;
        case SCSI_WAIT:
        case SCSI_NEWS:
                return postponed(d, verdict, again);
        case SCSI_AGAIN:
                (*again)++;
                return RECORDER_UNREADABLE;
        case SCSI_REFUSED:
                d->suspect = true;
                return RECORDER_UNREADABLE;
        case SCSI_NO_MEDIUM:
                d->scsi.changed = true;
                return RECORDER_ABSENT;
        case SCSI_CHANGED:
        default:
                return RECORDER_MISMATCH;
        }
}

/*
 * The transport has brought the device back in step. When the unit answers again, it is this read that it
 * cannot do; and so many of them in a row are no sign of a device that is lost.
 */
static int silence_outcome(struct disk *d)
{
        int r = d->scsi.bot->dead ? RECORDER_STALLED : scsi_wait_ready(&d->scsi);

        d->suspect = true;
        if (r < 0 || r == RECORDER_GONE || r == RECORDER_CANCELLED || r == RECORDER_MISMATCH ||
            r == RECORDER_ABSENT)
                return r;
        return d->scsi.bot->dead ? RECORDER_STALLED : RECORDER_UNREADABLE;
}

static int failure_outcome(struct disk *d, const struct disk_range *range, int result,
                           const struct bot_answer *answer, unsigned int *again)
{
        enum scsi_verdict verdict;

        d->figures.failed++;
        if (result == RECORDER_STALLED || result == RECORDER_PROTOCOL)
                return silence_outcome(d);
        if (result != RECORDER_OK)
                return result;
        if (answer->passed) { /* and is shorter than it should be */
                d->suspect = true;
                return RECORDER_UNREADABLE;
        }
        result = scsi_explain(&d->scsi, &verdict);
        if (result == RECORDER_STALLED || result == RECORDER_PROTOCOL)
                return silence_outcome(d);
        if (result != RECORDER_OK)
                return result;
        if (verdict == SCSI_DONE && answer->size == range->size)
                return RECORDER_OK;
        return verdict_outcome(d, verdict, again);
}

int disk_failure(struct disk *d, const struct disk_range *range, int result, const struct bot_answer *answer)
{
        unsigned int again = 0;

        return failure_outcome(d, range, result, answer, &again);
}

static int range_try(struct disk *d, const struct disk_range *range, unsigned int *again)
{
        struct bot_answer answer = {0};
        struct bot_command c;
        int64_t begun = now(d);
        int r;

        d->beyond = false;
        if (d->scsi.changed)
                return RECORDER_MISMATCH;
        if (is_barren(d))
                return RECORDER_STALLED;
        disk_read_command(d, range, &c);
        d->figures.commands++;
        r = bot_run(d->scsi.bot, &c, d->spare, &answer);
        if (r == RECORDER_OK && answer.passed && answer.size == range->size) {
                disk_passed(d);
                d->largest = MAX(d->largest, range->size);
                return RECORDER_OK;
        }
        r = failure_outcome(d, range, r, &answer, again);
        d->lost_usec += now(d) - begun;
        barren_count(d, now(d) - begun);
        patience_judge(d);
        return r;
}

static unsigned int tries_allowed(const struct disk *d, const struct disk_range *range)
{
        if (d->beyond && range->size > d->unit.sector_size)
                return 1; /* more of the same would come of it */
        if (d->beyond)
                return 2; /* much depends on it */
        if (d->patience != DISK_NARROW)
                return 1;
        return range->size == d->unit.sector_size ? TRIES_SECTOR : TRIES_RANGE;
}

/* Tries a range as often as it is worth. A try that the device itself asks to repeat is not counted, but
 * they are bounded as well. */
static int range_read(struct disk *d, const struct disk_range *range)
{
        unsigned int again = 0, before, tries = d->tried && tries_allowed(d, range) > 1;
        int r;

        d->tried = false;
        do {
                before = again;
                r = range_try(d, range, &again);
                tries += again == before;
        } while (r == RECORDER_UNREADABLE && again < TRIES_OTHER && tries < tries_allowed(d, range));
        return r;
}

/* --- halving --- */

static uint32_t narrowest(const struct disk *d)
{
        if (d->beyond)
                return d->unit.sector_size;
        switch (d->patience) {
        case DISK_NARROW:
                return d->unit.sector_size;
        case DISK_COARSE:
                return COARSE_SIZE;
        default:
                return UINT32_MAX;
        }
}

/* Of a range that failed, its two halves, on the border of a sector. */
static void range_halve(const struct disk *d, const struct disk_range *range, struct disk_range ret[2])
{
        uint32_t sectors = range->size / d->unit.sector_size;
        uint32_t first = (sectors + 1) / 2 * d->unit.sector_size;

        ret[0] = (struct disk_range){.offset = range->offset, .size = first};
        ret[1] = (struct disk_range){.offset = range->offset + first, .size = range->size - first};
}

/* A size that failed, for no reason of the medium's, although all of its parts passed: it is too large. */
static void size_learn(struct disk *d, uint32_t failed)
{
        char text[96];
        uint32_t size = MAX(d->largest, DISK_READ_SIZE_MIN);

        size -= size % d->unit.sector_size;
        if (!d->suspect || size >= d->figures.read_size)
                return;
        d->figures.read_size = size;
        (void)snprintf(text, sizeof(text), "reads of %u KiB fail, going on with %u KiB", failed / 1024,
                       size / 1024);
        bot_notice(d->scsi.bot, LOG_NOTICE, text);
}

/* A sector beyond the end: the end is here, or before when nothing before it was asked for yet. */
static void end_learn(struct disk *d, uint64_t end)
{
        char text[128];

        d->end = end;
        (void)snprintf(text, sizeof(text), "the medium has no more than %llu bytes, though it says %llu",
                       (unsigned long long)end, (unsigned long long)d->unit.size);
        bot_notice(d->scsi.bot, LOG_WARNING, text);
}

/* A part that cannot be read and is not to be narrowed any more. */
static int part_lose(struct disk *d, const struct disk_range *part, const struct block_sink *sink)
{
        if (d->beyond && part->offset < d->end)
                end_learn(d, part->offset);
        return part->offset >= d->end ? disk_unreadable(d, sink, part->size)
                                      : range_lose(d, part->size, sink);
}

/*
 * Reads a range, or its parts from left to right. The stack holds what is still to do; a part that is pushed
 * is half of one that was taken off, so it never holds more than one for each halving and one.
 */
static int parts_read(struct disk *d, const struct disk_range *range, bool failed,
                      const struct block_sink *sink)
{
        struct disk_range stack[DEPTH_MAX + 1] = {*range};
        unsigned int n = 1;
        int r = RECORDER_OK;

        while (r == RECORDER_OK && n > 0) {
                struct disk_range part = stack[--n];

                d->tried = part.size > d->unit.sector_size; /* its halves are the second try */
                if (part.offset >= d->end)
                        r = RECORDER_UNREADABLE;
                else
                        r = failed ? RECORDER_UNREADABLE : range_read(d, &part);
                failed = false;
                if (r == RECORDER_OK) {
                        r = sink->write(sink->userdata, d->spare, part.size);
                } else if (r == RECORDER_UNREADABLE && part.offset < d->end && part.size > narrowest(d) &&
                           part.size > d->unit.sector_size && n + 2 <= DEPTH_MAX + 1) {
                        struct disk_range halves[2];

                        range_halve(d, &part, halves);
                        stack[n++] = halves[1];
                        stack[n++] = halves[0];
                        r = RECORDER_OK;
                } else if (r == RECORDER_UNREADABLE) {
                        r = part_lose(d, &part, sink);
                }
        }
        return r;
}

/* Takes off the range what is to be skipped. */
static int range_skip(struct disk *d, struct disk_range *range, const struct block_sink *sink)
{
        uint32_t size = (uint32_t)MIN((uint64_t)range->size, d->skip);

        if (size == 0)
                return RECORDER_OK;
        d->skip -= size;
        range->offset += size;
        range->size -= size;
        return disk_unreadable(d, sink, size);
}

static int piece_salvage(struct disk *d, const struct disk_range *piece, const struct block_sink *sink)
{
        uint64_t unreadable = d->figures.unreadable_bytes;
        int r;

        d->suspect = false;
        d->largest = 0;
        r = d->beyond ? RECORDER_UNREADABLE : range_read(d, piece);
        if (r == RECORDER_OK)
                return sink->write(sink->userdata, d->spare, piece->size);
        if (r != RECORDER_UNREADABLE)
                return r;
        d->ends += d->beyond;
        r = parts_read(d, piece, true, sink);
        if (r == RECORDER_OK && d->figures.unreadable_bytes == unreadable)
                size_learn(d, piece->size);
        return r;
}

/* What of the range one command can ask for; of size 0 when the medium has ended before it. */
static struct disk_range piece_next(const struct disk *d, const struct disk_range *left)
{
        struct disk_range piece = {.offset = left->offset, .size = MIN(left->size, d->figures.read_size)};

        if (piece.offset >= d->end)
                piece.size = 0;
        else
                piece.size = (uint32_t)MIN((uint64_t)piece.size, d->end - piece.offset);
        return piece;
}

int disk_salvage(struct disk *d, const struct disk_range *range, const struct block_sink *sink)
{
        struct disk_range left = *range;
        int r = range_skip(d, &left, sink);

        while (r == RECORDER_OK && left.size > 0) {
                struct disk_range piece = piece_next(d, &left);

                if (piece.size == 0)
                        return disk_unreadable(d, sink, left.size);
                r = piece_salvage(d, &piece, sink);
                left.offset += piece.size;
                left.size -= piece.size;
                if (r == RECORDER_OK)
                        r = range_skip(d, &left, sink);
        }
        return r;
}
