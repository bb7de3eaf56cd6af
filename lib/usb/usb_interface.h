/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which interface of a device speaks PTP, or is a disk, and what else the device has. Works on descriptors
 * alone. */

#include "usb/usb_device.h"

#include <libusb.h>
#include <stdbool.h>
#include <stdint.h>

struct usb_interface {
        uint8_t number;
        uint8_t alternate; /* setting, always 0 for PTP */
        bool alternates;   /* there is more than one: the alternate setting has to be selected */
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

/*
 * The first interface with a setting that is SCSI over Bulk-Only Transport (08/06/50: USB Mass Storage Class
 * Specification Overview 1.4, sections 2 and 3) and both bulk endpoints, or the one of number 'wanted' >= 0.
 * A UAS device (08/06/62) has Bulk-Only Transport as another alternate setting of the same interface, as a
 * rule its first.
 */
bool usb_interface_choose_storage(const struct libusb_config_descriptor *config, int wanted,
                                  struct usb_interface *ret);

/*
 * What the other interfaces are, in all their alternate settings. Returns how many there are, of which the
 * first USB_FUNCTIONS_MAX are in 'ret'.
 */
unsigned int usb_interface_others(const struct libusb_config_descriptor *config, uint8_t number,
                                  struct usb_function ret[USB_FUNCTIONS_MAX]);
