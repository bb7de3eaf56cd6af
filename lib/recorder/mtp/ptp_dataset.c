// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsers of datasets; see ptp_dataset.h. Every count is held against the bytes that are left before it is
 * believed. */
#include "recorder/mtp/ptp_dataset.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/mtp/ptp_codes.h"
#include "recorder/mtp/ptp_wire.h"
#include "usb/utf16.h"

#define STRING_UNITS_MAX 255
#define ENUMERATION_MAX  1024

/* PIMA 15740 section 5.3.4: a count of units including the terminator, then the units. */
static void take_string(struct wire *w, char *dst, size_t size)
{
        size_t units = wire_u8(w);
        const uint8_t *p = wire_take(w, 2 * units);

        dst[0] = '\0';
        if (!p)
                return;
        (void)utf16_to_utf8(p, units, dst, size, NULL);
        text_make_printable(dst);
}

/* Some devices leave out trailing strings; those are empty, not an error. */
static void take_last_string(struct wire *w, char *dst, size_t size)
{
        if (w->left == 0 && !w->failed)
                dst[0] = '\0';
        else
                take_string(w, dst, size);
}

static void skip_array(struct wire *w, size_t element)
{
        uint64_t n = wire_u32(w);

        if (n > w->left / element)
                w->failed = true;
        else
                (void)wire_take(w, (size_t)n * element);
}

/* Keeps the first 'max' of an array of 16-bit codes. */
static void take_codes(struct wire *w, uint16_t *codes, unsigned int max, unsigned int *ret_n)
{
        uint64_t n = wire_u32(w);

        if (n > w->left / 2) {
                w->failed = true;
                return;
        }
        for (uint64_t i = 0; i < n; i++) {
                uint16_t code = wire_u16(w);

                if (*ret_n < max)
                        codes[(*ret_n)++] = code;
        }
}

bool ptp_device_info_parse(const void *data, size_t size, struct ptp_device_info *ret)
{
        struct wire w = {.p = data, .left = size};
        struct ptp_device_info i = {0};

        i.standard_version = wire_u16(&w);
        i.vendor_extension = wire_u32(&w);
        (void)wire_u16(&w); /* version of the extension */
        take_string(&w, i.vendor_extension_text, sizeof(i.vendor_extension_text));
        (void)wire_u16(&w); /* functional mode */
        take_codes(&w, i.operations, PTP_OPERATIONS_MAX, &i.n_operations);
        skip_array(&w, 2); /* events */
        take_codes(&w, i.properties, PTP_OPERATIONS_MAX, &i.n_properties);
        skip_array(&w, 2); /* capture formats */
        skip_array(&w, 2); /* playback formats */
        take_last_string(&w, i.manufacturer, sizeof(i.manufacturer));
        take_last_string(&w, i.model, sizeof(i.model));
        take_last_string(&w, i.version, sizeof(i.version));
        take_last_string(&w, i.serial, sizeof(i.serial));
        if (w.failed)
                return false;
        *ret = i;
        return true;
}

static bool codes_contain(const uint16_t *codes, unsigned int n, uint16_t code)
{
        for (unsigned int i = 0; i < n; i++)
                if (codes[i] == code)
                        return true;
        return false;
}

bool ptp_device_info_has(const struct ptp_device_info *info, uint16_t operation)
{
        return codes_contain(info->operations, info->n_operations, operation);
}

bool ptp_device_info_has_property(const struct ptp_device_info *info, uint16_t property)
{
        return codes_contain(info->properties, info->n_properties, property);
}

bool ptp_storage_info_parse(const void *data, size_t size, struct ptp_storage_info *ret)
{
        struct wire w = {.p = data, .left = size};
        struct ptp_storage_info i = {0};

        i.storage_type = wire_u16(&w);
        i.filesystem_type = wire_u16(&w);
        i.access = wire_u16(&w);
        i.capacity = wire_u64(&w);
        i.free = wire_u64(&w);
        (void)wire_u32(&w); /* free space in images */
        take_last_string(&w, i.description, sizeof(i.description));
        take_last_string(&w, i.label, sizeof(i.label));
        if (w.failed)
                return false;
        *ret = i;
        return true;
}

bool ptp_object_info_parse(const void *data, size_t size, struct ptp_object_info *ret)
{
        struct wire w = {.p = data, .left = size};
        struct ptp_object_info i = {0};

        i.storage = wire_u32(&w);
        i.format = wire_u16(&w);
        i.protection = wire_u16(&w);
        i.size = wire_u32(&w);
        (void)wire_take(&w, 2 + 4 + 4 + 4 + 4 + 4 + 4); /* thumbnail and image geometry */
        i.parent = wire_u32(&w);
        i.association_type = wire_u16(&w);
        (void)wire_take(&w, 4 + 4); /* association description, sequence number */
        take_string(&w, i.name, sizeof(i.name));
        take_last_string(&w, i.captured, sizeof(i.captured));
        take_last_string(&w, i.modified, sizeof(i.modified));
        if (w.failed)
                return false;
        *ret = i;
        return true;
}

