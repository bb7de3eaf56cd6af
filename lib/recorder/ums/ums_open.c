// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a device node to a recorder: the only part of the driver that opens files. */
#include "recorder/ums/ums_state.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/open_outcome.h"

#include <stdio.h>

/* Small enough that sixteen recorders fit the memory that usbfs gives to all together (16 MiB), and at any
 * speed enough to keep the bus busy. */
#define TRANSFER_SIZE (128 * 1024)
#define DEPTH         8

DEFINE_CLEANUP(struct usb_device *, usb_device_free);

struct adaptation {
        const struct ums_open *how;
        struct quirks quirks;
};

static void adapt(struct usb_device_open *open, uint16_t vendor, uint16_t product, void *userdata)
{
        struct adaptation *a = userdata;

        (void)quirks_find(a->how->quirks, vendor, product, &a->quirks);
        if (open->interface < 0)
                open->interface = a->quirks.interface;
        if (a->quirks.transfer_size)
                open->transfer_size = a->quirks.transfer_size;
        if (a->quirks.depth)
                open->depth = a->quirks.depth;
}

/* USB defined class codes: a disk that is one of these, too, wants to do more to this host than be read. */
static const char *function_name(const struct usb_function *f)
{
        switch (f->interface_class) {
        case 0x02:
        case 0x0a:
                return "a modem or network card";
        case 0x03:
                return "a keyboard or pointing device";
        case 0xe0:
                return "a wireless network card";
        default:
                return NULL;
        }
}

static bool device_harmless(const struct usb_description *d, char *ret_why)
{
        unsigned int n = MIN(d->n_others, (unsigned int)USB_FUNCTIONS_MAX);

        for (unsigned int i = 0; i < n; i++) {
                const char *name = function_name(&d->others[i]);

                if (!name)
                        continue;
                if (ret_why)
                        (void)snprintf(ret_why, RECORDER_HOLDER_MAX, "the disk is also %s (%02x/%02x/%02x)",
                                       name, d->others[i].interface_class, d->others[i].subclass,
                                       d->others[i].protocol);
                return false;
        }
        if (d->n_others > USB_FUNCTIONS_MAX && ret_why)
                (void)snprintf(ret_why, RECORDER_HOLDER_MAX,
                               "the disk has %u more interfaces, at most %d are looked at", d->n_others,
                               USB_FUNCTIONS_MAX);
        return d->n_others <= USB_FUNCTIONS_MAX;
}

static int recorder_make(struct recorder **ret, struct usb_device *usb, const struct ums_open *how,
                         const struct quirks *quirks)
{
        struct bot_transport *transport;
        int r = bot_usb_new(&transport, usb);

        if (r < 0)
                return r;
        r = ums_recorder_new(ret, transport, how, quirks);
        if (r < 0)
                free(transport); /* not the device, which stays the caller's */
        return r;
}

int ums_recorder_open(struct recorder **ret, const struct ums_open *how, char *ret_why)
{
        struct adaptation adaptation = {.how = how, .quirks = QUIRKS_NONE};
        struct usb_device_open open = {
                        .node = how->node,
                        .protocol = USB_STORAGE,
                        .interface = how->interface,
                        .transfer_size = TRANSFER_SIZE,
                        .depth = DEPTH,
                        .no_device_memory = how->no_device_memory,
                        .cancelled = how->cancelled,
                        .userdata = how->userdata,
                        .adapt = adapt,
                        .adapt_userdata = &adaptation,
        };
        _cleanup_(volume_charset_freep) struct volume_charset *charset = NULL;
        _cleanup_(usb_device_freep) struct usb_device *usb = NULL;
        const struct usb_description *description;
        struct ums_recorder *u;
        int r = volume_charset_new(&charset);

        if (r < 0)
                return r;
        r = usb_device_open(&usb, &open);
        if (r == USB_NO_INTERFACE && ret_why)
                (void)snprintf(ret_why, RECORDER_HOLDER_MAX,
                               "it has no interface with Bulk-Only Transport (08/06/50); USB Attached SCSI "
                               "alone is not spoken");
        if (r != USB_OK)
                return recorder_open_outcome(r, how->node, ret_why);
        description = usb_device_description(usb);
        if (!device_harmless(description, ret_why))
                return RECORDER_DENIED;
        r = recorder_make(ret, usb, how, &adaptation.quirks);
        if (r < 0)
                return r;
        u = (struct ums_recorder *)*ret;
        u->usb = TAKE_PTR(usb);
        u->charset = TAKE_PTR(charset);
        (void)text_copy(u->vendor, sizeof(u->vendor), description->manufacturer);
        (void)text_copy(u->product, sizeof(u->product), description->name);
        (void)text_copy(u->serial, sizeof(u->serial), description->serial);
        return RECORDER_OK;
}

void ums_figures(const struct recorder *r, struct recorder_figures *ret)
{
        const struct ums_recorder *u = (const struct ums_recorder *)r;
        struct usb_stream_figures f = {0};

        if (u->usb)
                usb_device_figures(u->usb, &f);
        *ret = (struct recorder_figures){
                        .transfers = f.transfers,
                        .transfer_size = (uint32_t)f.transfer_size,
                        .depth = f.depth,
                        .recoveries = u->bot.recoveries,
                        .zero_copy = f.zero_copy,
        };
}
