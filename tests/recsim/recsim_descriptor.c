// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors (USB 2.0, chapter 9; USB 3.2 companions): of a still image device or its like under a vendor's
 * class, of a disk, and of what a disk may have beside it to look like something else as well.
 */

#include "recsim_descriptor.h"

#include "base/cleanup.h"

#include <string.h>

enum {
        DESCRIPTOR_DEVICE = 1,
        DESCRIPTOR_CONFIGURATION = 2,
        DESCRIPTOR_TEXT = 3,
        DESCRIPTOR_BOS = 15,
        DESCRIPTOR_REPORT = 0x22,
};

enum {
        TEXT_INTERFACE = 4,
        TEXT_ADDRESS = 5,
        TEXT_MICROSOFT = 0xEE,
};

#define STREAMS_16 4 /* bmAttributes of a companion: 2^4 streams */

enum {
        UAS_COMMAND = 0x04,
        UAS_STATUS = 0x85,
        UAS_DATA_IN = RECSIM_ENDPOINT_IN,
        UAS_DATA_OUT = RECSIM_ENDPOINT_OUT,
};

/* HID 1.11, appendix B.1: the keyboard of the boot protocol, output report left out. */
static const uint8_t keyboard_report[] = {
                0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25,
                0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x06,
                0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xC0,
};

static const struct recsim_interface image = {0, 0, 6, 1, 1, "MTP", NULL};
static const struct recsim_interface vendor_image = {0, 0, 0xFF, 0xFF, 0, "MTP", NULL};
static const struct recsim_interface vendor_mode = {0, 0, 0xFF, 0, 0, NULL, NULL};
static const struct recsim_interface disk = {0, 0, 8, 6, 0x50, NULL, "usb-storage"};
static const struct recsim_interface disk_uas = {0, 1, 8, 6, 0x62, NULL, "uas"};
static const struct recsim_interface keyboard = {1, 0, 3, 1, 1, NULL, "usbhid"};
static const struct recsim_interface network = {1, 0, 2, 6, 0, NULL, "cdc_ether"};
static const struct recsim_interface network_idle = {2, 0, 0x0A, 0, 0, NULL, "cdc_ether"};
static const struct recsim_interface network_data = {2, 1, 0x0A, 0, 0, NULL, "cdc_ether"};

size_t recsim_interfaces(const struct recsim *r, struct recsim_interface ret[RECSIM_INTERFACES_MAX])
{
        size_t n = 0;

        if (r->vendor_mode) {
                ret[n++] = vendor_mode;
                return n;
        }
        if (!r->ums) {
                ret[n++] = r->profile.vendor_class ? vendor_image : image;
                return n;
        }
        ret[n++] = disk;
        if (r->profile.uas)
                ret[n++] = disk_uas;
        if (r->profile.beside == RECSIM_BESIDE_KEYBOARD) {
                ret[n++] = keyboard;
        } else if (r->profile.beside == RECSIM_BESIDE_NETWORK) {
                ret[n++] = network;
                ret[n++] = network_idle;
                ret[n++] = network_data;
        }
        return n;
}

static void put_device_descriptor(const struct recsim *r, struct recsim_buffer *b)
{
        bool super = r->profile.speed == RECSIM_SUPER;

        recsim_put_u8(b, 18);
        recsim_put_u8(b, DESCRIPTOR_DEVICE);
        recsim_put_u16(b, super ? 0x0300 : 0x0200);
        recsim_put_u8(b, 0); /* class: by interface */
        recsim_put_u8(b, 0);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, super ? 9 : 64);
        recsim_put_u16(b, (uint16_t)r->profile.vendor);
        recsim_put_u16(b, recsim_product(r));
        recsim_put_u16(b, 0x0100);
        recsim_put_u8(b, 1); /* manufacturer, product, serial: indices of texts */
        recsim_put_u8(b, 2);
        recsim_put_u8(b, 3);
        recsim_put_u8(b, 1);
}

