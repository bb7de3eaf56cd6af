// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See mtp_folder.h. One transaction instead of one per object, which is the difference between seconds and
 * minutes on a full card; but many devices get the list wrong. Nothing in it is believed that
 * GetObjectHandles does not know, and no list that gives one object the properties of another: a file would
 * be filed under a name, and so an officer, that is not its own.
 */
#include "recorder/mtp/mtp_folder.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/mtp/ptp_proplist.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX (4U * 1024 * 1024)
#define LIST_BYTES_MAX (256U * 1024 * 1024)
#define ALL_PROPERTIES 0xffffffffU

#define SAMPLES 3U /* objects of a list that are asked themselves */

struct reading {
        struct mtp_folder *folder;
        uint32_t parent;
        struct ptp_proplist list;
};

static int by_handle(const void *a, const void *b)
{
        uint32_t x = ((const struct mtp_folder_entry *)a)->handle;
        uint32_t y = ((const struct mtp_folder_entry *)b)->handle;

        return (x > y) - (x < y);
}

static struct mtp_folder_entry *entry_find(const struct mtp_folder *f, uint32_t handle)
{
        struct mtp_folder_entry key = {.handle = handle};

        return bsearch(&key, f->entries, f->n, sizeof(*f->entries), by_handle);
}

static int name_set(struct mtp_folder *f, struct mtp_folder_entry *e, const char *name)
{
        char *copy;

        if (e->name)
                return 0; /* told twice: the first one counts */
        f->name_bytes += strlen(name) + 1;
        if (f->name_bytes > NAME_BYTES_MAX)
                return RECORDER_UNSUPPORTED;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        e->name = copy;
        return 0;
}

static void size_set(struct mtp_folder_entry *e, const struct ptp_value *v)
{
        bool wide = v->type == PTP_UINT64 || v->type == PTP_INT64;

        e->has_size = true;
        e->size = v->number == 0 || v->number == UINT32_MAX || v->number > INT64_MAX ? -1
                                                                                     : (int64_t)v->number;
        e->over_4g = !wide && v->number == UINT32_MAX;
        e->wide = wide && e->size >= 0;
        if (!wide && e->size < 0)
                e->has_size = false; /* the object's own answer knows more */
}

static int on_value(void *userdata, uint32_t handle, uint16_t property, const struct ptp_value *v)
{
        struct reading *r = userdata;
        struct mtp_folder_entry *e = entry_find(r->folder, handle);

        if (!e) {
                r->folder->strangers = true;
                return 0;
        }
        switch (property) {
        case MTP_OBJECT_FORMAT:
                e->format = (uint16_t)v->number;
                e->has_format = true;
                break;
        case MTP_PROTECTION_STATUS:
                e->protected = v->number != 0;
                break;
        case MTP_OBJECT_SIZE:
                size_set(e, v);
                break;
        case MTP_PARENT_OBJECT:
                r->folder->strangers |= v->number != r->parent;
                break;
        case MTP_OBJECT_FILE_NAME:
                return v->type == PTP_STRING ? name_set(r->folder, e, v->text) : 0;
        case MTP_DATE_MODIFIED:
                if (v->text[0] != '\0')
                        (void)text_copy(e->time_text, sizeof(e->time_text), v->text);
                break;
        case MTP_DATE_CREATED:
                if (e->time_text[0] == '\0')
                        (void)text_copy(e->time_text, sizeof(e->time_text), v->text);
                break;
        default:
                break;
        }
        return 0;
}

static int on_data(void *userdata, const uint8_t *data, size_t size)
{
        struct reading *r = userdata;
        int result = ptp_proplist_feed(&r->list, data, size);

        return result == -EBADMSG ? RECORDER_UNSUPPORTED : result;
}

static void entries_forget(struct mtp_folder *f)
{
        for (size_t i = 0; i < f->n; i++) {
                struct mtp_folder_entry *e = &f->entries[i];

                free(e->name);
                *e = (struct mtp_folder_entry){.handle = e->handle, .size = -1};
        }
        f->name_bytes = 0;
        f->strangers = false;
}

