/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of this driver share; tests use it to put a scripted device below. */

#include "recorder/ums/disk.h"
#include "recorder/ums/ums_recorder.h"
#include "recorder/ums/volume.h"

struct ums_recorder;

struct ums_unit {
        struct block_unit *disk; /* NULL: none, or without a medium */
        int outcome;             /* of disk_open() */
        struct scsi_inquiry inquiry;
        bool has_inquiry;
};

struct ums_volume {
        struct ums_recorder *owner;
        struct volume *volume;
        struct block_unit *disk; /* not owned */
        uint8_t lun;
        uint64_t offset;              /* in the unit, bytes */
        char root[RECORDER_TEXT_MAX]; /* first component of its items' paths */
};

/* What it takes to read an item again. */
struct ums_file {
        struct volume_file file;
        uint8_t volume;
};

struct ums_recorder {
        struct recorder recorder; /* first: the seam */
        struct bot_transport *transport;
        struct usb_device *usb; /* owned by the transport; NULL in tests */
        struct bot bot;
        struct disk_limits disk_limits;
        struct ums_limits limits;
        void (*notice)(void *userdata, int priority, const char *text);
        void *userdata;
        struct volume_charset *charset;
        char vendor[RECORDER_TEXT_MAX], product[RECORDER_TEXT_MAX], serial[RECORDER_TEXT_MAX]; /* USB's */

        bool ready;    /* units and volumes were looked for */
        bool complete; /* and all that was found there can be listed */
        struct ums_unit units[UMS_UNITS_MAX];
        unsigned int n_units;
        struct ums_volume volumes[UMS_VOLUMES_MAX];
        unsigned int n_volumes;

        struct recorder_finding findings[UMS_FINDINGS_MAX];
        unsigned int n_findings, findings_lost;
        const struct recorder_listener *listener; /* while a listing runs */
        int listener_result;                      /* what its on_finding returned */

        struct ums_file *files;
        uint32_t n_files, room;
        uint32_t left_out; /* files, in this listing */
};

/* A recorder over any transport, which it owns on success. 0 or -ENOMEM. */
int ums_recorder_new(struct recorder **ret, struct bot_transport *transport, const struct ums_open *how,
                     const struct quirks *quirks);

/* Units and volumes: what every verb begins with. */
int ums_ready(struct ums_recorder *u);
/* Forgets them, and all items. */
void ums_forget(struct ums_recorder *u);

/* Hands a finding on to the listing under way, or keeps it for the next one. */
void ums_finding(struct ums_recorder *u, const char *kind, const char *place, const char *text);

/* One of the media was exchanged: what was listed is not there any more. */
bool ums_changed(const struct ums_recorder *u);

/* Outcomes after which asking the device for anything more is of no use. */
bool ums_is_end(const struct ums_recorder *u, int r);

/* The verbs 'list' and 'read'. */
int ums_list(struct recorder *r, const struct recorder_listener *to, bool *ret_complete);
int ums_read(struct recorder *r, uint32_t index, int64_t offset, const struct recorder_sink *sink,
             int64_t *ret_size);

/* The verb 'figures'. */
void ums_figures(const struct recorder *r, struct recorder_figures *ret);
