// SPDX-License-Identifier: LGPL-2.1-or-later
/* See test_bot_device.h. The ring mimics that of lib/usb: so many reads of so many bytes, in order. */
#include "test_bot_device.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/ums/bot_wire.h"

#include <check.h>
#include <string.h>

static struct sim *sim_of(struct bot_transport *t)
{
        return (struct sim *)t;
}

uint8_t sim_byte(uint64_t offset)
{
        return (uint8_t)(offset ^ offset >> 9 ^ offset >> 17 ^ offset >> 33);
}

/* --- bulk IN --- */

static struct sim_burst *burst_new(struct sim *sim)
{
        if (sim->first == sim->n)
                sim->first = sim->n = 0;
        ck_assert_uint_lt(sim->n, SIM_BURSTS_MAX);
        sim->bursts[sim->n] = (struct sim_burst){0};
        return &sim->bursts[sim->n++];
}

void sim_send(struct sim *sim, const void *data, size_t size)
{
        struct sim_burst *b = burst_new(sim);

        b->data = calloc(1, size + 1);
        ck_assert_ptr_nonnull(b->data);
        if (data)
                memcpy(b->data, data, size);
        b->size = size;
}

void sim_send_zeros(struct sim *sim, size_t size)
{
        sim_send(sim, NULL, size);
}

void sim_send_joined(struct sim *sim, size_t size)
{
        sim_send(sim, NULL, size);
        sim->bursts[sim->n - 1].joined = true;
}

void sim_send_fail(struct sim *sim, int outcome)
{
        burst_new(sim)->fail = outcome;
}

void sim_csw(struct sim *sim, uint32_t tag, uint32_t residue, uint8_t status)
{
        uint8_t csw[13];

        bot_put32(csw, 0x53425355);
        bot_put32(csw + 4, tag);
        bot_put32(csw + 8, residue + sim->residue);
        csw[12] = status;
        sim_send(sim, csw, sizeof(csw));
}

static void burst_drop(struct sim *sim)
{
        free(sim->bursts[sim->first].data);
        sim->bursts[sim->first++].data = NULL;
}

void sim_forget(struct sim *sim)
{
        while (sim->first < sim->n)
                burst_drop(sim);
        sim->first = sim->n = 0;
}

static bool is_cancelled(const struct sim *sim)
{
        return !sim->masked &&
               (sim->cancelled || (sim->cancel_at_take && sim->takes >= sim->cancel_at_take));
}

/* One read: until it is full or a short packet ends it. Data that fill their packets are not ended by
 * anything: a status behind them comes in the same read, unless the host asked for no more than they are. */
static int read_fill(struct sim *sim, uint8_t *data, size_t size, size_t *ret)
{
        size_t got = 0;

        while (got < size) {
                struct sim_burst *b = &sim->bursts[sim->first];
                size_t n;

                if (sim->halted)
                        return USB_STALL;
                if (sim->first == sim->n)
                        return USB_TIMEOUT;
                if (b->fail) {
                        int fail = b->fail;

                        burst_drop(sim);
                        sim->halted = fail == USB_STALL;
                        sim->gone |= fail == USB_GONE;
                        return fail;
                }
                n = MIN(size - got, b->size - b->at);
                if (n < b->size - b->at && (size - got) % SIM_PACKET != 0) {
                        burst_drop(sim); /* its last packet does not fit */
                        return USB_OVERFLOW;
                }
                memcpy(data + got, b->data + b->at, n);
                got += n;
                b->at += n;
                if (b->at == b->size) {
                        bool ends = !b->joined && (b->size % SIM_PACKET != 0 || b->size == 0 || got < size);

                        burst_drop(sim);
                        if (ends)
                                break;
                }
        }
        *ret = got;
        return USB_OK;
}

static int verb_queue(struct bot_transport *t, uint64_t size, size_t *ret_asked)
{
        struct sim *sim = sim_of(t);

        ck_assert_uint_gt(size, 0);
        if (sim->gone)
                return USB_GONE;
        if (sim->no_memory > 0) {
                sim->no_memory--;
                return -ENOMEM;
        }
        if (sim->standing + sim->taken >= SIM_DEPTH)
                return -EAGAIN;
        *ret_asked = MIN(size, (uint64_t)SIM_TRANSFER);
        sim->asked[sim->standing++] = *ret_asked;
        return USB_OK;
}

static int verb_take(struct bot_transport *t, struct usb_read *ret, int timeout_ms)
{
        struct sim *sim = sim_of(t);
        uint8_t *data = sim->slots[sim->slot];
        size_t asked, got = 0;
        int r;

        ck_assert_uint_gt(sim->standing, 0);
        ck_assert_int_ge(timeout_ms, 0);
        sim->takes++;
        if (is_cancelled(sim))
                return USB_CANCELLED;
        if (sim->gone)
                return USB_GONE;
        asked = sim->asked[0];
        r = read_fill(sim, data, asked, &got);
        sim->now += r == USB_TIMEOUT ? timeout_ms * INT64_C(1000) + 1 : 10;
        if (r == USB_TIMEOUT)
                return r;
        sim->slot = (sim->slot + 1) % SIM_DEPTH;
        memmove(sim->asked, sim->asked + 1, sizeof(sim->asked) - sizeof(sim->asked[0]));
        sim->standing--;
        sim->taken++;
        if (r == USB_OK)
                *ret = (struct usb_read){.data = data, .size = got, .asked = asked};
        return r;
}

