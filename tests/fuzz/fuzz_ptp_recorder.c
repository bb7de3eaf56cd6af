// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A whole docking with a device whose every packet comes out of the input: two bytes of length, then so many
 * bytes, again and again. The bounds of time and count are what is under test: an input that keeps the
 * driver busy is a finding.
 */
#include "fuzz_target.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/mtp/mtp_state.h"

#include <string.h>

#define PACKET    512
#define CALLS_MAX 200000 /* of the transport; more is endless */

struct fuzzed {
        struct ptp_transport transport;
        const uint8_t *data;
        size_t left;
        int64_t now;
        uint32_t transaction; /* of the last command: put into headers so that parsing gets beyond them */
        uint16_t code;
        unsigned int calls;
};

static struct fuzzed *fuzzed_of(struct ptp_transport *t)
{
        struct fuzzed *f = (struct fuzzed *)t;

        if (++f->calls > CALLS_MAX)
                abort();
        f->now += 10;
        return f;
}

/* One packet's worth of input; a set top bit means "as it should be": the transaction and code are
 * corrected. */
static size_t input_take(struct fuzzed *f, uint8_t *buf, size_t room)
{
        size_t n, want;
        bool corrected;

        if (f->left < 2)
                return SIZE_MAX;
        corrected = f->data[1] & 0x80;
        want = (size_t)f->data[0] | (size_t)(f->data[1] & 0x3f) << 8;
        f->data += 2;
        f->left -= 2;
        n = MIN(MIN(want, f->left), room);
        memcpy(buf, f->data, n);
        f->data += n;
        f->left -= n;
        if (corrected && n >= PTP_HEADER_SIZE) {
                memcpy(buf + 8, &f->transaction, 4);
                if (buf[4] == PTP_DATA)
                        memcpy(buf + 6, &f->code, 2);
        }
        return n;
}

static int verb_send(struct ptp_transport *t, const void *data, size_t size, bool end, int timeout_ms)
{
        struct fuzzed *f = fuzzed_of(t);

        (void)end;
        (void)timeout_ms;
        if (size >= PTP_HEADER_SIZE) {
                memcpy(&f->transaction, (const uint8_t *)data + 8, 4);
                memcpy(&f->code, (const uint8_t *)data + 6, 2);
        }
        return USB_OK;
}

static int verb_receive(struct ptp_transport *t, void *data, size_t size, size_t *ret_received,
                        int timeout_ms)
{
        struct fuzzed *f = fuzzed_of(t);
        size_t n = input_take(f, data, size);

        if (n == SIZE_MAX) {
                f->now += timeout_ms * INT64_C(1000);
                return USB_TIMEOUT;
        }
        *ret_received = n;
        return USB_OK;
}

static int verb_stream(struct ptp_transport *t, struct usb_stream *s)
{
        uint8_t buf[16 * 1024];

        while (s->owed > 0) {
                size_t n = 0;
                int r = verb_receive(t, buf, sizeof(buf), &n, s->stall_timeout_ms);

                if (r == USB_OK)
                        r = s->on_data(s, buf, n, n % PACKET != 0 || n == 0);
                if (r != USB_OK)
                        return r;
        }
        return USB_OK;
}

static int verb_control(struct ptp_transport *t, uint8_t request_type, uint8_t request, void *data,
                        uint16_t size, size_t *ret_done, int timeout_ms)
{
        struct fuzzed *f = fuzzed_of(t);
        size_t n = 0;

        (void)request;
        (void)timeout_ms;
        if (request_type & 0x80) {
                n = input_take(f, data, size);
                if (n == SIZE_MAX)
                        return USB_STALL;
        }
        if (ret_done)
                *ret_done = n;
        return USB_OK;
}

static int verb_event(struct ptp_transport *t, void *data, size_t size, size_t *ret_received)
{
        (void)t;
        (void)data;
        (void)size;
        (void)ret_received;
        return USB_TIMEOUT;
}

static int verb_step(struct ptp_transport *t)
{
        (void)fuzzed_of(t);
        return USB_OK;
}

static int verb_pause(struct ptp_transport *t, int milliseconds)
{
        fuzzed_of(t)->now += milliseconds * INT64_C(1000);
        return USB_OK;
}

static void verb_mask(struct ptp_transport *t, bool masked)
{
        (void)t;
        (void)masked;
}

static int64_t verb_now(struct ptp_transport *t)
{
        return fuzzed_of(t)->now;
}

static void verb_free(struct ptp_transport *t)
{
        (void)t;
}

static const struct ptp_transport_verbs verbs = {
                .send = verb_send,
                .receive = verb_receive,
                .stream = verb_stream,
                .control = verb_control,
                .event = verb_event,
                .clear_halt = verb_step,
                .reset = verb_step,
                .pause = verb_pause,
                .mask_cancel = verb_mask,
                .now = verb_now,
                .free = verb_free,
};

static unsigned int n_items;

static int on_item(void *userdata, const struct recorder_item *item)
{
        const char *last = strrchr(item->path, '/');

        if (!text_utf8_valid(item->path) || item->path[0] == '/' || strstr(item->path, "/../") ||
            strncmp(item->path, "../", 3) == 0 || !last || strcmp(last, "/..") == 0 ||
            strcmp(last, "/.") == 0 || last[1] == '\0')
                abort();
        (void)userdata;
        n_items++;
        return 0;
}

static int sink_write(void *userdata, const void *data, size_t size)
{
        (void)userdata;
        (void)data;
        (void)size;
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzzed f = {
                        .transport = {.verbs = &verbs, .packet_size = PACKET}, .data = data, .left = size};
        const struct recorder_sink sink = {.write = sink_write};
        const struct recorder_listener listener = {.on_item = on_item};
        const struct quirks quirks = QUIRKS_NONE;
        struct recorder_open how = {.limits = {.objects = 1000}};
        struct recorder_identity identity;
        struct recorder_clock after;
        struct recorder *r;
        bool complete;
        int64_t whole;

        if (mtp_recorder_new(&r, &f.transport, &how, &quirks) < 0)
                return 0;
        n_items = 0;
        (void)recorder_identify(r, &identity);
        (void)recorder_list(r, &listener, &complete);
        for (uint32_t i = 0; i < MIN(n_items, 3U); i++)
                (void)recorder_read(r, i, i, &sink, &whole);
        (void)recorder_remove(r, 0);
        (void)recorder_set_clock(r, "20261101T080000", &after);
        recorder_free(r);
        return 0;
}
