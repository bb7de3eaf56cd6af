/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which interface of a device speaks PTP. Works on descriptors alone. */

#include <libusb.h>
#include <stdbool.h>
#include <stdint.h>

struct usb_interface {
        uint8_t number;
        uint8_t interface_class;
        uint8_t bulk_in, bulk_out;
        uint8_t interrupt_in; /* 0: none */
        uint16_t packet_in, packet_out, packet_interrupt;
};

/* Says whether the string descriptor 'index' contains "MTP". */
typedef bool usb_names_mtp_fn(void *userdata, uint8_t index);

/*
 * Looks through alternate setting 0 of every interface. 'wanted' >= 0 takes the interface of that number
 * whatever its class. Otherwise the first still image interface (06/01/01), else the first vendor interface
 * (ff/ff/00) whose string says MTP, as Microsoft's MTP descriptors have it. False when none fits or the one
 * that fits lacks a bulk endpoint.
 */
bool usb_interface_choose(const struct libusb_config_descriptor *config, int wanted,
                          usb_names_mtp_fn *names_mtp, void *userdata, struct usb_interface *ret);
