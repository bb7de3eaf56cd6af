// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bulk pump: a stream of data of which only its end is known, on the ring of reads.
 *
 * No more is asked for than the data phase still owes: a read too many would swallow the response that
 * follows. Where the device ends its data early all the same, what the surplus reads caught is handed out as
 * 'late'.
 */
#include "usb/usb_state.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <string.h>

struct pump {
        struct usb_device *d;
        struct usb_stream *s;
        uint64_t asked; /* bytes the standing reads ask for together */
        bool begun;     /* the first read has completed */
};

static int pump_fill(struct pump *p)
{
        int64_t deadline = clock_monotonic() + p->s->stall_timeout_ms * USEC_PER_MSEC;

        while (p->asked < p->s->owed) {
                size_t asked;
                int r = usb_device_queue(p->d, p->s->owed - p->asked, &asked);

                if (r == -EAGAIN)
                        return USB_OK;
                if (r == -ENOMEM && clock_monotonic() < deadline)
                        r = usb_device_pause(p->d, USB_MEMORY_PAUSE_MS);
                else if (r == USB_OK)
                        p->asked += asked;
                if (r != USB_OK)
                        return r;
        }
        return USB_OK;
}

static int pump_run(struct pump *p)
{
        while (p->s->owed > 0) {
                struct usb_read read;
                int r = pump_fill(p);

                if (r != USB_OK)
                        return r;
                r = usb_device_take(p->d, &read, p->begun ? p->s->stall_timeout_ms : p->s->first_timeout_ms);
                if (r != USB_OK)
                        return r;
                p->asked -= read.asked;
                p->begun = true;
                r = p->s->on_data(p->s, read.data, read.size, read.size < read.asked);
                if (r != 0)
                        return r;
                usb_device_release(p->d);
        }
        return USB_OK;
}

static void late_keep(void *userdata, const uint8_t *data, size_t size)
{
        struct usb_stream *s = userdata;
        size_t room = s->late_size - s->late_used, n = MIN(room, size);

        if (n > 0)
                memcpy(s->late + s->late_used, data, n);
        s->late_used += n;
        if (n < size)
                s->late_lost = true;
}

int usb_device_stream(struct usb_device *d, struct usb_stream *s)
{
        struct pump p = {.d = d, .s = s};
        int r, recalled;

        s->late_used = 0;
        s->late_lost = false;
        r = pump_run(&p);
        recalled = usb_device_recall(d, late_keep, s);
        return r == USB_OK ? recalled : r;
}
