// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The settings of a simulated recorder: one table of keys, one reader per type. Each value is checked here,
 * so that the rest of the simulator may rely on the profile.
 */

#include "recsim_profile.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum setting_type {
        SETTING_TEXT,
        SETTING_BOOL,
        SETTING_NUMBER,
        SETTING_OFFSET, /* signed */
};

struct setting {
        const char *key;
        enum setting_type type;
        size_t offset;
        uint64_t max; /* room for a text, largest value for a number */
};

#define FIELD(f) offsetof(struct recsim_profile, f)
#define TEXT(k, f)                                                                 \
        {                                                                          \
                k, SETTING_TEXT, FIELD(f), sizeof(((struct recsim_profile *)0)->f) \
        }
#define BOOL(k, f)                           \
        {                                    \
                k, SETTING_BOOL, FIELD(f), 1 \
        }
#define NUMBER(k, f, m)                        \
        {                                      \
                k, SETTING_NUMBER, FIELD(f), m \
        }

static const struct setting settings[] = {
                TEXT("dir", dir),
                TEXT("port", port),
                TEXT("serial", serial),
                TEXT("manufacturer", manufacturer),
                TEXT("model", model),
                TEXT("firmware", firmware),
                TEXT("friendly", friendly),
                TEXT("label", label),
                TEXT("tag", tag),
                NUMBER("vid", vendor, UINT16_MAX),
                NUMBER("pid", product, UINT16_MAX),
                NUMBER("battery", battery, UINT8_MAX),
                NUMBER("packet", packet, 1024),
                BOOL("proplist", proplist),
                BOOL("partial64", partial64),
                BOOL("partial", partial),
                BOOL("split", split),
                BOOL("zlp", zlp),
                BOOL("locked", locked),
                BOOL("claimed", claimed),
                BOOL("clock-readable", reads_clock),
                NUMBER("storages", storages, 16),
                NUMBER("capacity", capacity, INT64_MAX),
                TEXT("clock-zone", clock_zone),
                {"clock", SETTING_OFFSET, FIELD(clock_offset), 0},
                NUMBER("rate", rate, INT64_MAX),
                TEXT("inquiry-vendor", inquiry_vendor),
                TEXT("inquiry-product", inquiry_product),
                TEXT("inquiry-revision", inquiry_revision),
                BOOL("writable", writable),
                BOOL("halts", halts),
                BOOL("uas", uas),
                BOOL("driver", driver),
                BOOL("vendor-mode", vendor_mode),
};

void recsim_profile_init(struct recsim_profile *p)
{
        *p = (struct recsim_profile){
                        .port = "3-1.4",
                        .serial = "RD00000001",
                        .manufacturer = "Recdock",
                        .model = "Simulated Recorder",
                        .firmware = "1.0",
                        .friendly = "Recorder",
                        .tag = "mtp",
                        .vendor = 0x4255,
                        .product = 0x1000,
                        .battery = 80,
                        .speed = RECSIM_HIGH,
                        .proplist = true,
                        .partial64 = true,
                        .partial = true,
                        .zlp = true,
                        .reads_clock = true,
                        .storages = 1,
                        .inquiry_vendor = "Recdock",
                        .inquiry_product = "Simulated Disk",
                        .inquiry_revision = "1.00",
                        .sector = 512,
                        .halts = true,
                        .driver = true,
        };
}

static int refuse(char *why, const char *key, const char *value, const char *expected)
{
        (void)snprintf(why, RECSIM_WHY_MAX, "%s='%.80s': expected %s", key, value, expected);
        return -EINVAL;
}

static int bool_set(void *field, const char *key, const char *value, char *why)
{
        bool yes = strcmp(value, "yes") == 0 || strcmp(value, "1") == 0;

        if (!yes && strcmp(value, "no") != 0 && strcmp(value, "0") != 0)
                return refuse(why, key, value, "yes or no");
        *(bool *)field = yes;
        return 0;
}

static int number_read(const char *value, uint64_t max, uint64_t *ret)
{
        char *end = NULL;
        unsigned long long v;

        errno = 0;
        v = strtoull(value, &end, 0);
        if (errno != 0 || end == value || *end || *value == '-' || v > max)
                return -EINVAL;
        *ret = v;
        return 0;
}