int ptp_handles_parse(const void *data, size_t size, size_t max, uint32_t **ret, size_t *ret_n)
{
        struct wire w = {.p = data, .left = size};
        _cleanup_free_ uint32_t *handles = NULL;
        size_t n = wire_u32(&w);

        if (w.failed || n > w.left / 4)
                return -EBADMSG;
        if (n > max)
                return -E2BIG;
        if (n > 0) {
                handles = malloc(n * sizeof(*handles));
                if (!handles)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++)
                handles[i] = wire_u32(&w);
        *ret = TAKE_PTR(handles);
        *ret_n = n;
        return 0;
}

bool ptp_string_parse(const void *data, size_t size, char *dst, size_t dst_size, size_t *ret_used)
{
        struct wire w = {.p = data, .left = size};
        char text[PTP_NAME_MAX];

        take_string(&w, text, sizeof(text));
        if (w.failed)
                return false;
        (void)text_copy(dst, dst_size, text);
        text_make_printable(dst);
        *ret_used = size - w.left;
        return true;
}

size_t ptp_string_encode(const char *ascii, uint8_t *buf)
{
        size_t n = strlen(ascii) + 1;

        if (n > STRING_UNITS_MAX)
                return 0;
        buf[0] = (uint8_t)n;
        for (size_t i = 0; i < n; i++) {
                if ((unsigned char)ascii[i] > 0x7e)
                        return 0;
                wire_put16(buf + 1 + 2 * i, (uint16_t)ascii[i]);
        }
        return 1 + 2 * n;
}

static size_t type_size(uint16_t type)
{
        static const uint8_t sizes[] = {0, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16};

        return type < ELEMENTSOF(sizes) ? sizes[type] : 0;
}

static void take_number(struct wire *w, uint16_t type, uint64_t *ret)
{
        switch (type_size(type)) {
        case 1:
                *ret = type == PTP_INT8 ? (uint64_t)(int8_t)wire_u8(w) : wire_u8(w);
                break;
        case 2:
                *ret = type == PTP_INT16 ? (uint64_t)(int16_t)wire_u16(w) : wire_u16(w);
                break;
        case 4:
                *ret = type == PTP_INT32 ? (uint64_t)(int32_t)wire_u32(w) : wire_u32(w);
                break;
        case 8:
                *ret = wire_u64(w);
                break;
        case 16:
                *ret = wire_u64(w);
                (void)wire_u64(w);
                break;
        default:
                w->failed = true;
        }
}

static void take_value(struct wire *w, uint16_t type, struct ptp_value *v)
{
        v->type = type;
        v->number = 0;
        v->text[0] = '\0';
        if (type == PTP_STRING) {
                take_string(w, v->text, sizeof(v->text));
        } else if (type & PTP_ARRAY) {
                size_t element = type_size(type & 0x3fff);

                if (element == 0 || w->left < 4) {
                        w->failed = true;
                        return;
                }
                v->number = wire_get32(w->p);
                skip_array(w, element);
        } else {
                take_number(w, type, &v->number);
        }
}

bool ptp_value_parse(const void *data, size_t size, uint16_t type, struct ptp_value *ret, size_t *ret_used)
{
        struct wire w = {.p = data, .left = size};
        struct ptp_value v;

        take_value(&w, type, &v);
        if (w.failed)
                return false;
        *ret = v;
        *ret_used = size - w.left;
        return true;
}

static void take_range(struct wire *w, uint16_t type, struct ptp_prop_desc *d)
{
        take_number(w, type, &d->least);
        take_number(w, type, &d->greatest);
        d->has_range = true; /* the step that follows is of no interest */
}

static void take_enumeration(struct wire *w, uint16_t type, struct ptp_prop_desc *d)
{
        unsigned int n = wire_u16(w);

        for (unsigned int i = 0; i < n && i < ENUMERATION_MAX && !w->failed; i++) {
                uint64_t v = 0;

                take_number(w, type, &v);
                d->least = i == 0 ? v : MIN(d->least, v);
                d->greatest = i == 0 ? v : MAX(d->greatest, v);
                d->has_range = true;
        }
}

bool ptp_prop_desc_parse(const void *data, size_t size, struct ptp_prop_desc *ret)
{
        struct wire w = {.p = data, .left = size};
        struct ptp_prop_desc d = {0};
        struct ptp_value initial;
        uint16_t type;
        uint8_t form;

        d.property = wire_u16(&w);
        type = wire_u16(&w);
        d.writable = wire_u8(&w) == 1;
        take_value(&w, type, &initial);
        take_value(&w, type, &d.current);
        form = w.left > 0 ? wire_u8(&w) : 0;
        if (type != PTP_STRING && !(type & PTP_ARRAY)) {
                if (form == 1)
                        take_range(&w, type, &d);
                else if (form == 2)
                        take_enumeration(&w, type, &d);
        }
        if (w.failed)
                return false;
        *ret = d;
        return true;
}
