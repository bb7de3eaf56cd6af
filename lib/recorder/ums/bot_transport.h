/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seam below Bulk-Only Transport: one interface with bulk IN, bulk OUT and class requests. The real one
 * is a struct usb_device (bot_usb.c); tests put a scripted device behind it, with a clock of its own.
 *
 * The verbs have the meaning of the function of lib/usb they are named after, and give its results: a
 * usb_outcome or a negative errno. The one thing that can go out on bulk OUT is a command block wrapper:
 * there is no verb for data to the device.
 */

#include "usb/usb_device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOT_CBW_SIZE 31

struct bot_transport;

struct bot_transport_verbs {
        int (*send_cbw)(struct bot_transport *t, const uint8_t cbw[BOT_CBW_SIZE], int timeout_ms);
        int (*queue)(struct bot_transport *t, uint64_t size, size_t *ret_asked);
        int (*take)(struct bot_transport *t, struct usb_read *ret, int timeout_ms);
        void (*release)(struct bot_transport *t);
        int (*recall)(struct bot_transport *t);
        int (*clear_halt)(struct bot_transport *t); /* IN, then OUT */
        int (*clear_halt_in)(struct bot_transport *t);
        /* Class requests: Bulk-Only Mass Storage Reset (FF) and Get Max LUN (FE). */
        int (*reset_class)(struct bot_transport *t, int timeout_ms);
        int (*get_max_lun)(struct bot_transport *t, uint8_t *ret, int timeout_ms);
        int (*reset_port)(struct bot_transport *t);
        int (*pause)(struct bot_transport *t, int milliseconds);
        void (*mask_cancel)(struct bot_transport *t, bool masked);
        int64_t (*now)(struct bot_transport *t); /* microseconds, monotonic */
        void (*free)(struct bot_transport *t);
};

struct bot_transport {
        const struct bot_transport_verbs *verbs;
};

/* Wraps 'd', which the transport owns on success. 0 or -ENOMEM. */
int bot_usb_new(struct bot_transport **ret, struct usb_device *d);