static void put_companion(const struct recsim *r, struct recsim_buffer *b, uint8_t burst, uint8_t attributes,
                          uint16_t interval)
{
        if (r->profile.speed != RECSIM_SUPER)
                return;
        recsim_put_u8(b, 6);
        recsim_put_u8(b, 0x30);
        recsim_put_u8(b, burst);
        recsim_put_u8(b, attributes);
        recsim_put_u16(b, interval);
}

static void put_bulk(const struct recsim *r, struct recsim_buffer *b, uint8_t address, uint8_t attributes)
{
        recsim_put_u8(b, 7);
        recsim_put_u8(b, 5);
        recsim_put_u8(b, address);
        recsim_put_u8(b, 2);
        recsim_put_u16(b, (uint16_t)recsim_packet_size(r));
        recsim_put_u8(b, 0);
        put_companion(r, b, 15, attributes, 0);
}

static void put_interrupt(const struct recsim *r, struct recsim_buffer *b, uint16_t packet)
{
        recsim_put_u8(b, 7);
        recsim_put_u8(b, 5);
        recsim_put_u8(b, RECSIM_ENDPOINT_EVENT);
        recsim_put_u8(b, 3);
        recsim_put_u16(b, packet);
        recsim_put_u8(b, 6);
        put_companion(r, b, 0, 0, packet);
}

/* UAS 1.0, 5.3: each pipe says what it is for. */
static void put_uas(const struct recsim *r, struct recsim_buffer *b)
{
        static const uint8_t pipes[] = {UAS_COMMAND, UAS_STATUS, UAS_DATA_IN, UAS_DATA_OUT};

        for (size_t i = 0; i < sizeof(pipes); i++) {
                put_bulk(r, b, pipes[i], pipes[i] == UAS_COMMAND ? 0 : STREAMS_16);
                recsim_put_bytes(b, (const uint8_t[]){4, 0x24, (uint8_t)(i + 1), 0}, 4);
        }
}

/* CDC 1.2 and ECM 1.2: header, union, Ethernet. */
static void put_network(const struct recsim *r, struct recsim_buffer *b)
{
        static const uint8_t functions[] = {
                        5,    0x24, 0x00, 0x20,
                        0x01, /* header */
                        5,    0x24, 0x06, 1,
                        2, /* union */
                        13,   0x24, 0x0F, TEXT_ADDRESS,
                        0,    0,    0,    0,
                        0xEA, 0x05, 0,    0,
                        0, /* Ethernet */
        };

        recsim_put_bytes(b, functions, sizeof(functions));
        put_interrupt(r, b, 16);
}

static void put_keyboard(const struct recsim *r, struct recsim_buffer *b)
{
        recsim_put_bytes(b, (const uint8_t[]){9, 0x21, 0x11, 0x01, 0, 1, DESCRIPTOR_REPORT}, 7);
        recsim_put_u16(b, sizeof(keyboard_report));
        put_interrupt(r, b, 8);
}

/* What belongs to an interface; returns the number of its endpoints. */
static uint8_t put_endpoints(const struct recsim *r, const struct recsim_interface *i,
                             struct recsim_buffer *b)
{
        switch (i->class) {
        case 2:
                put_network(r, b);
                return 1;
        case 3:
                put_keyboard(r, b);
                return 1;
        case 8:
                if (i->protocol == disk_uas.protocol) {
                        put_uas(r, b);
                        return 4;
                }
                put_bulk(r, b, RECSIM_ENDPOINT_IN, 0);
                put_bulk(r, b, RECSIM_ENDPOINT_OUT, 0);
                return 2;
        case 0x0A:
                if (i->alternate == 0)
                        return 0;
                put_bulk(r, b, 0x84, 0);
                put_bulk(r, b, 0x05, 0);
                return 2;
        default:
                put_bulk(r, b, RECSIM_ENDPOINT_IN, 0);
                put_bulk(r, b, RECSIM_ENDPOINT_OUT, 0);
                put_interrupt(r, b, 28);
                return 3;
        }
}

