// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Opening and closing. The node is opened by open(2) and wrapped: no bus scan, no hotplug monitor, and a
 * descriptor that later survives the loss of every right to open files. Texts of the device are read once,
 * here.
 */
#include "usb/usb_state.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "usb/usb_interface.h"
#include "usb/utf16.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define TEXT_TIMEOUT_MS 1000
#define LOCK_AGAIN      (50 * USEC_PER_MSEC)
#define LANGUAGE_US     0x0409

void usb_text_read(struct usb_device *d, uint8_t index, char ret[USB_TEXT_MAX])
{
        uint8_t raw[255];
        size_t done = 0;

        ret[0] = '\0';
        if (index == 0)
                return;
        if (usb_device_control(d, LIBUSB_ENDPOINT_IN, LIBUSB_REQUEST_GET_DESCRIPTOR,
                               (uint16_t)(LIBUSB_DT_STRING << 8 | index), LANGUAGE_US, raw, sizeof(raw),
                               &done, TEXT_TIMEOUT_MS) != USB_OK)
                return;
        if (done < 2 || raw[1] != LIBUSB_DT_STRING)
                return;
        done = MIN(done, (size_t)raw[0]);
        if (done <= 2)
                return;
        (void)utf16_to_utf8(raw + 2, (done - 2) / 2, ret, USB_TEXT_MAX, NULL);
        text_make_printable(ret);
}

static bool names_mtp(void *userdata, uint8_t index)
{
        char text[USB_TEXT_MAX];

        usb_text_read(userdata, index, text);
        return strstr(text, "MTP") != NULL;
}

static int context_new(libusb_context **ret)
{
        int r;

#if defined(LIBUSB_API_VERSION) && LIBUSB_API_VERSION >= 0x0100010A
        const struct libusb_init_option options[] = {{.option = LIBUSB_OPTION_NO_DEVICE_DISCOVERY}};

        r = libusb_init_context(ret, options, ELEMENTSOF(options));
#else
        r = libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        if (r == LIBUSB_SUCCESS)
                r = libusb_init(ret);
#endif
        return usb_outcome_of_error(r);
}

/* Long enough for one who has it to put things in order and end. */
static const int64_t lock_timeout = 20 * USEC_PER_SEC;

/* Taking an interface from a driver of the kernel that writes at that moment would tear a file system: see
 * clear_lock.h in the daemon. */
static int node_lock(struct usb_device *d)
{
        const struct timespec pause = {.tv_nsec = LOCK_AGAIN * 1000};
        int64_t until = clock_monotonic() + lock_timeout;

        for (;;) {
                if (flock(d->fd, LOCK_EX | LOCK_NB) == 0)
                        return USB_OK;
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                if (usb_device_cancelled(d))
                        return USB_CANCELLED;
                if (clock_monotonic() >= until)
                        return USB_BUSY;
                (void)nanosleep(&pause, NULL);
        }
}

static int node_wrap(struct usb_device *d, const char *node)
{
        int r;

        /* open(), not openat(): the test bed's preload recognises device nodes only there. */
        d->fd = open(node, O_RDWR | O_CLOEXEC);
        if (d->fd < 0)
                return errno == ENODEV || errno == ENXIO || errno == ENOENT ? USB_GONE : -errno;
        r = node_lock(d);
        if (r != USB_OK)
                return r;
        r = context_new(&d->context);
        if (r != USB_OK)
                return r;
        return usb_outcome_of_error(libusb_wrap_sys_device(d->context, (intptr_t)d->fd, &d->handle));
}

static bool interface_choose(struct usb_device *d, const struct libusb_config_descriptor *config,
                             const struct usb_device_open *how, struct usb_interface *ret)
{
        if (how->protocol == USB_STORAGE)
                return usb_interface_choose_storage(config, how->interface, ret);
        return usb_interface_choose(config, how->interface, names_mtp, d, ret);
}

static int interface_find(struct usb_device *d, const struct usb_device_open *how)
{
        struct libusb_config_descriptor *config;
        struct usb_interface found;
        bool ok;
        int r = libusb_get_active_config_descriptor(libusb_get_device(d->handle), &config);

        if (r == LIBUSB_ERROR_NOT_FOUND)
                return USB_NO_INTERFACE;
        if (r < 0)
                return usb_outcome_of_error(r);
        ok = interface_choose(d, config, how, &found);
        if (ok)
                d->description.n_others = usb_interface_others(config, found.number, d->description.others);
        libusb_free_config_descriptor(config);
        if (!ok)
                return USB_NO_INTERFACE;
        d->description.interface = found.number;
        d->description.interface_class = found.interface_class;
        d->description.packet_size = found.packet_in;
        d->alternates = found.alternates;
        d->alternate = found.alternate;
        d->bulk_in = found.bulk_in;
        d->bulk_out = found.bulk_out;
        d->packet_out = found.packet_out;
        d->interrupt_in = found.interrupt_in;
        d->packet_interrupt = MIN(found.packet_interrupt, (uint16_t)sizeof(d->event_data));
        return USB_OK;
}

