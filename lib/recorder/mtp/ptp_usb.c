// SPDX-License-Identifier: LGPL-2.1-or-later
/* The transport over a claimed USB interface: each verb is one call into lib/usb. */
#include "recorder/mtp/ptp_transport.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

struct ptp_usb {
        struct ptp_transport transport;
        struct usb_device *device;
};

static struct usb_device *device_of(struct ptp_transport *t)
{
        return ((struct ptp_usb *)t)->device;
}

static int usb_send(struct ptp_transport *t, const void *data, size_t size, bool end, int timeout_ms)
{
        return usb_device_send(device_of(t), data, size, end, timeout_ms);
}

static int usb_receive(struct ptp_transport *t, void *data, size_t size, size_t *ret_received,
                       int timeout_ms)
{
        return usb_device_receive(device_of(t), data, size, ret_received, timeout_ms);
}

static int usb_stream(struct ptp_transport *t, struct usb_stream *s)
{
        return usb_device_stream(device_of(t), s);
}

static int usb_control(struct ptp_transport *t, uint8_t request_type, uint8_t request, void *data,
                       uint16_t size, size_t *ret_done, int timeout_ms)
{
        struct usb_device *d = device_of(t);

        return usb_device_control(d, request_type, request, 0, usb_device_description(d)->interface, data,
                                  size, ret_done, timeout_ms);
}

static int usb_event(struct ptp_transport *t, void *data, size_t size, size_t *ret_received)
{
        return usb_device_event(device_of(t), data, size, ret_received);
}

static int usb_clear_halt(struct ptp_transport *t)
{
        return usb_device_clear_halt(device_of(t));
}

static int usb_reset(struct ptp_transport *t)
{
        return usb_device_reset(device_of(t));
}

static int usb_pause(struct ptp_transport *t, int milliseconds)
{
        return usb_device_pause(device_of(t), milliseconds);
}

static void usb_mask_cancel(struct ptp_transport *t, bool masked)
{
        usb_device_mask_cancel(device_of(t), masked);
}

static int64_t usb_now(struct ptp_transport *t)
{
        (void)t;
        return clock_monotonic();
}

static void usb_free(struct ptp_transport *t)
{
        usb_device_free(device_of(t));
        free(t);
}

static const struct ptp_transport_verbs usb_verbs = {
                .send = usb_send,
                .receive = usb_receive,
                .stream = usb_stream,
                .control = usb_control,
                .event = usb_event,
                .clear_halt = usb_clear_halt,
                .reset = usb_reset,
                .pause = usb_pause,
                .mask_cancel = usb_mask_cancel,
                .now = usb_now,
                .free = usb_free,
};

int ptp_usb_new(struct ptp_transport **ret, struct usb_device *d)
{
        struct ptp_usb *u = calloc(1, sizeof(*u));

        if (!u)
                return -ENOMEM;
        u->transport.verbs = &usb_verbs;
        u->transport.packet_size = usb_device_packet_size(d);
        u->device = d;
        *ret = &u->transport;
        return 0;
}