static void put_interface(const struct recsim *r, const struct recsim_interface *i, struct recsim_buffer *b)
{
        struct recsim_buffer endpoints = {0};

        recsim_put_u8(b, 9);
        recsim_put_u8(b, 4);
        recsim_put_u8(b, i->number);
        recsim_put_u8(b, i->alternate);
        recsim_put_u8(b, put_endpoints(r, i, &endpoints));
        recsim_put_u8(b, i->class);
        recsim_put_u8(b, i->subclass);
        recsim_put_u8(b, i->protocol);
        recsim_put_u8(b, i->text ? TEXT_INTERFACE : 0);
        recsim_put_bytes(b, endpoints.data, endpoints.size);
        recsim_buffer_clear(&endpoints);
}

static void put_configuration(const struct recsim *r, struct recsim_buffer *b)
{
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];
        size_t n = recsim_interfaces(r, interfaces);
        size_t start = b->size;

        recsim_put_u8(b, 9);
        recsim_put_u8(b, DESCRIPTOR_CONFIGURATION);
        recsim_put_u16(b, 0); /* total, below */
        recsim_put_u8(b, (uint8_t)(interfaces[n - 1].number + 1));
        recsim_put_u8(b, 1);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, 0xC0);
        /* 500 mA in units of 2, 896 mA in units of 8 (USB 3.2, 9.6.3): a hub gives no more. */
        recsim_put_u8(b, r->profile.speed == RECSIM_SUPER ? 0x70 : 0xFA);
        for (size_t i = 0; i < n; i++)
                put_interface(r, &interfaces[i], b);
        b->data[start + 2] = (uint8_t)(b->size - start);
        b->data[start + 3] = (uint8_t)((b->size - start) >> 8);
}

static void put_text_descriptor(struct recsim_buffer *b, const char *text)
{
        size_t n = MIN(strlen(text), 126);

        recsim_put_u8(b, (uint8_t)(2 + 2 * n));
        recsim_put_u8(b, DESCRIPTOR_TEXT);
        for (size_t i = 0; i < n; i++)
                recsim_put_u16(b, (uint8_t)text[i]);
}

static bool put_text(const struct recsim *r, struct recsim_buffer *b, uint8_t index)
{
        const char *const texts[] = {NULL,  r->profile.manufacturer, r->profile.model, r->profile.serial,
                                     "MTP", "02005E000001"};

        if (index == 0) { /* languages: English */
                recsim_put_u8(b, 4);
                recsim_put_u8(b, DESCRIPTOR_TEXT);
                recsim_put_u16(b, 0x0409);
        } else if (index == TEXT_MICROSOFT && !r->ums) {
                put_text_descriptor(b, "MSFT100B"); /* 'B' is the vendor request */
        } else if (index < ELEMENTSOF(texts)) {
                put_text_descriptor(b, texts[index]);
        } else {
                return false;
        }
        return true;
}

size_t recsim_descriptors(const struct recsim *r, uint8_t buf[RECSIM_DESCRIPTORS_MAX])
{
        struct recsim_buffer b = {0};
        size_t n;

        put_device_descriptor(r, &b);
        put_configuration(r, &b);
        n = MIN(b.size, RECSIM_DESCRIPTORS_MAX);
        memcpy(buf, b.data, n);
        recsim_buffer_clear(&b);
        return n;
}

bool recsim_put_descriptor(const struct recsim *r, struct recsim_buffer *b, uint8_t type, uint8_t index)
{
        switch (type) {
        case DESCRIPTOR_DEVICE:
                put_device_descriptor(r, b);
                return true;
        case DESCRIPTOR_CONFIGURATION:
                put_configuration(r, b);
                return index == 0;
        case DESCRIPTOR_TEXT:
                return put_text(r, b, index);
        case DESCRIPTOR_BOS:
                if (r->profile.speed != RECSIM_SUPER)
                        return false;
                recsim_put_bytes(b, (const uint8_t[]){5, DESCRIPTOR_BOS, 5, 0, 0}, 5);
                return true;
        case DESCRIPTOR_REPORT:
                if (r->profile.beside != RECSIM_BESIDE_KEYBOARD)
                        return false;
                recsim_put_bytes(b, keyboard_report, sizeof(keyboard_report));
                return true;
        default:
                return false;
        }
}
