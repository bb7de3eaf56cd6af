// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Choosing the interface. Real MTP devices come in two shapes: the still image class of the USB forum, and a
 * vendor class whose only sign is the interface string "MTP" (Android and many older players). An interface
 * without both bulk endpoints is never chosen, whatever it calls itself. Disks are of one shape, and may
 * have it in any alternate setting.
 */
#include "usb/usb_interface.h"

#include <stddef.h>

#define MAX_PACKET_MASK   0x7ff /* wMaxPacketSize: bits 10..0 */
#define STORAGE_SCSI      0x06
#define STORAGE_BULK_ONLY 0x50

static void endpoint_note(struct usb_interface *i, const struct libusb_endpoint_descriptor *e)
{
        bool in = e->bEndpointAddress & LIBUSB_ENDPOINT_IN;
        uint16_t packet = e->wMaxPacketSize & MAX_PACKET_MASK;

        if (packet == 0)
                return;
        switch (e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) {
        case LIBUSB_TRANSFER_TYPE_BULK:
                if (in && !i->bulk_in) {
                        i->bulk_in = e->bEndpointAddress;
                        i->packet_in = packet;
                } else if (!in && !i->bulk_out) {
                        i->bulk_out = e->bEndpointAddress;
                        i->packet_out = packet;
                }
                break;
        case LIBUSB_TRANSFER_TYPE_INTERRUPT:
                if (in && !i->interrupt_in) {
                        i->interrupt_in = e->bEndpointAddress;
                        i->packet_interrupt = packet;
                }
                break;
        default:
                break;
        }
}

static bool interface_read(const struct libusb_interface_descriptor *alt, struct usb_interface *ret)
{
        struct usb_interface i = {
                        .number = alt->bInterfaceNumber,
                        .alternate = alt->bAlternateSetting,
                        .interface_class = alt->bInterfaceClass,
        };

        for (uint8_t n = 0; n < alt->bNumEndpoints; n++)
                endpoint_note(&i, &alt->endpoint[n]);
        if (!i.bulk_in || !i.bulk_out)
                return false;
        *ret = i;
        return true;
}

enum fit { FIT_NONE, FIT_VENDOR, FIT_CLASS, FIT_WANTED };

static enum fit interface_fit(const struct libusb_interface_descriptor *alt, int wanted,
                              usb_names_mtp_fn *names_mtp, void *userdata)
{
        if (wanted >= 0)
                return alt->bInterfaceNumber == wanted ? FIT_WANTED : FIT_NONE;
        if (alt->bInterfaceClass == LIBUSB_CLASS_IMAGE && alt->bInterfaceSubClass == 1 &&
            alt->bInterfaceProtocol == 1)
                return FIT_CLASS;
        if (alt->bInterfaceClass == LIBUSB_CLASS_VENDOR_SPEC && alt->bInterfaceSubClass == 0xff &&
            alt->bInterfaceProtocol == 0 && alt->iInterface != 0 && names_mtp(userdata, alt->iInterface))
                return FIT_VENDOR;
        return FIT_NONE;
}

bool usb_interface_choose(const struct libusb_config_descriptor *config, int wanted,
                          usb_names_mtp_fn *names_mtp, void *userdata, struct usb_interface *ret)
{
        enum fit best = FIT_NONE;
        struct usb_interface found;

        for (uint8_t n = 0; n < config->bNumInterfaces; n++) {
                const struct libusb_interface *interface = &config->interface[n];
                struct usb_interface candidate;
                enum fit fit;

                if (interface->num_altsetting < 1)
                        continue;
                fit = interface_fit(&interface->altsetting[0], wanted, names_mtp, userdata);
                if (fit <= best || !interface_read(&interface->altsetting[0], &candidate))
                        continue;
                best = fit;
                found = candidate;
        }
        if (best == FIT_NONE)
                return false;
        *ret = found;
        return true;
}

static bool is_bulk_only(const struct libusb_interface_descriptor *alt, int wanted)
{
        return (wanted < 0 || alt->bInterfaceNumber == wanted) &&
               alt->bInterfaceClass == LIBUSB_CLASS_MASS_STORAGE &&
               alt->bInterfaceSubClass == STORAGE_SCSI && alt->bInterfaceProtocol == STORAGE_BULK_ONLY;
}

bool usb_interface_choose_storage(const struct libusb_config_descriptor *config, int wanted,
                                  struct usb_interface *ret)
{
        for (uint8_t n = 0; n < config->bNumInterfaces; n++) {
                const struct libusb_interface *interface = &config->interface[n];

                for (int a = 0; a < interface->num_altsetting; a++) {
                        struct usb_interface found;

                        if (!is_bulk_only(&interface->altsetting[a], wanted) ||
                            !interface_read(&interface->altsetting[a], &found))
                                continue;
                        found.alternates = interface->num_altsetting > 1;
                        *ret = found;
                        return true;
                }
        }
        return false;
}

unsigned int usb_interface_others(const struct libusb_config_descriptor *config, uint8_t number,
                                  struct usb_function ret[USB_FUNCTIONS_MAX])
{
        unsigned int count = 0;

        for (uint8_t n = 0; n < config->bNumInterfaces; n++) {
                const struct libusb_interface *interface = &config->interface[n];

                for (int a = 0; a < interface->num_altsetting; a++) {
                        const struct libusb_interface_descriptor *alt = &interface->altsetting[a];

                        if (alt->bInterfaceNumber == number)
                                continue;
                        if (count < USB_FUNCTIONS_MAX)
                                ret[count] = (struct usb_function){.interface_class = alt->bInterfaceClass,
                                                                   .subclass = alt->bInterfaceSubClass,
                                                                   .protocol = alt->bInterfaceProtocol};
                        count++;
                }
        }
        return count;
}
