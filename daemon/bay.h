/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Bays: the physical USB ports of the station, by port path. A configured bay has the number on its label; a
 * port nobody configured is a bay named by its port path, made when a recorder is first plugged in there.
 *
 * What is no recorder is never touched. In a configured bay a disk is alerted as unknown-device, and a
 * keyboard or a network card as suspicious-device; so is, in any bay, a recorder that is one of these as
 * well, and it is refused. The alert is cleared when the device goes.
 */

#include "base/clock.h"
#include "catalogue/docking.h"

#include <stdbool.h>

struct station;
struct docking;

struct bay {
        struct bay *next;
        char *name;
        char *port;
        bool configured;
        struct docking *docking;   /* who is in it, NULL empty */
        unsigned int stranger;     /* devnum of what is in it and is left alone, 0 none */
        const char *stranger_kind; /* of the alert about it */
        char stranger_subject[64];
        /* Who was in it last, for telling that it comes back in another mode. */
        struct {
                int64_t docking; /* 0 nobody */
                int64_t at;      /* monotonic */
                int64_t recorder;
                uint16_t vendor_id, product_id;
                char usb_serial[128];
        } left;
};

/* Clears alerts about devices that were in a bay when recdockd ended, and are not any more. */
void bays_settle_alerts(struct station *s);

/* Brings the list in line with the configuration; a bay with a docking keeps it. */
int bays_configure(struct station *s);
void bays_free(struct station *s);

/* The bay of a port, made when there is none. NULL when memory is out. */
struct bay *bay_for_port(struct station *s, const char *port);

/* What is on this port is a registered medium of the archive, which is known a moment after it is a disk. */
void bay_has_medium(struct station *s, const char *port);
