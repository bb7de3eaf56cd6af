/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the MTP driver share; tests use it to put a simulated device below. */

#include "recorder/mtp/mtp_tree.h"

#define MTP_CHUNK_DEFAULT (16U * 1024 * 1024)

struct mtp_recorder {
        struct recorder recorder; /* first: the seam */
        struct ptp_transport *transport;
        struct usb_device *usb; /* owned by the transport; NULL in tests */
        struct ptp_session session;
        struct quirks quirks;
        struct ptp_device_info info;
        bool has_info;
        struct mtp_tree tree;
};

/* A recorder over any transport, which it owns on success. 0 or -ENOMEM. */
int mtp_recorder_new(struct recorder **ret, struct ptp_transport *transport, const struct recorder_open *how,
                     const struct quirks *quirks);

/* DeviceInfo and an open session: what every verb begins with. */
int mtp_ready(struct mtp_recorder *m);

/* The verb 'read'. */
int mtp_read(struct recorder *r, uint32_t index, int64_t offset, const struct recorder_sink *sink,
             int64_t *ret_size);

/* The verb 'figures'. */
void mtp_figures(const struct recorder *r, struct recorder_figures *ret);

/* Is partial reading to be had at 'offset'? */
bool mtp_can_resume(const struct mtp_recorder *m, int64_t offset, int64_t size);

/* Asks for the object again and compares it with what was listed. RECORDER_ABSENT, RECORDER_MISMATCH. */
int mtp_object_check(struct mtp_recorder *m, const struct mtp_object *o, struct mtp_entry *ret);
