/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a USB device is by its interfaces, and the name by which the udev rule knows a registered recorder.
 * Both sides of what udev and recdockd have to agree on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum usb_kind {
        USB_KIND_DISK = 1 << 0,    /* mass storage, SCSI: Bulk-Only Transport or UAS (08/06/50, 08/06/62) */
        USB_KIND_INPUT = 1 << 1,   /* human interface device (03): a keyboard, or what types like one */
        USB_KIND_NETWORK = 1 << 2, /* communications (02), CDC data (0a), wireless controller (e0) */
        USB_KIND_HUB = 1 << 3,
};

/* What no recorder is: it would act on the station rather than be read by it. */
#define USB_KIND_SUSPICIOUS (USB_KIND_INPUT | USB_KIND_NETWORK)

/* 'interfaces' as udev's ID_USB_INTERFACES, ":060101:080650:" (class, subclass, protocol of every interface
 * of every setting, in lower-case hexadecimal). Malformed text is passed over. */
unsigned int usb_kind_of(const char *interfaces);

/* Folders of the state directory with an empty file for each: registered recorders, by known_name(), and
 * media of the archive, by the UUID of their file system. */
#define KNOWN_RECORDERS "registered"
#define KNOWN_MEDIA     "media"

#define KNOWN_NAME_MAX 256

/*
 * The name of the file that tells the udev rule that a recorder is registered: "4255:1000:SERIAL", with the
 * serial as udev's usb_id writes ID_SERIAL_SHORT. Vendor and product are four hexadecimal digits, 0000 for a
 * recorder that was registered without. False when there is no such name: no serial, one that usb_id passes
 * over, or one too long. Never has a '/', never begins with a dot.
 */
bool known_name(uint16_t vendor_id, uint16_t product_id, const char *serial, char ret[KNOWN_NAME_MAX]);

/* The kernel's name of a USB port, BUS-PORT[.PORT]…, such as "3-1.4"? What comes as a port becomes a path in
 * sysfs. */
bool usb_port_is_valid(const char *port);
