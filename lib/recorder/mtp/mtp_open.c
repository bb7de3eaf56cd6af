// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a device node to a recorder: the only part of the driver that opens files. */
#include "recorder/mtp/mtp_state.h"

#include "base/cleanup.h"
#include "recorder/open_outcome.h"

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
                return recorder_open_outcome(r, how->node, ret_holder);
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

void mtp_figures(const struct recorder *r, struct recorder_figures *ret)
{
        const struct mtp_recorder *m = (const struct mtp_recorder *)r;
        struct usb_stream_figures f = {0};

        if (m->usb)
                usb_device_figures(m->usb, &f);
        *ret = (struct recorder_figures){
                        .transfers = f.transfers,
                        .transfer_size = (uint32_t)f.transfer_size,
                        .depth = f.depth,
                        .recoveries = m->session.recoveries,
                        .zero_copy = f.zero_copy,
        };
}
