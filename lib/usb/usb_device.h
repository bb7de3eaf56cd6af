/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One claimed interface of one USB device, over libusb. Everything that waits does so in the calling thread,
 * within the time the caller gives, and looks at the caller's cancel hook at least every 100 ms.
 *
 * Functions return USB_OK, a positive usb_outcome, or a negative errno for a failure of this host. One
 * object belongs to one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USB_TEXT_MAX              128
#define USB_TRANSFER_SIZE_DEFAULT (256 * 1024)
#define USB_DEPTH_DEFAULT         4
#define USB_TRANSFER_SIZE_MIN     (16 * 1024)
#define USB_TRANSFER_SIZE_MAX     (1024 * 1024)
#define USB_DEPTH_MAX             16
#define USB_RING_MAX              (4 * 1024 * 1024) /* transfer size x depth */

enum usb_outcome {
        USB_OK = 0,
        USB_GONE = 1,         /* unplugged, or the device left the bus */
        USB_STALL = 2,        /* the endpoint answered STALL; usb_device_clear_halt() frees it */
        USB_TIMEOUT = 3,      /* nothing within the time given */
        USB_OVERFLOW = 4,     /* the device sent more than one packet may carry (babble) */
        USB_CANCELLED = 5,    /* the cancel hook said so */
        USB_BUSY = 6,         /* another process or driver holds the interface */
        USB_IO = 7,           /* the transfer failed on the bus */
        USB_NO_INTERFACE = 8, /* the device has no interface that this driver speaks */
        _USB_OUTCOME_MAX,
};

/* "gone", "stall", …; "unknown" for a value outside the enum. */
const char *usb_outcome_text(int outcome);

/* True ends the wait that called it with USB_CANCELLED. Runs in the waiting thread; it may read a flag that
 * any thread sets. */
typedef bool usb_cancelled_fn(void *userdata);

/* What an interface is taken for. */
enum usb_protocol {
        USB_PTP,     /* still image, or a vendor's interface named MTP */
        USB_STORAGE, /* SCSI over Bulk-Only Transport, in whichever alternate setting */
};

struct usb_device_open {
        const char *node; /* "/dev/bus/usb/003/007" */
        enum usb_protocol protocol;
        int interface;         /* bInterfaceNumber, -1: choose (usb_interface.h) */
        size_t transfer_size;  /* of one bulk read of a stream; 0: USB_TRANSFER_SIZE_DEFAULT, less on a slow
                                  link */
        unsigned int depth;    /* bulk reads in flight; 0: USB_DEPTH_DEFAULT */
        bool no_device_memory; /* never ask the kernel for memory the controller can write to directly */
        usb_cancelled_fn *cancelled; /* NULL: never */
        void *userdata;
        /* Called when the product is known and before an interface is taken: may change interface,
         * transfer_size and depth. NULL: not. */
        void (*adapt)(struct usb_device_open *how, uint16_t vendor, uint16_t product, void *adapt_userdata);
        void *adapt_userdata;
};

struct usb_device;

/*
 * Opens the node, locks it (flock(2), so that one works with a device at a time, recdock-clear included;
 * waits up to 20 s), takes the interface (a kernel driver is detached and comes back at close) and finds its
 * bulk IN, bulk OUT and interrupt IN endpoints. Opens files: call it before a sandbox. USB_BUSY when the
 * device is locked or the interface is taken (usb_node_holder() tells by whom), USB_CANCELLED,
 * USB_NO_INTERFACE, USB_GONE; negative errno from open(2).
 */
int usb_device_open(struct usb_device **ret, const struct usb_device_open *how);

/* Gives the interface back and frees. A transfer that the kernel never hands back is abandoned, not waited
 * for. */
void usb_device_free(struct usb_device *d);

#define USB_FUNCTIONS_MAX 32

struct usb_function {
        uint8_t interface_class;
        uint8_t subclass;
        uint8_t protocol;
};

/* What the device says of itself: descriptors read at open, texts bounded, printable UTF-8, "" when it has
 * none. */
struct usb_description {
        uint16_t vendor;
        uint16_t product;
        uint16_t release; /* bcdDevice */
        uint8_t interface;
        uint8_t interface_class; /* 6 still image, 255 vendor */
        uint8_t speed;           /* enum libusb_speed: 1 low, 2 full, 3 high, 4 super, 5 super+ */
        uint16_t packet_size;    /* of bulk IN */
        /* What the device is besides: its other interfaces in the active configuration, all their settings.
         */
        struct usb_function others[USB_FUNCTIONS_MAX];
        unsigned int n_others; /* may be more than USB_FUNCTIONS_MAX */
        char manufacturer[USB_TEXT_MAX];
        char name[USB_TEXT_MAX];
        char serial[USB_TEXT_MAX];
};

const struct usb_description *usb_device_description(const struct usb_device *d);

