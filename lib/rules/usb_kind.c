// SPDX-License-Identifier: LGPL-2.1-or-later
/* See usb_kind.h. */
#include "rules/usb_kind.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static unsigned int kind_of_interface(const uint8_t code[3])
{
        switch (code[0]) {
        case 0x02:
        case 0x0a:
        case 0xe0:
                return USB_KIND_NETWORK;
        case 0x03:
                return USB_KIND_INPUT;
        case 0x08:
                return code[1] == 0x06 && (code[2] == 0x50 || code[2] == 0x62) ? USB_KIND_DISK : 0;
        case 0x09:
                return USB_KIND_HUB;
        default:
                return 0;
        }
}

unsigned int usb_kind_of(const char *interfaces)
{
        unsigned int kind = 0;

        for (const char *p = interfaces; *p;) {
                size_t n = strcspn(p, ":");
                uint8_t code[3];
                char text[7];

                if (n == 6) {
                        memcpy(text, p, 6);
                        text[6] = '\0';
                        if (text_unhex(text, code, sizeof(code)) == 0)
                                kind |= kind_of_interface(code);
                }
                p += n;
                p += *p == ':';
        }
        return kind;
}

/* usb_id of systemd passes a serial over that has what the USB specification does not allow in one. */
static bool serial_is_used(const char *serial)
{
        for (const char *p = serial; *p; p++)
                if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7f || *p == ',')
                        return false;
        return true;
}

/* Bytes of 'p' that usb_id leaves as they are, 0 none: then '_' takes the place of one. */
static size_t kept(const char *p)
{
        if (isalnum((unsigned char)*p) || strchr("#+-.:=@_", *p))
                return 1;
        return p[0] == '\\' && p[1] == 'x' ? 2 : 0;
}

bool known_name(uint16_t vendor_id, uint16_t product_id, const char *serial, char ret[KNOWN_NAME_MAX])
{
        size_t used = (size_t)snprintf(ret, KNOWN_NAME_MAX, "%04x:%04x:", vendor_id, product_id);
        size_t begin = used, end = strlen(serial);
        const char *p = serial;

        while (isspace((unsigned char)*p))
                p++;
        while (end > 0 && isspace((unsigned char)serial[end - 1]))
                end--;
        if (!serial_is_used(serial))
                return false;
        while (p < serial + end) {
                size_t n = isspace((unsigned char)*p) ? strspn(p, " \t\n\v\f\r") : kept(p);

                if (used + 2 >= KNOWN_NAME_MAX)
                        return false;
                if (n > 0 && !isspace((unsigned char)*p)) {
                        memcpy(ret + used, p, n);
                        used += n;
                } else {
                        ret[used++] = '_';
                }
                p += n > 0 ? n : 1;
        }
        ret[used] = '\0';
        return used > begin;
}

static const char *number_skip(const char *p)
{
        if (!isdigit((unsigned char)*p))
                return NULL;
        while (isdigit((unsigned char)*p))
                p++;
        return p;
}

bool usb_port_is_valid(const char *port)
{
        const char *p = number_skip(port);

        if (!p || *p != '-')
                return false;
        p = number_skip(p + 1);
        while (p && *p == '.')
                p = number_skip(p + 1);
        return p && *p == '\0';
}
