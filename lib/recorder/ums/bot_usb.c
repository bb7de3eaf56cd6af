// SPDX-License-Identifier: LGPL-2.1-or-later
/* The transport over a claimed USB interface: each verb is one call into lib/usb. */
#include "recorder/ums/bot_transport.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/* USB Mass Storage Class Bulk-Only Transport 1.0, sections 3.1 and 3.2. */
#define REQUEST_OUT         0x21 /* class, to the interface */
#define REQUEST_IN          0xa1
#define REQUEST_RESET       0xff
#define REQUEST_GET_MAX_LUN 0xfe

struct bot_usb {
        struct bot_transport transport;
        struct usb_device *device;
};

static struct usb_device *device_of(struct bot_transport *t)
{
        return ((struct bot_usb *)t)->device;
}

static int usb_send_cbw(struct bot_transport *t, const uint8_t cbw[BOT_CBW_SIZE], int timeout_ms)
{
        return usb_device_send(device_of(t), cbw, BOT_CBW_SIZE, false, timeout_ms);
}

static int usb_queue(struct bot_transport *t, uint64_t size, size_t *ret_asked)
{
        return usb_device_queue(device_of(t), size, ret_asked);
}

static int usb_take(struct bot_transport *t, struct usb_read *ret, int timeout_ms)
{
        return usb_device_take(device_of(t), ret, timeout_ms);
}

static void usb_release(struct bot_transport *t)
{
        usb_device_release(device_of(t));
}

static int usb_recall(struct bot_transport *t)
{
        return usb_device_recall(device_of(t), NULL, NULL);
}

static int usb_clear_halt(struct bot_transport *t)
{
        return usb_device_clear_halt(device_of(t));
}

static int usb_clear_halt_in(struct bot_transport *t)
{
        return usb_device_clear_halt_in(device_of(t));
}

static int usb_reset_class(struct bot_transport *t, int timeout_ms)
{
        struct usb_device *d = device_of(t);

        return usb_device_control(d, REQUEST_OUT, REQUEST_RESET, 0, usb_device_description(d)->interface,
                                  NULL, 0, NULL, timeout_ms);
}

static int usb_get_max_lun(struct bot_transport *t, uint8_t *ret, int timeout_ms)
{
        struct usb_device *d = device_of(t);
        uint8_t lun = 0;
        size_t done = 0;
        int r = usb_device_control(d, REQUEST_IN, REQUEST_GET_MAX_LUN, 0,
                                   usb_device_description(d)->interface, &lun, 1, &done, timeout_ms);

        if (r == USB_OK)
                *ret = done == 1 ? lun : 0;
        return r;
}

static int usb_reset_port(struct bot_transport *t)
{
        return usb_device_reset(device_of(t));
}

static int usb_pause(struct bot_transport *t, int milliseconds)
{
        return usb_device_pause(device_of(t), milliseconds);
}

static void usb_mask_cancel(struct bot_transport *t, bool masked)
{
        usb_device_mask_cancel(device_of(t), masked);
}

static int64_t usb_now(struct bot_transport *t)
{
        (void)t;
        return clock_monotonic();
}

static void usb_free(struct bot_transport *t)
{
        usb_device_free(device_of(t));
        free(t);
}

static const struct bot_transport_verbs usb_verbs = {
                .send_cbw = usb_send_cbw,
                .queue = usb_queue,
                .take = usb_take,
                .release = usb_release,
                .recall = usb_recall,
                .clear_halt = usb_clear_halt,
                .clear_halt_in = usb_clear_halt_in,
                .reset_class = usb_reset_class,
                .get_max_lun = usb_get_max_lun,
                .reset_port = usb_reset_port,
                .pause = usb_pause,
                .mask_cancel = usb_mask_cancel,
                .now = usb_now,
                .free = usb_free,
};

int bot_usb_new(struct bot_transport **ret, struct usb_device *d)
{
        struct bot_usb *u = calloc(1, sizeof(*u));

        if (!u)
                return -ENOMEM;
        u->transport.verbs = &usb_verbs;
        u->device = d;
        *ret = &u->transport;
        return 0;
}
