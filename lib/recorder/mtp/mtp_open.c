// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a device node to a recorder: the only part of the driver that opens files. */
#include "recorder/mtp/mtp_state.h"

#include "base/cleanup.h"

#include <stdio.h>

DEFINE_CLEANUP(struct usb_device *, usb_device_free);

struct adaptation {
        const struct recorder_open *how;
        struct quirks quirks;
};

/* What is known of the product, before an interface is chosen. A number the caller gave stands above the
 * quirk's. */
static void adapt(struct usb_device_open *open, uint16_t vendor, uint16_t product, void *userdata)
{
        struct adaptation *a = userdata;

        (void)quirks_find(a->how->quirks, vendor, product, &a->quirks);
        if (open->interface < 0)
                open->interface = a->quirks.interface;
        open->transfer_size = a->quirks.transfer_size;
        open->depth = a->quirks.depth;
}

static void holder_text(const char *node, char *ret)
{
        struct usb_holder holder;

        ret[0] = '\0';
        if (usb_node_holder(node, &holder) == 0 && holder.pid > 0)
                (void)snprintf(ret, MTP_HOLDER_TEXT_MAX, "%s (pid %d)", holder.name, (int)holder.pid);
}

static int outcome_of_open(int r, const char *node, char *ret_holder)
{
        switch (r) {
        case USB_BUSY:
                if (ret_holder)
                        holder_text(node, ret_holder);
                return RECORDER_BUSY;
        case USB_GONE:
                return RECORDER_GONE;
        case USB_NO_INTERFACE:
                return RECORDER_UNSUPPORTED;
        case USB_CANCELLED:
                return RECORDER_CANCELLED;
        default:
                return r < 0 ? r : RECORDER_STALLED;
        }
}

int mtp_recorder_open(struct recorder **ret, const struct recorder_open *how, char *ret_holder)
{
        struct adaptation adaptation = {.how = how, .quirks = QUIRKS_NONE};
        struct usb_device_open open = {
                        .node = how->node,
                        .interface = how->interface,
                        .no_device_memory = how->no_device_memory,
                        .cancelled = how->cancelled,
                        .userdata = how->userdata,
                        .adapt = adapt,
                        .adapt_userdata = &adaptation,
        };
        _cleanup_(usb_device_freep) struct usb_device *usb = NULL;
        struct ptp_transport *transport;
        int r = usb_device_open(&usb, &open);

        if (r != USB_OK)
                return outcome_of_open(r, how->node, ret_holder);
        r = ptp_usb_new(&transport, usb);
        if (r < 0)
                return r;
        r = mtp_recorder_new(ret, transport, how, &adaptation.quirks);
        if (r < 0) {
                free(transport); /* not the device, which the cleanup frees */
                return r;
        }
        ((struct mtp_recorder *)*ret)->usb = TAKE_PTR(usb);
        return RECORDER_OK;
}

void mtp_recorder_figures(const struct recorder *r, struct mtp_figures *ret)
{
        const struct mtp_recorder *m = (const struct mtp_recorder *)r;
        struct usb_stream_figures f = {0};

        if (m->usb)
                usb_device_figures(m->usb, &f);
        *ret = (struct mtp_figures){
                        .transfers = f.transfers,
                        .transfer_size = (uint32_t)f.transfer_size,
                        .depth = f.depth,
                        .recoveries = m->session.recoveries,
                        .zero_copy = f.zero_copy,
        };
}