static void verb_release(struct bot_transport *t)
{
        sim_of(t)->taken = 0;
}

static int verb_recall(struct bot_transport *t)
{
        sim_of(t)->standing = sim_of(t)->taken = 0;
        return sim_of(t)->gone ? USB_GONE : USB_OK;
}

/* --- bulk OUT --- */

static int verb_send_cbw(struct bot_transport *t, const uint8_t cbw[BOT_CBW_SIZE], int timeout_ms)
{
        struct sim *sim = sim_of(t);
        struct sim_cbw c;

        (void)timeout_ms;
        if (is_cancelled(sim))
                return USB_CANCELLED;
        if (sim->gone)
                return USB_GONE;
        if (sim->send_result) {
                int r = sim->send_result;

                sim->send_result = 0;
                sim->out_halted = r == USB_STALL;
                return r;
        }
        ck_assert(!sim->out_halted);
        ck_assert_uint_eq(bot_get32(cbw), 0x43425355);
        ck_assert_uint_eq(cbw[12], 0x80);
        ck_assert_msg(sim->first == sim->n, "a wrapper before the status of the last one was taken");
        c = (struct sim_cbw){.tag = bot_get32(cbw + 4),
                             .size = bot_get32(cbw + 8),
                             .lun = cbw[13],
                             .cdb_size = cbw[14]};
        ck_assert_uint_le(c.cdb_size, 16);
        memcpy(c.cdb, cbw + 15, 16);
        sim->cbws++;
        sim->opcodes[c.cdb[0]]++;
        ck_assert_msg(sim->standing == 0, "a read before the wrapper it belongs to: QEMU's disk halts");
        sim->now += 10;
        if (sim->lost)
                return USB_OK;
        if (sim->on_cbw)
                sim->on_cbw(sim, &c);
        else
                sim_disk(sim, &c);
        return USB_OK;
}

/* --- the rest --- */

static int verb_clear_halt(struct bot_transport *t)
{
        struct sim *sim = sim_of(t);

        sim->clears++;
        sim->halted = sim->out_halted = false;
        return sim->gone ? USB_GONE : USB_OK;
}

static int verb_clear_halt_in(struct bot_transport *t)
{
        struct sim *sim = sim_of(t);

        ck_assert_uint_eq(sim->standing,
                          0); /* usbfs gives -EBUSY to nobody, but the reads would fail anew */
        sim->clears_in++;
        sim->halted = false;
        return sim->gone ? USB_GONE : USB_OK;
}

static int verb_reset_class(struct bot_transport *t, int timeout_ms)
{
        struct sim *sim = sim_of(t);

        (void)timeout_ms;
        sim->class_resets++;
        if (sim->gone)
                return USB_GONE;
        if (sim->reset_class_result == 0)
                sim_forget(sim);
        return sim->reset_class_result;
}

static int verb_get_max_lun(struct bot_transport *t, uint8_t *ret, int timeout_ms)
{
        (void)timeout_ms;
        *ret = sim_of(t)->max_lun;
        return sim_of(t)->max_lun_result;
}

static int verb_reset_port(struct bot_transport *t)
{
        struct sim *sim = sim_of(t);

        sim->port_resets++;
        if (sim->reset_port_result == 0) {
                sim_forget(sim);
                sim->halted = sim->out_halted = false;
        }
        return sim->gone ? USB_GONE : sim->reset_port_result;
}

static int verb_pause(struct bot_transport *t, int milliseconds)
{
        sim_of(t)->now += milliseconds * INT64_C(1000);
        return is_cancelled(sim_of(t)) ? USB_CANCELLED : USB_OK;
}

static void verb_mask(struct bot_transport *t, bool masked)
{
        sim_of(t)->masked = masked;
}

static int64_t verb_now(struct bot_transport *t)
{
        return sim_of(t)->now;
}

static void verb_free(struct bot_transport *t)
{
        (void)t; /* the test owns it */
}

static const struct bot_transport_verbs sim_verbs = {
                .send_cbw = verb_send_cbw,
                .queue = verb_queue,
                .take = verb_take,
                .release = verb_release,
                .recall = verb_recall,
                .clear_halt = verb_clear_halt,
                .clear_halt_in = verb_clear_halt_in,
                .reset_class = verb_reset_class,
                .get_max_lun = verb_get_max_lun,
                .reset_port = verb_reset_port,
                .pause = verb_pause,
                .mask_cancel = verb_mask,
                .now = verb_now,
                .free = verb_free,
};

void sim_notice(void *userdata, int priority, const char *text)
{
        struct sim *sim = userdata;

        (void)priority;
        sim->notices++;
        (void)text_copy(sim->notice, sizeof(sim->notice), text);
}

void sim_init(struct sim *sim)
{
        *sim = (struct sim){
                        .transport = {.verbs = &sim_verbs},
                        .sectors = 64 * 1024 * 1024 / 512,
                        .sector_size = 512,
                        .hanging = UINT64_MAX,
        };
        for (unsigned int i = 0; i < SIM_DEPTH; i++) {
                sim->slots[i] = malloc(SIM_TRANSFER);
                ck_assert_ptr_nonnull(sim->slots[i]);
        }
}

void sim_done(struct sim *sim)
{
        sim_forget(sim);
        for (unsigned int i = 0; i < SIM_DEPTH; i++)
                free(sim->slots[i]);
}
