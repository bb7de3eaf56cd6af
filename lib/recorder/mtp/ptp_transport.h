/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seam below a PTP session: one interface with bulk IN, bulk OUT, an interrupt endpoint and class
 * requests. The real one is a struct usb_device (ptp_usb.c); tests put a simulated device behind it, with a
 * clock of its own.
 *
 * The verbs have the meaning of the function of lib/usb they are named after, and give its results: a
 * usb_outcome or a negative errno.
 */

#include "usb/usb_device.h"

struct ptp_transport;

struct ptp_transport_verbs {
        int (*send)(struct ptp_transport *t, const void *data, size_t size, bool end, int timeout_ms);
        int (*receive)(struct ptp_transport *t, void *data, size_t size, size_t *ret_received,
                       int timeout_ms);
        int (*stream)(struct ptp_transport *t, struct usb_stream *s);
        /* A class request to the interface. */
        int (*control)(struct ptp_transport *t, uint8_t request_type, uint8_t request, void *data,
                       uint16_t size, size_t *ret_done, int timeout_ms);
        int (*event)(struct ptp_transport *t, void *data, size_t size, size_t *ret_received);
        int (*clear_halt)(struct ptp_transport *t);
        int (*reset)(struct ptp_transport *t);
        int (*pause)(struct ptp_transport *t, int milliseconds);
        void (*mask_cancel)(struct ptp_transport *t, bool masked);
        int64_t (*now)(struct ptp_transport *t); /* microseconds, monotonic */
        void (*free)(struct ptp_transport *t);
};

struct ptp_transport {
        const struct ptp_transport_verbs *verbs;
        size_t packet_size; /* of bulk IN */
};

/* Wraps 'd', which the transport owns on success. 0 or -ENOMEM. */
int ptp_usb_new(struct ptp_transport **ret, struct usb_device *d);
