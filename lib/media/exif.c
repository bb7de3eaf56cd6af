// SPDX-License-Identifier: LGPL-2.1-or-later
/* Two tags out of an Exif segment. Every offset in it is relative to its start and checked against its size.
 */
#include "media/exif.h"
#include "base/cleanup.h"
#include "media/media_time.h"

#include <stdbool.h>
#include <string.h>

#define TAG_EXIF_IFD             0x8769
#define TAG_DATE_TIME_ORIGINAL   0x9003
#define TAG_OFFSET_TIME_ORIGINAL 0x9011
#define TYPE_ASCII               2
#define IFD_ENTRY_SIZE           12

struct tiff {
        const uint8_t *data;
        size_t size;
        bool big_endian;
};

static uint32_t number(const struct tiff *t, size_t offset, unsigned int width)
{
        uint32_t v = 0;

        for (unsigned int i = 0; i < width; i++)
                v |= (uint32_t)t->data[offset + i] << 8 * (t->big_endian ? width - 1 - i : i);
        return v;
}

/* Offset of a tag's entry in the directory at 'ifd', or 0. */
static size_t entry_find(const struct tiff *t, size_t ifd, uint32_t tag)
{
        size_t n;

        if (ifd < 8 || ifd > t->size || t->size - ifd < 2)
                return 0;
        n = number(t, ifd, 2);
        for (size_t i = 0; i < n; i++) {
                size_t entry = ifd + 2 + i * IFD_ENTRY_SIZE;

                if (entry + IFD_ENTRY_SIZE > t->size)
                        return 0;
                if (number(t, entry, 2) == tag)
                        return entry;
        }
        return 0;
}

/* Text of exactly 'length' characters, NUL behind it; false when the tag is not there or of another shape.
 */
static bool entry_text(const struct tiff *t, size_t ifd, uint32_t tag, char *buf, size_t length)
{
        size_t entry = entry_find(t, ifd, tag), at;

        if (entry == 0 || number(t, entry + 2, 2) != TYPE_ASCII || number(t, entry + 4, 4) < length)
                return false;
        at = number(t, entry + 8, 4);
        if (at > t->size || t->size - at < length)
                return false;
        memcpy(buf, t->data + at, length);
        buf[length] = '\0';
        return true;
}

int exif_time_original(const uint8_t *data, size_t size, instant_t *ret)
{
        struct tiff t = {.data = data, .size = size};
        char text[32];
        size_t entry, ifd;

        if (size < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
                return -ENODATA;
        t.big_endian = data[0] == 'M';
        entry = entry_find(&t, number(&t, 4, 4), TAG_EXIF_IFD);
        if (entry == 0)
                return -ENODATA;
        ifd = number(&t, entry + 8, 4);
        if (!entry_text(&t, ifd, TAG_DATE_TIME_ORIGINAL, text, 19))
                return -ENODATA;
        if (!entry_text(&t, ifd, TAG_OFFSET_TIME_ORIGINAL, text + 19, 6))
                text[19] = '\0';
        return media_time_parse(text, ret);
}
