/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is plugged in, by udev. The rule in udev/ tags recorders with ID_RECDOCK; other devices are announced
 * too, since one that is in a bay and no recorder is for somebody to look at; disks that are media of the
 * archive; and discs that are put into drives, which udev's own cdrom_id looks at. This module turns the
 * monitor's events, an enumeration after the monitor is on, and another one whenever events were lost, into
 * the same calls. They are idempotent for the receiver: a device may be announced twice.
 */

#include <stdint.h>

struct station;
struct watch;

struct watch_device {
        const char *syspath;    /* identity of this plugging-in together with devnum */
        const char *node;       /* /dev/bus/usb/BBB/DDD */
        const char *port;       /* port path: sysname "3-1.4" */
        const char *driver;     /* ID_RECDOCK: "mtp", "ums"; "" no recorder */
        const char *interfaces; /* ID_USB_INTERFACES: ":080650:" */
        const char *serial;     /* iSerial, "" none */
        uint16_t vendor_id, product_id;
        unsigned int devnum;
};

/* A file system on a USB disk that is registered as a medium of the archive: the rule marks it. */
struct watch_medium {
        const char *syspath; /* of the block device */
        const char *uuid;    /* ID_FS_UUID */
        const char *fs_type; /* ID_FS_TYPE */
        const char *port;    /* "3-1.4" */
        uint64_t capacity;   /* bytes of the block device */
};

/* What is in an optical drive. Each is more than those before it. */
enum watch_disc {
        WATCH_DISC_NONE,  /* or the drive is gone */
        WATCH_DISC_SOME,  /* which may be an overwritable one that counts as blank */
        WATCH_DISC_BLANK, /* was never written to */
};

/* What the receivers do, in bay.c, in medium_presence.c and in disc_presence.c. */
void station_device_added(struct station *s, const struct watch_device *device);
void station_device_removed(struct station *s, const char *port);
void station_medium_appeared(struct station *s, const struct watch_medium *medium);
void station_medium_gone(struct station *s, const char *syspath);
void station_disc_seen(struct station *s, const char *drive, enum watch_disc disc);

/* Starts the monitor on the station's loop, then enumerates what is plugged in already. */
int watch_start(struct watch **ret, struct station *s);
void watch_stop(struct watch *w);

/* Compares what is plugged in with what the station believes: announces what is new, removes what is gone.
 */
int watch_reconcile(struct watch *w);
