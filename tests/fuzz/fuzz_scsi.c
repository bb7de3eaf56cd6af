// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a disk answers, byte by byte: inquiry, sense and capacity data, data phases, statuses, halts and
 * silences. The input is a script of answers; each takes one byte for its kind and some for its content, and
 * when it is used up the disk is unplugged. The clock only moves when somebody waits.
 *
 * Whatever comes, only commands that read are sent, a stream gives as many bytes as were asked for or ends
 * with an outcome, and both the time and the number of commands are bounded.
 */
#include "fuzz_target.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/ums/bot_wire.h"
#include "recorder/ums/disk.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFER     (64U * 1024)
#define DEPTH        8U
#define STREAM_BYTES (512U * 1024)
#define HOUR_USEC    (INT64_C(3600) * 1000000)

enum answer {
        ANSWER_PROPER, /* what a sound disk says to the command under way */
        ANSWER_LITERAL,
        ANSWER_FULL,
        ANSWER_STATUS,
        ANSWER_STALL,
        ANSWER_SILENCE,
        ANSWER_ERROR,
        ANSWER_SECTORS, /* a proper capacity, of so many sectors */
        _ANSWER_MAX,
};

struct script {
        struct bot_transport transport;
        const uint8_t *data;
        size_t size, at;
        size_t asked[DEPTH];
        unsigned int standing, taken;
        unsigned int slot;
        uint8_t cdb[BOT_CDB_MAX];
        uint32_t tag, wanted, given; /* bytes of data of the command under way */
        int64_t now;
        uint64_t asked_bytes, got_bytes, sent;
};

static uint8_t slots[DEPTH][TRANSFER];

static struct script *script_of(struct bot_transport *t)
{
        return (struct script *)t;
}

static bool byte_take(struct script *s, uint8_t *ret)
{
        if (s->at == s->size)
                return false;
        *ret = s->data[s->at++];
        return true;
}

/* --- one answer, into a read of 'asked' bytes --- */

static size_t literal_put(struct script *s, uint8_t *to, size_t asked)
{
        uint8_t n = 0;
        size_t size;

        (void)byte_take(s, &n);
        size = MIN(MIN((size_t)n, asked), s->size - s->at);
        memcpy(to, s->data + s->at, size);
        s->at += size;
        return size;
}

static size_t status_put(struct script *s, uint8_t *to, size_t asked, uint8_t choice)
{
        uint8_t csw[13], residue = 0;

        if (choice & 4)
                (void)byte_take(s, &residue);
        bot_put32(csw, 0x53425355);
        bot_put32(csw + 4, s->tag);
        bot_put32(csw + 8, residue);
        csw[12] = choice & 3;
        memcpy(to, csw, MIN(sizeof(csw), asked));
        return MIN(sizeof(csw), asked);
}

static size_t proper_put(struct script *s, uint8_t *to, size_t asked, uint32_t sectors)
{
        uint8_t data[36] = {0, 0x80, 4, 2, 31};
        size_t n = MIN(asked, (size_t)(s->wanted - s->given));

        if (n == 0)
                return status_put(s, to, asked, 0);
        switch (s->cdb[0]) {
        case 0x03:
                data[0] = 0x70;
                data[2] = (uint8_t)(sectors & 0x0f);
                data[7] = 10;
                data[12] = (uint8_t)(sectors >> 4);
                break;
        case 0x25:
                scsi_put32(data, sectors - 1);
                scsi_put32(data + 4, 512);
                break;
        case 0x28:
        case 0x88:
                memset(to, (int)sectors, n);
                return n;
        default:
                break;
        }
        memcpy(to, data, MIN(n, sizeof(data)));
        return MIN(n, sizeof(data));
}

