// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Commands and their answers; see bot.h. The thirteen cases of section 6.7 come down to what the host can
 * see: data that is short, data that is too much, a halt in place of either, and a status that does not fit.
 * The last five of them need data to the device, which does not exist here.
 */
#include "recorder/ums/bot.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "recorder/ums/bot_recovery.h"
#include "recorder/ums/bot_wire.h"

#include <syslog.h>

#define CBW_SIGNATURE    0x43425355U /* section 5.1 */
#define CBW_DATA_IN      0x80
#define CSW_SIGNATURE    0x53425355U /* section 5.2 */
#define CSW_SIZE         13
#define CSW_PASSED       0
#define CSW_FAILED       1
#define CSW_PHASE_ERROR  2
#define MEMORY_MS        5000 /* for another recorder's memory of usbfs to come back */
#define STATUS_TRIES     3
#define INQUIRY          0x12
#define READ_CAPACITY_10 0x25

/* What may reach a device: SPC-4 and SBC-3 commands that read, at the length that belongs to them. */
static bool cdb_reads(const struct bot_command *c)
{
        switch (c->cdb[0]) {
        case 0x00: /* TEST UNIT READY */
        case 0x03: /* REQUEST SENSE */
        case INQUIRY:
                return c->cdb_size == 6;
        case READ_CAPACITY_10:
        case 0x28: /* READ (10) */
                return c->cdb_size == 10;
        case 0x88: /* READ (16) */
                return c->cdb_size == 16;
        case 0x9e: /* SERVICE ACTION IN (16): READ CAPACITY (16) alone */
                return c->cdb_size == 16 && c->cdb[1] == 0x10;
        default:
                return false;
        }
}

void bot_init(struct bot *b, struct bot_transport *transport, const struct bot_limits *limits)
{
        *b = (struct bot){.transport = transport, .limits = *limits, .doubtful = true};
        b->limits.command_ms = b->limits.command_ms ? b->limits.command_ms : 20000;
        b->limits.stall_ms = b->limits.stall_ms ? b->limits.stall_ms : 5000;
        b->limits.whole_ms = b->limits.whole_ms ? b->limits.whole_ms : 60000;
        b->limits.drain_ms = b->limits.drain_ms ? b->limits.drain_ms : 2000;
        b->limits.recoveries = b->limits.recoveries ? b->limits.recoveries : 6;
        b->limits.all_recoveries = b->limits.all_recoveries ? b->limits.all_recoveries : 200;
}

/* --- reads that stand --- */

/* Queues one read of 'size' bytes or less. -EAGAIN when there is no room now, but some read stands. */
static int read_queue(struct bot *b, uint32_t size, size_t *ret_asked)
{
        int64_t deadline = b->transport->verbs->now(b->transport) + MEMORY_MS * USEC_PER_MSEC;

        for (;;) {
                int r = b->transport->verbs->queue(b->transport, size, ret_asked);

                b->standing += r == USB_OK;
                if (r == -ENOMEM && b->standing > 0)
                        return -EAGAIN;
                if (r != -ENOMEM || b->transport->verbs->now(b->transport) >= deadline)
                        return r;
                r = b->transport->verbs->pause(b->transport, USB_MEMORY_PAUSE_MS);
                if (r != USB_OK)
                        return r;
        }
}

/* Queues as many reads for data as there is room for; waits only when there is not even one. */
static int data_ask(struct bot *b)
{
        struct bot_flight *f = &b->now;

        while (f->asked < f->command.size) {
                size_t asked;
                int r = read_queue(b, f->command.size - f->asked, &asked);

                if (r != USB_OK)
                        return r == -EAGAIN ? USB_OK : r;
                f->asked += (uint32_t)MIN(asked, (size_t)(f->command.size - f->asked));
        }
        return USB_OK;
}

static int read_take(struct bot *b, struct usb_read *ret, int timeout_ms)
{
        int64_t left = (b->deadline - b->transport->verbs->now(b->transport)) / USEC_PER_MSEC;
        int r = b->transport->verbs->take(b->transport, ret, (int)MAX(MIN(left, timeout_ms), 0));

        if (r != USB_TIMEOUT && r != USB_CANCELLED && b->standing > 0)
                b->standing--;
        return r;
}

/* --- command --- */

