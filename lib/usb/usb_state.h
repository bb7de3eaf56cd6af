/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of this room share about one open device. Nobody outside lib/usb includes this. */

#include "usb/usb_device.h"

#include <libusb.h>

#define USB_SLICE_MS        100  /* the cancel hook is looked at this often */
#define USB_CANCEL_BOUND_MS 2000 /* for the kernel to hand back a cancelled transfer */
#define USB_EVENT_SIZE      64
#define USB_EVENTS_KEPT     16

/* One transfer with the mark its completion leaves. */
struct usb_job {
        struct libusb_transfer *transfer;
        int done;
        bool flying; /* submitted, and not yet handed back by libusb */
        struct usb_job *next_abandoned;
};

struct usb_slot {
        struct usb_job *job;
        uint8_t *data;
        bool device_memory;
        size_t asked;
};

/* Where the ring is; see usb_ring.c. */
struct usb_ring {
        unsigned int head;
        unsigned int taken;
        unsigned int flying;
};

struct usb_event_packet {
        uint8_t data[USB_EVENT_SIZE];
        size_t size;
};

struct usb_device {
        int fd;
        libusb_context *context;
        libusb_device_handle *handle;
        struct usb_description description;
        bool claimed;
        bool gone;
        bool dead; /* a transfer was abandoned: no event is handled any more, so that nothing is written to
                      freed memory */
        bool alternates; /* the interface has several settings, 'alternate' is ours */
        uint8_t alternate;
        uint8_t bulk_in, bulk_out, interrupt_in;
        uint16_t packet_out, packet_interrupt;
        bool no_device_memory;
        bool exact; /* a read asks for no byte more than it is told to */
        usb_cancelled_fn *cancelled;
        void *userdata;
        bool cancel_masked;
        struct usb_job *abandoned;

        struct usb_slot slots[USB_DEPTH_MAX];
        unsigned int slots_used; /* allocated */
        struct usb_ring ring;
        size_t slot_size; /* bytes each slot's memory has */
        struct usb_stream_figures figures;

        struct usb_job *event_job;
        bool event_broken;
        uint8_t event_data[1024];
        struct usb_event_packet events[USB_EVENTS_KEPT];
        unsigned int event_first, event_count;
};

/* Maps a libusb error (negative) or transfer status to an outcome. */
int usb_outcome_of_error(int error);
int usb_outcome_of_status(enum libusb_transfer_status status);

/* What the caller's hook says, unless it is masked. */
bool usb_device_cancelled(const struct usb_device *d);

int usb_job_new(struct usb_job **ret);
void usb_job_free(struct usb_job *j);
int usb_job_submit(struct usb_device *d, struct usb_job *j);

/* Handles events until the job is done, 'timeout_ms' has passed, or the cancel hook says so. Cancels
 * nothing. */
int usb_job_wait(struct usb_device *d, struct usb_job *j, int timeout_ms);

/* Cancels a flying job and waits for the kernel to hand it back; false when it did not, and the device is
 * dead then. */
bool usb_job_recall(struct usb_device *d, struct usb_job *j);

/* The memory of the ring's reads; called once at open. */
int usb_slots_new(struct usb_device *d, size_t transfer_size, unsigned int depth);
void usb_slots_free(struct usb_device *d);

/* Selects the interface's setting, where there is a choice: a claim and a reset both leave the first one. */
int usb_alternate_select(struct usb_device *d);

/* Ends the standing interrupt read. */
void usb_events_stop(struct usb_device *d);

/* A string descriptor as printable UTF-8; "" for index 0 or when the device does not give it. */
void usb_text_read(struct usb_device *d, uint8_t index, char ret[USB_TEXT_MAX]);