static int answer_give(struct script *s, uint8_t *to, size_t asked, int timeout_ms, size_t *ret)
{
        static const int errors[] = {USB_IO,    USB_OVERFLOW, USB_TIMEOUT, USB_GONE,
                                     USB_STALL, USB_IO,       USB_IO,      USB_IO};
        uint8_t b, more = 0;

        if (!byte_take(s, &b))
                return USB_GONE;
        switch (b % _ANSWER_MAX) {
        case ANSWER_PROPER:
                *ret = proper_put(s, to, asked, 4096);
                return USB_OK;
        case ANSWER_SECTORS:
                (void)byte_take(s, &more);
                *ret = proper_put(s, to, asked, (uint32_t)more << (b >> 3));
                return USB_OK;
        case ANSWER_LITERAL:
                *ret = literal_put(s, to, asked);
                return USB_OK;
        case ANSWER_FULL:
                memset(to, b, asked);
                *ret = asked;
                return USB_OK;
        case ANSWER_STATUS:
                *ret = status_put(s, to, asked, b >> 3);
                return USB_OK;
        case ANSWER_STALL:
                return USB_STALL;
        case ANSWER_SILENCE:
                s->now += timeout_ms * INT64_C(1000);
                return USB_TIMEOUT;
        default:
                return errors[(b >> 3) % ELEMENTSOF(errors)];
        }
}

/* --- the transport --- */

static bool is_reading(const uint8_t *cdb)
{
        switch (cdb[0]) {
        case 0x00:
        case 0x03:
        case 0x12:
        case 0x25:
        case 0x28:
        case 0x88:
                return true;
        default:
                return cdb[0] == 0x9e && cdb[1] == 0x10;
        }
}

static int verb_send_cbw(struct bot_transport *t, const uint8_t cbw[BOT_CBW_SIZE], int timeout_ms)
{
        struct script *s = script_of(t);

        (void)timeout_ms;
        if (bot_get32(cbw) != 0x43425355 || cbw[12] != 0x80 || cbw[14] > BOT_CDB_MAX ||
            !is_reading(cbw + 15))
                abort();
        s->sent++;
        s->tag = bot_get32(cbw + 4);
        s->wanted = bot_get32(cbw + 8);
        s->given = 0;
        memcpy(s->cdb, cbw + 15, sizeof(s->cdb));
        return s->at == s->size ? USB_GONE : USB_OK;
}

static int verb_queue(struct bot_transport *t, uint64_t size, size_t *ret_asked)
{
        struct script *s = script_of(t);

        if (size == 0)
                abort();
        if (s->standing + s->taken >= DEPTH)
                return -EAGAIN;
        *ret_asked = size >= TRANSFER ? TRANSFER : (size_t)(size + 511) / 512 * 512;
        s->asked[s->standing++] = *ret_asked;
        return USB_OK;
}

static int verb_take(struct bot_transport *t, struct usb_read *ret, int timeout_ms)
{
        struct script *s = script_of(t);
        uint8_t *to = slots[s->slot];
        size_t asked, size = 0;
        int r;

        if (s->standing == 0 || timeout_ms < 0)
                abort();
        asked = s->asked[0];
        r = answer_give(s, to, asked, timeout_ms, &size);
        s->now += 10;
        if (r == USB_TIMEOUT)
                return r;
        memmove(s->asked, s->asked + 1, sizeof(s->asked) - sizeof(s->asked[0]));
        s->standing--;
        s->taken++;
        s->slot = (s->slot + 1) % DEPTH;
        s->given += (uint32_t)MIN(size, (size_t)(s->wanted - s->given));
        if (r == USB_OK)
                *ret = (struct usb_read){.data = to, .size = size, .asked = asked};
        return r;
}

static void verb_release(struct bot_transport *t)
{
        script_of(t)->taken = 0;
}

static int verb_recall(struct bot_transport *t)
{
        script_of(t)->standing = script_of(t)->taken = 0;
        return USB_OK;
}

static int verb_reset(struct bot_transport *t)
{
        return script_of(t)->at == script_of(t)->size ? USB_GONE : USB_OK;
}

static int verb_reset_class(struct bot_transport *t, int timeout_ms)
{
        (void)timeout_ms;
        return verb_reset(t);
}

static int verb_get_max_lun(struct bot_transport *t, uint8_t *ret, int timeout_ms)
{
        (void)timeout_ms;
        *ret = 0;
        return verb_reset(t);
}

static int verb_pause(struct bot_transport *t, int milliseconds)
{
        script_of(t)->now += milliseconds * INT64_C(1000);
        return USB_OK;
}

