// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Interrupt packets. One read stands on the endpoint; what it brings is kept in a short queue until the
 * session looks. While the queue is full no read stands, so a device that floods events costs a fixed amount
 * of memory and no time.
 */
#include "usb/usb_state.h"

#include "base/cleanup.h"

#include <string.h>

static void event_take(struct usb_device *d)
{
        struct libusb_transfer *t = d->event_job->transfer;
        struct usb_event_packet *p;

        if (!d->event_job->done)
                return;
        d->event_job->done = 0;
        if (t->status != LIBUSB_TRANSFER_COMPLETED) {
                d->event_broken = true;
                return;
        }
        if (t->actual_length <= 0 || d->event_count == USB_EVENTS_KEPT)
                return;
        p = &d->events[(d->event_first + d->event_count++) % USB_EVENTS_KEPT];
        p->size = MIN((size_t)t->actual_length, sizeof(p->data));
        memcpy(p->data, d->event_data, p->size);
}

static int event_arm(struct usb_device *d)
{
        int r;

        if (!d->interrupt_in || d->event_broken || d->event_count == USB_EVENTS_KEPT)
                return 0;
        if (!d->event_job) {
                r = usb_job_new(&d->event_job);
                if (r < 0)
                        return r;
        }
        if (d->event_job->flying)
                return 0;
        libusb_fill_interrupt_transfer(d->event_job->transfer, d->handle, d->interrupt_in, d->event_data,
                                       d->packet_interrupt, NULL, NULL, 0);
        r = usb_job_submit(d, d->event_job);
        if (r != USB_OK)
                d->event_broken = true; /* events are a courtesy; a device without them works */
        return 0;
}

int usb_device_event(struct usb_device *d, void *data, size_t size, size_t *ret_received)
{
        struct timeval now = {0};
        struct usb_event_packet *p;
        int r;

        if (d->gone || d->dead)
                return USB_GONE;
        r = event_arm(d);
        if (r < 0)
                return r;
        if (d->event_job && d->event_job->flying)
                (void)libusb_handle_events_timeout_completed(d->context, &now, &d->event_job->done);
        if (d->event_job)
                event_take(d);
        if (d->event_count == 0)
                return USB_TIMEOUT;
        p = &d->events[d->event_first];
        *ret_received = MIN(p->size, size);
        memcpy(data, p->data, *ret_received);
        d->event_first = (d->event_first + 1) % USB_EVENTS_KEPT;
        d->event_count--;
        return USB_OK;
}

void usb_events_stop(struct usb_device *d)
{
        if (!d->event_job)
                return;
        if (usb_job_recall(d, d->event_job) && d->event_job->done)
                d->event_job->done = 0;
}
