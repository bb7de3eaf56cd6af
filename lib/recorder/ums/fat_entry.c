// SPDX-License-Identifier: LGPL-2.1-or-later
/* Entries of FAT folders (FAT specification 1.03, "FAT Directory Structure"); see volume_entry.h. */
#include "recorder/ums/fat_name.h"
#include "recorder/ums/volume_entry.h"
#include "recorder/ums/volume_time.h"

#include "recorder/little_endian.h"

#include <string.h>

#define ATTRIBUTES      11
#define ATTRIBUTES_MASK 0x3f
#define LONG_NAME       0x0f
#define HUNDREDTHS      13
#define CREATED_TIME    14
#define CREATED_DATE    16
#define CLUSTER_HIGH    20
#define MODIFIED_TIME   22
#define MODIFIED_DATE   24
#define CLUSTER_LOW     26
#define SIZE            28

static void times_fill(const uint8_t *s, struct volume_entry *e)
{
        volume_time_text(wire_get16(s + CREATED_DATE), wire_get16(s + CREATED_TIME), s[HUNDREDTHS],
                         VOLUME_TIME_LOCAL, e->created_text);
        volume_time_text(wire_get16(s + MODIFIED_DATE), wire_get16(s + MODIFIED_TIME), VOLUME_TIME_WHOLE,
                         VOLUME_TIME_LOCAL, e->time_text);
        if (e->time_text[0] == '\0')
                memcpy(e->time_text, e->created_text, sizeof(e->time_text));
        e->time = (uint64_t)wire_get32(s + MODIFIED_TIME) << 32 | wire_get32(s + CREATED_TIME);
}

static enum entry_kind kind_of(const uint8_t *s)
{
        static const uint8_t dot[SHORT_NAME_SIZE] = ".          ", dots[SHORT_NAME_SIZE] = "..         ";

        if (s[ATTRIBUTES] & VOLUME_LABEL)
                return ENTRY_LABEL;
        if (memcmp(s, dot, sizeof(dot)) == 0 || memcmp(s, dots, sizeof(dots)) == 0)
                return ENTRY_DOT;
        return s[ATTRIBUTES] & VOLUME_FOLDER ? ENTRY_FOLDER : ENTRY_FILE;
}

static void label_decode(struct folder_reader *f, const uint8_t *s, char ret[ITEM_NAME_MAX])
{
        size_t n = SHORT_NAME_SIZE;

        while (n > 0 && s[n - 1] == ' ')
                n--;
        volume_charset_decode(f->v->charset, s, n, ret, ITEM_NAME_MAX);
}

/* A long name that no entry follows, or not its own. */
static void long_name_orphaned(struct folder_reader *f, const struct long_name *l)
{
        if (l->n > 0 && !l->deleted && !f->folder.deleted)
                volume_tell(f->v, VOLUME_NAME_DAMAGED,
                            "folder '%s', slot %u: a long name without its entry, using the short name",
                            f->path, l->slot);
}

static void entry_fill(struct folder_reader *f, const struct long_name *l, const uint8_t *s, uint32_t at,
                       struct volume_entry *ret)
{
        bool wide = f->v->at.type == VOLUME_FAT32;

        *ret = (struct volume_entry){
                        .kind = kind_of(s),
                        .deleted = s[0] == FAT_DELETED,
                        .attributes = s[ATTRIBUTES],
                        .cluster = (wide ? (uint32_t)wire_get16(s + CLUSTER_HIGH) << 16 : 0) |
                                   wire_get16(s + CLUSTER_LOW),
                        .slot = at,
                        .size = wire_get32(s + SIZE),
        };
        ret->valid_size = ret->size;
        ret->contiguous = ret->deleted;
        times_fill(s, ret);
        if (ret->kind == ENTRY_LABEL) {
                label_decode(f, s, ret->name);
        } else if (long_name_settle(l, s, ret->name)) {
                ret->slot = l->slot;
        } else {
                long_name_orphaned(f, l);
                short_name_decode(f->v->charset, s, ret->name);
        }
}

/* Whether a slot is an entry at all: what a folder is overwritten with seldom is. */
static bool entry_plausible(struct folder_reader *f, const uint8_t *s, uint32_t at)
{
        if ((s[ATTRIBUTES] & ~ATTRIBUTES_MASK) == 0 && short_name_plausible(s))
                return true;
        if (s[0] != FAT_DELETED && !f->folder.deleted) {
                f->incomplete = true;
                volume_tell(f->v, VOLUME_ENTRY_DAMAGED,
                            "folder '%s', slot %u: attributes %#x and a name of control characters are no "
                            "entry",
                            f->path, at, s[ATTRIBUTES]);
        }
        return false;
}

int fat_entry_next(struct folder_reader *f, struct volume_entry *ret, bool *ret_end)
{
        struct long_name l = {.n = 0};

        for (;;) {
                uint8_t s[SLOT_SIZE];
                uint32_t at = (uint32_t)f->slot;
                bool end;
                int r = folder_slot_next(f, s, &end);

                if (r == RECORDER_UNREADABLE) {
                        l.n = 0;
                        continue;
                }
                if (r != RECORDER_OK)
                        return r;
                if (end || s[0] == 0) {
                        long_name_orphaned(f, &l);
                        *ret_end = true;
                        return RECORDER_OK;
                }
                if ((s[ATTRIBUTES] & ATTRIBUTES_MASK) == LONG_NAME) {
                        long_name_take(&l, s, at);
                        continue;
                }
                if (entry_plausible(f, s, at)) {
                        entry_fill(f, &l, s, at, ret);
                        *ret_end = false;
                        return RECORDER_OK;
                }
                if (f->folder.deleted)
                        folder_reader_seek(f, f->slots_max); /* used for something else from here on */
                l.n = 0;
        }
}
