// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the words of lib/usb to those of the seam, where a device cannot be opened. */
#include "recorder/open_outcome.h"

#include "recorder/recorder.h"
#include "usb/usb_device.h"

#include <stdio.h>

static void holder_text(const char *node, char *ret)
{
        struct usb_holder holder;

        ret[0] = '\0';
        if (usb_node_holder(node, &holder) == 0 && holder.pid > 0)
                (void)snprintf(ret, RECORDER_HOLDER_MAX, "%s (pid %d)", holder.name, (int)holder.pid);
}

int recorder_open_outcome(int r, const char *node, char *ret_holder)
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