static void verb_mask(struct bot_transport *t, bool masked)
{
        (void)t;
        (void)masked;
}

static int64_t verb_now(struct bot_transport *t)
{
        return script_of(t)->now;
}

static const struct bot_transport_verbs verbs = {
                .send_cbw = verb_send_cbw,
                .queue = verb_queue,
                .take = verb_take,
                .release = verb_release,
                .recall = verb_recall,
                .clear_halt = verb_reset,
                .clear_halt_in = verb_reset,
                .reset_class = verb_reset_class,
                .get_max_lun = verb_get_max_lun,
                .reset_port = verb_reset,
                .pause = verb_pause,
                .mask_cancel = verb_mask,
                .now = verb_now,
};

/* --- what is done with the disk --- */

static int next_extent(void *userdata, struct block_extent *ret)
{
        struct script *s = userdata;
        uint64_t offset = s->asked_bytes;

        *ret = (struct block_extent){0};
        if (offset >= STREAM_BYTES)
                return RECORDER_OK;
        /* Two runs, the second one in front of the first. */
        *ret = (struct block_extent){.offset = offset < STREAM_BYTES / 2 ? STREAM_BYTES + offset : offset,
                                     .size = STREAM_BYTES / 4};
        s->asked_bytes += ret->size;
        return RECORDER_OK;
}

static int on_data(void *userdata, const void *data, size_t size)
{
        struct script *s = userdata;
        volatile uint8_t last = ((const uint8_t *)data)[size - 1];

        (void)last;
        s->got_bytes += size;
        return 0;
}

static int on_unreadable(void *userdata, uint64_t size)
{
        struct script *s = userdata;

        s->got_bytes += size;
        return 0;
}

static void unit_read(struct script *s, struct block_unit *unit)
{
        const struct block_sink sink = {.write = on_data, .unreadable = on_unreadable, .userdata = s};
        uint8_t sectors[8192];
        struct disk_figures f;
        int r;

        if (unit->size >= sizeof(sectors))
                (void)block_read(unit, 0, sectors, sizeof(sectors));
        r = block_stream(unit, next_extent, s, &sink);
        if (r == RECORDER_OK && s->got_bytes != s->asked_bytes)
                abort();
        if (s->got_bytes > s->asked_bytes)
                abort();
        disk_figures(unit, &f);
        if (f.unreadable_bytes > s->got_bytes + sizeof(sectors))
                abort();
}

static void inquiry_expect(const struct scsi_inquiry *i)
{
        if (!text_utf8_valid(i->vendor) || !text_utf8_valid(i->product) || !text_utf8_valid(i->revision))
                abort();
}

/* The decoders alone, on the bytes as they are: a script gets to the odd ones only by chance. */
static void decode(const uint8_t *data, size_t size)
{
        struct scsi_capacity capacity;
        struct scsi_inquiry inquiry;
        struct scsi_sense sense;
        bool more;

        (void)scsi_sense_parse(data, size, &sense);
        if (scsi_inquiry_parse(data, size, &inquiry))
                inquiry_expect(&inquiry);
        if (scsi_capacity_10_parse(data, size, &capacity, &more) && capacity.sectors == 0)
                abort();
        if (scsi_capacity_16_parse(data, size, &capacity) && capacity.sectors > (uint64_t)INT64_MAX / 512)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct script s;
        const struct bot_limits limits = {0};
        const struct disk_limits patience = {.read_size = 128 * 1024};
        struct scsi_inquiry inquiry = {0};
        struct block_unit *unit = NULL;
        struct bot bot;

        decode(data, size);
        s = (struct script){.transport = {.verbs = &verbs}, .data = data, .size = size};
        bot_init(&bot, &s.transport, &limits);
        if (disk_open(&unit, &bot, 0, &patience, &inquiry) == RECORDER_OK)
                unit_read(&s, unit);
        inquiry_expect(&inquiry);
        disk_free(unit);
        /* Each answer costs a wait at most, and none comes twice. */
        if (s.sent > 4 * size + 64 || s.now > (int64_t)(size + 64) * 60 * 1000000 || s.now > 6 * HOUR_USEC)
                abort();
        return 0;
}