static void cbw_encode(const struct bot *b, const struct bot_command *c, uint8_t cbw[BOT_CBW_SIZE])
{
        memset(cbw, 0, BOT_CBW_SIZE);
        bot_put32(cbw, CBW_SIGNATURE);
        bot_put32(cbw + 4, b->tag);
        bot_put32(cbw + 8, c->size);
        cbw[12] = CBW_DATA_IN;
        cbw[13] = c->lun & 0x0f;
        cbw[14] = c->cdb_size;
        memcpy(cbw + 15, c->cdb, c->cdb_size);
}

/* The one place where a command leaves. */
static int command_send(struct bot *b)
{
        uint8_t cbw[BOT_CBW_SIZE];

        if (!cdb_reads(&b->now.command))
                return -EPERM;
        b->tag++;
        cbw_encode(b, &b->now.command, cbw);
        return b->transport->verbs->send_cbw(b->transport, cbw, b->limits.command_ms);
}

int bot_start(struct bot *b, const struct bot_command *c)
{
        int r;

        if (c->cdb_size > BOT_CDB_MAX || c->lun > BOT_LUN_MAX || b->sent)
                return -EINVAL;
        if (!cdb_reads(c))
                return -EPERM;
        if (b->dead)
                return RECORDER_STALLED;
        if (b->doubtful) {
                r = bot_settle(b);
                if (r != RECORDER_OK)
                        return r;
        }
        b->now = (struct bot_flight){.command = *c};
        r = command_send(b);
        if (r == USB_OK)
                r = data_ask(b);
        if (r != USB_OK)
                return bot_fail(b, r, "the command");
        b->sent = true;
        return RECORDER_OK;
}

/* --- answer --- */

struct status {
        uint8_t bytes[CSW_SIZE];
        size_t size; /* of the packet it came in */
};

static bool status_valid(const struct bot *b, const uint8_t *csw)
{
        return bot_get32(csw) == CSW_SIGNATURE && bot_get32(csw + 4) == b->tag;
}

/* A device that has no more data may send its status where data was asked for, alone or right behind them.
 */
static bool status_behind_data(const struct bot *b, const struct usb_read *read, struct status *status)
{
        if (read->size >= read->asked || read->size < CSW_SIZE ||
            !status_valid(b, read->data + read->size - CSW_SIZE))
                return false;
        memcpy(status->bytes, read->data + read->size - CSW_SIZE, CSW_SIZE);
        status->size = CSW_SIZE;
        return true;
}

static void data_keep(struct bot_flight *f, uint8_t *data, const uint8_t *from, size_t size)
{
        size_t n = MIN(size, (size_t)(f->command.size - f->received));

        if (data && n > 0)
                memcpy(data + f->received, from, n);
        f->received += (uint32_t)n;
        f->babbled |= n < size;
}

/* The data phase: until all is here, or a short packet ends it. status->size tells whether the status came.
 */
static int data_take(struct bot *b, uint8_t *data, struct status *status)
{
        struct bot_flight *f = &b->now;
        bool ended = false;

        while (f->received < f->command.size && !ended) {
                struct usb_read read;
                size_t size;
                int r = data_ask(b);

                if (r == USB_OK)
                        r = read_take(b, &read, f->received ? b->limits.stall_ms : b->limits.command_ms);
                if (r != USB_OK)
                        return r;
                size = read.size;
                if (status_behind_data(b, &read, status))
                        size -= CSW_SIZE;
                data_keep(f, data, read.data, size);
                ended = read.size < read.asked;
                b->transport->verbs->release(b->transport);
        }
        return USB_OK;
}

/* Figure 2 of section 5.3: a halt here is cleared once; so is the empty packet of devices that end all data
 * with one. */
static int status_take(struct bot *b, struct status *status)
{
        int r = USB_OK;

        for (unsigned int i = 0; i < STATUS_TRIES; i++) {
                struct usb_read read;
                size_t asked;

                if (b->standing == 0)
                        r = read_queue(b, CSW_SIZE, &asked);
                if (r == USB_OK)
                        r = read_take(b, &read, b->limits.command_ms);
                if (r == USB_STALL && i == 0) {
                        r = bot_halt_clear(b);
                        if (r == USB_OK)
                                continue;
                }
                if (r != USB_OK)
                        return r;
                status->size = read.size;
                memcpy(status->bytes, read.data, MIN(read.size, (size_t)CSW_SIZE));
                b->transport->verbs->release(b->transport);
                if (read.size > 0)
                        return USB_OK;
        }
        return USB_IO;
}