int usb_alternate_select(struct usb_device *d)
{
        if (!d->alternates)
                return USB_OK;
        return usb_outcome_of_error(
                        libusb_set_interface_alt_setting(d->handle, d->description.interface, d->alternate));
}

static int interface_claim(struct usb_device *d)
{
        int r;

        (void)libusb_set_auto_detach_kernel_driver(d->handle, 1);
        r = usb_outcome_of_error(libusb_claim_interface(d->handle, d->description.interface));
        d->claimed = r == USB_OK;
        return r == USB_OK ? usb_alternate_select(d) : r;
}

static int product_read(struct usb_device *d)
{
        struct libusb_device_descriptor raw;
        libusb_device *device = libusb_get_device(d->handle);
        int r = libusb_get_device_descriptor(device, &raw);

        if (r < 0)
                return usb_outcome_of_error(r);
        d->description.vendor = raw.idVendor;
        d->description.product = raw.idProduct;
        d->description.release = raw.bcdDevice;
        d->description.speed = (uint8_t)MAX(libusb_get_device_speed(device), 0);
        return USB_OK;
}

static int texts_read(struct usb_device *d)
{
        struct libusb_device_descriptor raw;
        int r = libusb_get_device_descriptor(libusb_get_device(d->handle), &raw);

        if (r < 0)
                return usb_outcome_of_error(r);
        usb_text_read(d, raw.iManufacturer, d->description.manufacturer);
        usb_text_read(d, raw.iProduct, d->description.name);
        usb_text_read(d, raw.iSerialNumber, d->description.serial);
        return d->gone ? USB_GONE : USB_OK;
}

/* What was asked for, brought inside the bounds; less by default on links where a large read would take
 * seconds. */
static int ring_new(struct usb_device *d, const struct usb_device_open *how)
{
        bool slow = d->description.speed == LIBUSB_SPEED_LOW || d->description.speed == LIBUSB_SPEED_FULL;
        size_t size = how->transfer_size, packet = d->description.packet_size;
        unsigned int depth = how->depth ? how->depth : USB_DEPTH_DEFAULT;

        if (size == 0)
                size = slow ? USB_TRANSFER_SIZE_MIN : USB_TRANSFER_SIZE_DEFAULT;
        size = MIN(MAX(size, (size_t)USB_TRANSFER_SIZE_MIN), (size_t)USB_TRANSFER_SIZE_MAX);
        if (packet > 0)
                size -= size % packet;
        depth = MIN(depth, (unsigned int)USB_DEPTH_MAX);
        depth = MIN(depth, (unsigned int)(USB_RING_MAX / MAX(size, (size_t)1)));
        return usb_slots_new(d, size, depth);
}

DEFINE_CLEANUP(struct usb_device *, usb_device_free);

static int device_prepare(struct usb_device *d, const struct usb_device_open *how)
{
        struct usb_device_open adapted = *how;
        int r = product_read(d);

        if (r != USB_OK)
                return r;
        if (how->adapt)
                how->adapt(&adapted, d->description.vendor, d->description.product, how->adapt_userdata);
        r = interface_find(d, &adapted);
        if (r != USB_OK)
                return r;
        r = interface_claim(d);
        if (r != USB_OK)
                return r;
        r = texts_read(d);
        if (r != USB_OK)
                return r;
        return ring_new(d, &adapted);
}

int usb_device_open(struct usb_device **ret, const struct usb_device_open *how)
{
        _cleanup_(usb_device_freep) struct usb_device *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        d->fd = -EBADF;
        d->exact = how->protocol == USB_STORAGE;
        d->no_device_memory = how->no_device_memory;
        d->cancelled = how->cancelled;
        d->userdata = how->userdata;
        r = node_wrap(d, how->node);
        if (r == USB_OK)
                r = device_prepare(d, how);
        if (r != USB_OK)
                return r;
        *ret = TAKE_PTR(d);
        return USB_OK;
}

static void abandoned_free(struct usb_device *d)
{
        while (d->abandoned) {
                struct usb_job *j = d->abandoned;

                d->abandoned = j->next_abandoned;
                usb_job_free(j);
        }
}

void usb_device_free(struct usb_device *d)
{
        if (!d)
                return;
        if (d->handle) {
                usb_events_stop(d);
                usb_slots_free(d);
                if (d->claimed)
                        (void)libusb_release_interface(d->handle, d->description.interface);
                libusb_close(d->handle);
        }
        if (d->event_job)
                usb_job_free(d->event_job);
        abandoned_free(d);
        if (d->context)
                libusb_exit(d->context);
        d->fd = fd_close(d->fd);
        free(d);
}

const struct usb_description *usb_device_description(const struct usb_device *d)
{
        return &d->description;
}

size_t usb_device_packet_size(const struct usb_device *d)
{
        return d->description.packet_size;
}
