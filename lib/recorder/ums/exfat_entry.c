// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Entries of exFAT folders (exFAT specification, sections 6 and 7); see volume_entry.h. A file is a set: its
 * own entry, the stream's, and up to seventeen of the name, with a checksum over all of them. Deleting
 * clears one bit in each type, so a deleted set proves itself as well as a living one.
 */
#include "recorder/ums/exfat_upcase.h"
#include "recorder/ums/volume_entry.h"
#include "recorder/ums/volume_time.h"

#include "base/text.h"
#include "recorder/little_endian.h"
#include "usb/utf16.h"

#include <string.h>

#define IN_USE       0x80
#define TYPE_END     0x00
#define TYPE_BITMAP  0x81
#define TYPE_UPCASE  0x82
#define TYPE_LABEL   0x83
#define TYPE_FILE    0x85
#define TYPE_STREAM  0xc0
#define TYPE_NAME    0xc1
#define IS_SECONDARY 0x40
#define IS_BENIGN    0x20

#define SECONDARY_MIN 2U
#define SECONDARY_MAX 18U
#define NAME_UNITS    15U /* of one entry */
#define LABEL_UNITS   11U
#define NO_FAT_CHAIN  0x02

struct entry_set {
        uint8_t bytes[(1 + SECONDARY_MAX) * SLOT_SIZE];
        unsigned int n; /* entries */
        uint32_t slot;
        bool deleted;
        bool quiet; /* it, or the folder: what is wrong with it is no finding */
};

static const uint8_t *set_entry(const struct entry_set *s, unsigned int i)
{
        return s->bytes + (size_t)i * SLOT_SIZE;
}

static uint8_t set_type(const struct entry_set *s, unsigned int i)
{
        return set_entry(s, i)[0] | IN_USE;
}

/* Section 6.3.3; a deleted one as it was before. */
static uint16_t set_checksum(const struct entry_set *s)
{
        uint16_t sum = 0;

        for (unsigned int i = 0; i < s->n * SLOT_SIZE; i++) {
                uint8_t byte = s->bytes[i];

                if (i == 2 || i == 3)
                        continue;
                if (s->deleted && i % SLOT_SIZE == 0)
                        byte |= IN_USE;
                sum = (uint16_t)((uint16_t)(sum << 15 | sum >> 1) + byte);
        }
        return sum;
}

/* Reads what follows a file's own entry. False, and the reader behind that entry, when it is no set. */
static int set_read(struct folder_reader *f, struct entry_set *s, bool *ret_whole)
{
        unsigned int n = s->bytes[1];
        uint64_t behind = f->slot;

        *ret_whole = false;
        if (n < SECONDARY_MIN || n > SECONDARY_MAX)
                return RECORDER_OK;
        for (s->n = 1; s->n <= n; s->n++) {
                uint8_t *at = s->bytes + (size_t)s->n * SLOT_SIZE;
                bool end;
                int r = folder_slot_next(f, at, &end);

                if (r != RECORDER_OK && r != RECORDER_UNREADABLE)
                        return r;
                if (r == RECORDER_UNREADABLE || end || !(at[0] & IS_SECONDARY) ||
                    s->deleted == !!(at[0] & IN_USE)) {
                        folder_reader_seek(f, behind);
                        return RECORDER_OK;
                }
        }
        *ret_whole = true;
        return RECORDER_OK;
}

/* The stream comes second, then as many entries of the name as its length needs. */
static bool set_is_file(const struct entry_set *s)
{
        unsigned int length = set_entry(s, 1)[3], names = (length + NAME_UNITS - 1) / NAME_UNITS;

        if (set_type(s, 1) != TYPE_STREAM || length == 0 || 2 + names > s->n)
                return false;
        for (unsigned int i = 2; i < 2 + names; i++)
                if (set_type(s, i) != TYPE_NAME)
                        return false;
        return true;
}

static void set_times(const uint8_t *s, struct volume_entry *e)
{
        volume_time_text(wire_get16(s + 10), wire_get16(s + 8), s[20], s[22], e->created_text);
        volume_time_text(wire_get16(s + 14), wire_get16(s + 12), s[21], s[23], e->time_text);
        if (e->time_text[0] == '\0')
                memcpy(e->time_text, e->created_text, sizeof(e->time_text));
        /* The two words and the two bytes of each, folded: any change of one of them changes it. */
        e->time = ((uint64_t)wire_get32(s + 12) << 32 | wire_get32(s + 8)) ^
                  (uint64_t)wire_get32(s + 20) * UINT64_C(0x9e3779b97f4a7c15);
}

static void set_name(struct folder_reader *f, const struct entry_set *s, struct volume_entry *e)
{
        uint8_t units[(SECONDARY_MAX - 1) * NAME_UNITS * 2];
        const uint8_t *stream = set_entry(s, 1);
        unsigned int length = stream[3];

        for (unsigned int i = 0; i * NAME_UNITS < length; i++)
                memcpy(units + (size_t)i * NAME_UNITS * 2, set_entry(s, i + 2) + 2, (size_t)NAME_UNITS * 2);
        (void)utf16_to_utf8(units, length, e->name, ITEM_NAME_MAX, NULL);
        text_make_printable(e->name);
        if (!s->quiet && !exfat_name_hash_is(f->v, units, length, wire_get16(stream + 4)))
                volume_tell(f->v, VOLUME_NAME_DAMAGED,
                            "folder '%s': the name hash of '%s' is %#x, which is another name's", f->path,
                            e->name, wire_get16(stream + 4));
}