static int setting_apply(struct recsim_profile *p, const struct setting *s, const char *value, char *why)
{
        void *field = (char *)p + s->offset;

        switch (s->type) {
        case SETTING_TEXT:
                if (text_copy(field, s->max, value))
                        return 0;
                return refuse(why, s->key, value, "a shorter text");
        case SETTING_BOOL:
                return bool_set(field, s->key, value, why);
        case SETTING_NUMBER:
                if (number_read(value, s->max, field) == 0)
                        return 0;
                return refuse(why, s->key, value, "a number in range, hexadecimal as 0x…");
        case SETTING_OFFSET:
                if (text_to_int64(*value == '+' ? value + 1 : value, field) == 0)
                        return 0;
                return refuse(why, s->key, value, "seconds, with a sign");
        }
        return -EINVAL;
}

static int speed_set(struct recsim_profile *p, const char *value, char *why)
{
        if (strcmp(value, "full") == 0)
                p->speed = RECSIM_FULL;
        else if (strcmp(value, "high") == 0)
                p->speed = RECSIM_HIGH;
        else if (strcmp(value, "super") == 0)
                p->speed = RECSIM_SUPER;
        else
                return refuse(why, "speed", value, "full, high or super");
        return 0;
}

static int class_set(struct recsim_profile *p, const char *value, char *why)
{
        if (strcmp(value, "image") == 0)
                p->vendor_class = false;
        else if (strcmp(value, "vendor") == 0)
                p->vendor_class = true;
        else
                return refuse(why, "class", value, "image or vendor");
        return 0;
}

/* "100x4194304": so many files of so many bytes. */
static int synth_set(struct recsim_profile *p, const char *value, char *why)
{
        const char *size = strchr(value, 'x');
        char count[16] = "";

        if (size && size - value < (ptrdiff_t)sizeof(count))
                memcpy(count, value, (size_t)(size - value));
        if (!size || number_read(count, 1000000, &p->synth_count) < 0 ||
            number_read(size + 1, INT64_MAX, &p->synth_size) < 0)
                return refuse(why, "synth", value, "COUNTxBYTES");
        return 0;
}

/* One more logical unit. The first one makes a disk of the recorder, and our rules tag it as one. */
static int disk_set(struct recsim_profile *p, const char *value, char *why)
{
        if (p->n_disks == RECSIM_LUNS_MAX)
                return refuse(why, "disk", value, "no more than 8 logical units");
        if (!*value || !text_copy(p->disk[p->n_disks], sizeof(p->disk[0]), value))
                return refuse(why, "disk", value, "the path of an image, or none");
        if (p->n_disks++ == 0 && strcmp(p->tag, "mtp") == 0)
                (void)text_copy(p->tag, sizeof(p->tag), "ums");
        return 0;
}

static int sector_set(struct recsim_profile *p, const char *value, char *why)
{
        uint64_t v = 0;

        if (number_read(value, 4096, &v) < 0 || v < 512 || (v & (v - 1)) != 0)
                return refuse(why, "sector", value, "512, 1024, 2048 or 4096");
        p->sector = v;
        return 0;
}

static int beside_set(struct recsim_profile *p, const char *value, char *why)
{
        if (strcmp(value, "none") == 0)
                p->beside = RECSIM_BESIDE_NOTHING;
        else if (strcmp(value, "keyboard") == 0)
                p->beside = RECSIM_BESIDE_KEYBOARD;
        else if (strcmp(value, "network") == 0)
                p->beside = RECSIM_BESIDE_NETWORK;
        else
                return refuse(why, "beside", value, "none, keyboard or network");
        return 0;
}

static const struct {
        const char *key;
        int (*set)(struct recsim_profile *p, const char *value, char *why);
} readers[] = {
                {"speed", speed_set}, {"class", class_set},   {"synth", synth_set},
                {"disk", disk_set},   {"sector", sector_set}, {"beside", beside_set},
};

int recsim_profile_set(struct recsim_profile *p, const char *key, const char *value, char *why)
{
        for (size_t i = 0; i < ELEMENTSOF(readers); i++) {
                if (strcmp(readers[i].key, key) == 0)
                        return readers[i].set(p, value, why);
        }
        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                if (strcmp(settings[i].key, key) == 0)
                        return setting_apply(p, &settings[i], value, why);
        }
        (void)snprintf(why, RECSIM_WHY_MAX, "'%.80s': no such setting of a recorder", key);
        return -ENOENT;
}