static int answer_take(struct bot *b, void *data, int within_ms, struct status *status)
{
        int r;

        b->deadline = b->transport->verbs->now(b->transport) + within_ms * USEC_PER_MSEC;
        r = data_take(b, data, status);

        if (r == USB_STALL)
                r = bot_halt_clear(b);
        if (r == USB_OK && status->size == 0)
                r = status_take(b, status);
        return r;
}

/*
 * Some devices count the residue wrong in every answer. It shows where all data came of a command whose
 * length leaves nothing to be short of.
 */
static void residue_suspect(struct bot *b, uint32_t residue)
{
        const struct bot_flight *f = &b->now;

        if (residue == 0 || f->received != f->command.size || f->babbled || b->false_residue)
                return;
        b->false_residue = (f->command.cdb[0] == INQUIRY && f->command.size == 36) ||
                           (f->command.cdb[0] == READ_CAPACITY_10 && f->command.size == 8);
        if (b->false_residue)
                bot_notice(b, LOG_NOTICE, "the device miscounts what it sends, ignoring its count");
}

/* Sections 6.3 and 6.5: NULL, or what is wrong with the answer. */
static const char *answer_fault(struct bot *b, const struct status *status, uint32_t *ret_residue)
{
        uint32_t residue;

        if (status->size != CSW_SIZE)
                return "a status of the wrong length";
        if (bot_get32(status->bytes) != CSW_SIGNATURE)
                return "a status without its signature";
        if (bot_get32(status->bytes + 4) != b->tag)
                return "the status of another command";
        if (status->bytes[12] == CSW_PHASE_ERROR)
                return "phase error";
        if (status->bytes[12] > CSW_PHASE_ERROR)
                return "an unknown status";
        if (b->now.babbled)
                return "more data than was asked for";
        residue = bot_get32(status->bytes + 8);
        residue_suspect(b, residue);
        if (b->false_residue)
                residue = 0;
        if (residue > b->now.command.size)
                return "a residue larger than the transfer";
        *ret_residue = residue;
        return NULL;
}

static int answer_judge(struct bot *b, const struct status *status, struct bot_answer *ret)
{
        uint32_t residue = 0;
        const char *fault = answer_fault(b, status, &residue);
        struct bot_answer a = {0};
        int r;

        if (fault)
                return bot_break(b, fault);
        a.passed = status->bytes[12] == CSW_PASSED;
        a.size = MIN(b->now.received, b->now.command.size - residue);
        b->failures = a.passed ? 0 : b->failures;
        /* Some are left when the answer was shorter than what was asked for. */
        r = b->standing > 0 ? bot_reads_recall(b) : USB_OK;
        if (r != USB_OK)
                return bot_fail(b, r, "the status");
        b->sent = false;
        b->now = (struct bot_flight){0};
        *ret = a;
        return RECORDER_OK;
}

int bot_finish(struct bot *b, void *data, struct bot_answer *ret)
{
        struct status status = {.size = 0};
        int r;

        if (!b->sent)
                return -EINVAL;
        r = answer_take(b, data, b->limits.whole_ms, &status);
        if (r == USB_CANCELLED) {
                r = bot_abandon(b);
                return r == RECORDER_OK ? RECORDER_CANCELLED : r;
        }
        if (r != USB_OK)
                return bot_fail(b, r, b->now.received < b->now.command.size ? "data" : "the status");
        return answer_judge(b, &status, ret);
}

int bot_abandon(struct bot *b)
{
        struct bot_answer answer;
        struct status status = {.size = 0};
        int r;

        if (!b->sent)
                return RECORDER_OK;
        b->transport->verbs->mask_cancel(b->transport, true);
        r = answer_take(b, NULL, b->limits.drain_ms, &status);
        r = r == USB_OK ? answer_judge(b, &status, &answer) : bot_fail(b, r, "the rest of an answer");
        b->transport->verbs->mask_cancel(b->transport, false);
        /* It has been reset: that is an end, too. */
        return r == RECORDER_STALLED || r == RECORDER_PROTOCOL ? RECORDER_OK : r;
}

int bot_run(struct bot *b, const struct bot_command *c, void *data, struct bot_answer *ret)
{
        int r = bot_start(b, c);

        return r == RECORDER_OK ? bot_finish(b, data, ret) : r;
}