static int on_begin(void *userdata)
{
        struct reading *r = userdata;

        entries_forget(r->folder);
        r->list = (struct ptp_proplist){.on_value = on_value, .userdata = r};
        return 0;
}

static int entries_new(struct mtp_folder *f, const uint32_t *handles, size_t n)
{
        f->entries = calloc(MAX(n, (size_t)1), sizeof(*f->entries));
        if (!f->entries)
                return -ENOMEM;
        f->n = n;
        for (size_t i = 0; i < n; i++)
                f->entries[i].handle = handles[i];
        qsort(f->entries, n, sizeof(*f->entries), by_handle);
        return 0;
}

int mtp_folder_fetch(struct mtp_folder *f, struct ptp_session *s, uint32_t parent, const uint32_t *handles,
                     size_t n)
{
        struct reading reading = {.folder = f, .parent = parent};
        struct ptp_request q = {
                        .code = MTP_GET_OBJECT_PROP_LIST,
                        .params = {parent, 0, ALL_PROPERTIES, 0, 1},
                        .n_params = 5,
                        .on_data = on_data,
                        .on_begin = on_begin,
                        .userdata = &reading,
                        .most = LIST_BYTES_MAX,
        };
        struct ptp_reply reply;
        int r = entries_new(f, handles, n);

        if (r == 0)
                r = ptp_session_run(s, &q, &reply);
        if (r != RECORDER_OK)
                return r;
        if (reply.code != PTP_OK)
                return RECORDER_UNSUPPORTED;
        return reply.cut || !ptp_proplist_complete(&reading.list) ? RECORDER_PROTOCOL : RECORDER_OK;
}

bool mtp_folder_at(const struct mtp_folder *f, uint32_t handle, struct mtp_entry *ret)
{
        const struct mtp_folder_entry *e = entry_find(f, handle);

        if (!e || !e->name || !e->has_format)
                return false;
        if (!e->has_size && e->format != PTP_FORMAT_ASSOCIATION)
                return false;
        *ret = (struct mtp_entry){
                        .handle = handle,
                        .format = e->format,
                        .protected = e->protected,
                        .over_4g = e->over_4g,
                        .wide = e->wide,
                        .size = e->size,
        };
        memcpy(ret->time_text, e->time_text, sizeof(ret->time_text));
        (void)text_copy(ret->name, sizeof(ret->name), e->name);
        return true;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* No folder has two entries of one name: where the list says so, one of them is another object's. */
static int names_differ(const struct mtp_folder *f, bool *ret)
{
        _cleanup_free_ char **names = calloc(MAX(f->n, (size_t)1), sizeof(*names));
        size_t n = 0;

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < f->n; i++)
                if (f->entries[i].name)
                        names[n++] = f->entries[i].name;
        qsort(names, n, sizeof(*names), by_name);
        *ret = true;
        for (size_t i = 1; i < n; i++)
                *ret = *ret && strcmp(names[i - 1], names[i]) != 0;
        return 0;
}

/* Sizes are left out: the one in ObjectInfo has 32 bits, and devices fill them in many ways. */
static bool entry_agrees(const struct mtp_folder_entry *listed, const struct mtp_entry *e)
{
        return strcmp(listed->name, e->name) == 0 && (!listed->has_format || listed->format == e->format);
}

int mtp_folder_check(const struct mtp_folder *f, struct ptp_session *s, const struct ptp_device_info *info,
                     bool *ret_sound)
{
        bool sound;
        int r = names_differ(f, &sound);

        for (size_t i = 0; r == RECORDER_OK && sound && f->n > 0 && i < SAMPLES; i++) {
                const struct mtp_folder_entry *listed = &f->entries[(f->n - 1) * i / (SAMPLES - 1)];
                struct mtp_entry e;

                if (!listed->name)
                        continue;
                r = mtp_entry_fetch(s, info, listed->handle, &e);
                if (r == RECORDER_OK)
                        sound = entry_agrees(listed, &e);
        }
        if (r == RECORDER_OK)
                *ret_sound = sound;
        return r;
}

void mtp_folder_done(struct mtp_folder *f)
{
        for (size_t i = 0; i < f->n; i++)
                free(f->entries[i].name);
        free(f->entries);
        *f = (struct mtp_folder){0};
}