static void set_fill(struct folder_reader *f, const struct entry_set *s, struct volume_entry *e)
{
        const uint8_t *stream = set_entry(s, 1);

        *e = (struct volume_entry){
                        .deleted = s->deleted,
                        .contiguous = stream[1] & NO_FAT_CHAIN,
                        .attributes = s->bytes[4],
                        .cluster = wire_get32(stream + 20),
                        .slot = s->slot,
                        .size = wire_get64(stream + 24),
                        .valid_size = wire_get64(stream + 8),
        };
        e->kind = e->attributes & VOLUME_FOLDER ? ENTRY_FOLDER : ENTRY_FILE;
        set_times(s->bytes, e);
        set_name(f, s, e);
        if (e->valid_size > e->size) {
                if (!s->quiet)
                        volume_tell(f->v, VOLUME_ENTRY_DAMAGED,
                                    "folder '%s': '%s' has a valid length of %llu, expected at most its "
                                    "length %llu",
                                    f->path, e->name, (unsigned long long)e->valid_size,
                                    (unsigned long long)e->size);
                e->valid_size = e->size;
        }
}

static void set_is_damaged(struct folder_reader *f, const struct entry_set *s, const char *what)
{
        if (s->quiet)
                return;
        f->incomplete = true;
        volume_tell(f->v, VOLUME_ENTRY_DAMAGED, "folder '%s', slot %u: %s", f->path, s->slot, what);
}

/* A file's set that begins with 'slot'. *ret_found is false when it is none to be told of. */
static int file_next(struct folder_reader *f, const uint8_t *slot, struct volume_entry *e, bool *ret_found)
{
        struct entry_set s = {.slot = (uint32_t)(f->slot - 1), .deleted = !(slot[0] & IN_USE)};
        bool whole, sound;
        int r;

        s.quiet = s.deleted || f->folder.deleted;
        *ret_found = false;
        memcpy(s.bytes, slot, SLOT_SIZE);
        r = set_read(f, &s, &whole);
        if (r != RECORDER_OK)
                return r;
        if (!whole || !set_is_file(&s)) {
                set_is_damaged(f, &s,
                               "a file's entry is not followed by its stream and name, it is left out");
                return RECORDER_OK;
        }
        sound = set_checksum(&s) == wire_get16(s.bytes + 2);
        if (!sound && s.quiet)
                return RECORDER_OK; /* slots of several files */
        set_fill(f, &s, e);
        if (!sound)
                volume_tell(f->v, VOLUME_ENTRY_DAMAGED,
                            "folder '%s': the checksum of '%s' is %#x, expected %#x", f->path, e->name,
                            wire_get16(s.bytes + 2), set_checksum(&s));
        *ret_found = true;
        return RECORDER_OK;
}

static void single_fill(const uint8_t *slot, uint64_t at, struct volume_entry *e)
{
        *e = (struct volume_entry){.slot = (uint32_t)at,
                                   .cluster = wire_get32(slot + 20),
                                   .size = wire_get64(slot + 24)};
        switch (slot[0]) {
        case TYPE_BITMAP:
                e->kind = ENTRY_BITMAP;
                e->second = slot[1] & 1;
                break;
        case TYPE_UPCASE:
                e->kind = ENTRY_UPCASE;
                e->time = wire_get32(slot + 4);
                break;
        default:
                e->kind = ENTRY_LABEL;
                (void)utf16_to_utf8(slot + 2, MIN(slot[1], LABEL_UNITS), e->name, ITEM_NAME_MAX, NULL);
                text_make_printable(e->name);
        }
}

/* Anything else: what must be understood is told. A secondary entry belongs to a set that was told of. */
static void stranger(struct folder_reader *f, const uint8_t *slot)
{
        if (f->folder.deleted || !(slot[0] & IN_USE) || slot[0] & (IS_BENIGN | IS_SECONDARY))
                return;
        f->incomplete = true;
        volume_tell(f->v, VOLUME_ENTRY_DAMAGED, "folder '%s', slot %llu: type %#x is not known here",
                    f->path, (unsigned long long)(f->slot - 1), slot[0]);
}

int exfat_entry_next(struct folder_reader *f, struct volume_entry *ret, bool *ret_end)
{
        for (;;) {
                uint8_t slot[SLOT_SIZE];
                bool found = false;
                int r = folder_slot_next(f, slot, ret_end);

                if (r == RECORDER_UNREADABLE)
                        continue;
                if (r != RECORDER_OK)
                        return r;
                *ret_end = *ret_end || slot[0] == TYPE_END;
                if (*ret_end)
                        return RECORDER_OK;
                if ((slot[0] | IN_USE) == TYPE_FILE) {
                        r = file_next(f, slot, ret, &found);
                } else if (slot[0] == TYPE_BITMAP || slot[0] == TYPE_UPCASE || slot[0] == TYPE_LABEL) {
                        single_fill(slot, f->slot - 1, ret);
                        found = true;
                } else {
                        stranger(f, slot);
                }
                if (r != RECORDER_OK || found)
                        return r;
        }
}