/* Bytes per packet of the bulk IN endpoint. */
size_t usb_device_packet_size(const struct usb_device *d);

/*
 * Sends 'size' bytes on bulk OUT; when they fill their last packet and 'end' is set, an empty packet
 * follows, as the end of a PTP container demands (USB Still Image Capture Device 1.0, section 7).
 */
int usb_device_send(struct usb_device *d, const void *data, size_t size, bool end, int timeout_ms);

/* One read from bulk IN. 'size' must be a multiple of the packet size. An empty packet gives USB_OK and zero
 * bytes. */
int usb_device_receive(struct usb_device *d, void *data, size_t size, size_t *ret_received, int timeout_ms);

/* A control transfer on endpoint 0 (direction in request_type's top bit). *ret_done may be NULL. */
int usb_device_control(struct usb_device *d, uint8_t request_type, uint8_t request, uint16_t value,
                       uint16_t index, void *data, uint16_t size, size_t *ret_done, int timeout_ms);

/* Takes the oldest interrupt packet that has come, without waiting. USB_TIMEOUT when there is none. */
int usb_device_event(struct usb_device *d, void *data, size_t size, size_t *ret_received);

/* Clears the halt of bulk IN and bulk OUT. */
int usb_device_clear_halt(struct usb_device *d);

/* Clears the halt of bulk IN alone. */
int usb_device_clear_halt_in(struct usb_device *d);

/* Resets the port. USB_GONE when the device came back as another one. */
int usb_device_reset(struct usb_device *d);

/* Waits, unless cancelled or gone. */
int usb_device_pause(struct usb_device *d, int milliseconds);

/* While masked the cancel hook is not asked: for the short exchange that ends a cancelled transaction in
 * order. */
void usb_device_mask_cancel(struct usb_device *d, bool masked);

/*
 * The ring of reads: each stands on bulk IN until the device fills it or ends it with a short packet;
 * several stand there at once and complete in order.
 */
struct usb_read {
        const uint8_t *data; /* valid until usb_device_release() */
        size_t size;
        size_t asked; /* more than size: a short or empty packet has ended the read */
};

/*
 * Adds one read of 'size' bytes, of PTP rounded up to packets, or less when that is more than one read may
 * have; *ret_asked says how much. -EAGAIN when the ring is full: take something first. -ENOMEM when no read
 * stands and the kernel has no memory for one: other devices have it, try again after USB_MEMORY_PAUSE_MS.
 */
int usb_device_queue(struct usb_device *d, uint64_t size, size_t *ret_asked);

#define USB_MEMORY_PAUSE_MS 20

/*
 * Waits for the oldest read. After USB_TIMEOUT and USB_CANCELLED it still stands; after any other failure it
 * is over, and the ones behind it are best called back.
 */
int usb_device_take(struct usb_device *d, struct usb_read *ret, int timeout_ms);

/* Gives the memory of all reads taken so far back to the ring. */
void usb_device_release(struct usb_device *d);

typedef void usb_late_fn(void *userdata, const uint8_t *data, size_t size);

/* Calls all standing reads back, and hands out what they had caught ('late' may be NULL). The ring is empty
 * then. USB_OK, or USB_GONE when the kernel kept one. */
int usb_device_recall(struct usb_device *d, usb_late_fn *late, void *userdata);

/* A stream of bulk IN data: several reads in flight, delivered in order. */
struct usb_stream {
        /*
         * In: bytes the device still owes, as far as the caller knows; UINT64_MAX when it does not know.
         * on_data() sets it anew at every call: no more reads are started than it asks for, and 0 ends the
         * stream.
         */
        uint64_t owed;
        /* 'ended': a short or empty packet closed this read. A value other than 0 ends the stream and is
         * returned. */
        int (*on_data)(struct usb_stream *s, const uint8_t *data, size_t size, bool ended);
        void *userdata;
        int first_timeout_ms; /* until the first byte */
        int stall_timeout_ms; /* between two reads that complete */
        /* Out: what reads already under way brought after the end, in order; the next container, as a rule.
         */
        uint8_t *late;
        size_t late_size; /* room in late */
        size_t late_used;
        bool late_lost; /* more came than late has room for */
};

/* Runs until on_data() ends it. The time on_data() takes itself is not counted. */
int usb_device_stream(struct usb_device *d, struct usb_stream *s);

struct usb_stream_figures {
        uint64_t transfers; /* reads of the ring completed since open */
        uint64_t bytes;
        size_t transfer_size; /* now, after what NO_MEM took away */
        unsigned int depth;
        bool zero_copy; /* the reads go into memory of usbfs */
};

void usb_device_figures(const struct usb_device *d, struct usb_stream_figures *ret);

/* Who else has the node open: the first such process. "" and 0 when none can be seen. Reads /proc: before a
 * sandbox. */
struct usb_holder {
        pid_t pid;
        char name[64];
};

int usb_node_holder(const char *node, struct usb_holder *ret);
