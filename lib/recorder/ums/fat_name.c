// SPDX-License-Identifier: LGPL-2.1-or-later
/* See fat_name.h. */
#include "recorder/ums/fat_name.h"

#include "base/text.h"
#include "recorder/little_endian.h"
#include "usb/utf16.h"

#include <string.h>

#define LONG_LAST     0x40 /* of the first slot's number */
#define LONG_ORDINAL  0x3f
#define NAME_UNITS    255
#define CASE_FLAGS    12 /* offset; Windows NT's, not in the specification */
#define BASE_IS_LOWER 0x08
#define EXT_IS_LOWER  0x10
#define KANJI_E5      0x05 /* stands for a first byte 0xe5, which would mean deleted */

static void units_gather(const uint8_t slot[32], uint8_t ret[LONG_SLOT_BYTES])
{
        memcpy(ret, slot + 1, 10);
        memcpy(ret + 10, slot + 14, 12);
        memcpy(ret + 22, slot + 28, 4);
}

/* Only the end of a name has fewer than 13 characters. */
static bool part_is_last(const uint8_t part[LONG_SLOT_BYTES])
{
        uint16_t unit = wire_get16(&part[LONG_SLOT_BYTES - 2]);

        return unit == 0 || unit == 0xffff;
}

static void long_name_begin(struct long_name *l, const uint8_t slot[32], uint32_t at)
{
        unsigned int ordinal = slot[0] & LONG_ORDINAL;

        *l = (struct long_name){.slot = at, .checksum = slot[13], .deleted = slot[0] == FAT_DELETED};
        l->wanted = ordinal;
        if (!l->deleted && (!(slot[0] & LONG_LAST) || ordinal == 0 || ordinal > LONG_SLOTS_MAX))
                l->broken = true;
}

static bool long_name_goes_on(const struct long_name *l, const uint8_t slot[32], const uint8_t *part)
{
        if (l->n == 0 || l->n == LONG_SLOTS_MAX || l->checksum != slot[13] ||
            l->deleted != (slot[0] == FAT_DELETED))
                return false;
        return l->deleted ? !part_is_last(part) : slot[0] == l->wanted;
}

void long_name_take(struct long_name *l, const uint8_t slot[32], uint32_t at)
{
        uint8_t part[LONG_SLOT_BYTES];

        units_gather(slot, part);
        if (!long_name_goes_on(l, slot, part))
                long_name_begin(l, slot, at);
        memcpy(l->parts[l->n++], part, LONG_SLOT_BYTES);
        if (l->wanted > 0)
                l->wanted--;
}

static uint8_t checksum_add(uint8_t sum, uint8_t byte)
{
        return (uint8_t)((uint8_t)(sum << 7 | sum >> 1) + byte);
}

static uint8_t short_name_checksum(const uint8_t *slot, uint8_t first)
{
        uint8_t sum = first;

        for (int i = 1; i < SHORT_NAME_SIZE; i++)
                sum = checksum_add(sum, slot[i]);
        return sum;
}

static bool byte_is_nameable(uint8_t c)
{
        return c == KANJI_E5 ||
               (c > 0x20 && c != 0x7f && !(c >= 'a' && c <= 'z') && !strchr("\"*+,./:;<=>?[\\]|", c));
}

/* The sum is a bijection of the first byte, so exactly one gives the checksum. */
static bool checksum_is_of(const struct long_name *l, const uint8_t *slot)
{
        if (!l->deleted)
                return short_name_checksum(slot, slot[0]) == l->checksum;
        for (unsigned int first = 0; first < 256; first++)
                if (short_name_checksum(slot, (uint8_t)first) == l->checksum)
                        return byte_is_nameable((uint8_t)first);
        return false;
}

bool long_name_settle(const struct long_name *l, const uint8_t *slot, char ret[ITEM_NAME_MAX])
{
        uint8_t units[LONG_SLOTS_MAX * LONG_SLOT_BYTES];

        if (l->n == 0 || l->broken || l->deleted != (slot[0] == FAT_DELETED) ||
            (!l->deleted && l->wanted != 0) || !checksum_is_of(l, slot))
                return false;
        for (unsigned int i = 0; i < l->n; i++)
                memcpy(units + (size_t)i * LONG_SLOT_BYTES, l->parts[l->n - 1 - i], LONG_SLOT_BYTES);
        (void)utf16_to_utf8(units, MIN((size_t)l->n * LONG_SLOT_BYTES / 2, (size_t)NAME_UNITS), ret,
                            ITEM_NAME_MAX, NULL);
        text_make_printable(ret);
        return ret[0] != '\0';
}

/* Without the blanks at the end. */
static size_t field_length(const uint8_t *field, size_t n)
{
        while (n > 0 && field[n - 1] == ' ')
                n--;
        return n;
}

/* After decoding: the second byte of a GBK character may look like a capital. */
static void text_lower(char *s)
{
        for (; *s; s++)
                if (*s >= 'A' && *s <= 'Z')
                        *s = (char)(*s - 'A' + 'a');
}

void short_name_decode(struct volume_charset *c, const uint8_t *slot, char ret[ITEM_NAME_MAX])
{
        uint8_t base[8];
        size_t used;

        memcpy(base, slot, sizeof(base));
        if (base[0] == FAT_DELETED)
                base[0] = '_';
        else if (base[0] == KANJI_E5)
                base[0] = FAT_DELETED;
        volume_charset_decode(c, base, field_length(base, sizeof(base)), ret, ITEM_NAME_MAX);
        if (slot[CASE_FLAGS] & BASE_IS_LOWER)
                text_lower(ret);
        if (field_length(slot + 8, 3) == 0)
                return;
        used = strlen(ret);
        ret[used++] = '.';
        volume_charset_decode(c, slot + 8, field_length(slot + 8, 3), ret + used, ITEM_NAME_MAX - used);
        if (slot[CASE_FLAGS] & EXT_IS_LOWER)
                text_lower(ret + used);
}

bool short_name_plausible(const uint8_t *slot)
{
        for (int i = 0; i < SHORT_NAME_SIZE; i++)
                if (slot[i] < 0x20 && !(i == 0 && slot[i] == KANJI_E5))
                        return false;
        return slot[0] != ' ';
}
