// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The items of a disk: listing them, and reading one. An index is a place in the list that the last listing
 * made; before a read the entry is looked at again, because a new listing, or a new card, may be behind it.
 */
#include "recorder/ums/ums_state.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define ITEMS_DEFAULT 200000
#define ROOM_LEAST    256

static const char *const left_out_default[] = {
                "System Volume Information", ".Trash-*",   "$RECYCLE.BIN", ".Trashes",
                ".Spotlight-V100",           ".fseventsd", NULL,
};

/* --- listing --- */

/* Is the file in a folder that no recorder made? 'path' is "ROOT/folder/…/name". */
static bool is_left_out(const struct ums_recorder *u, const char *path)
{
        const char *const *patterns = u->limits.left_out ? u->limits.left_out : left_out_default;
        const char *folder = strchr(path, '/'), *end = folder ? strchr(folder + 1, '/') : NULL;
        char name[RECORDER_PATH_MAX];

        if (!end)
                return false;
        (void)snprintf(name, sizeof(name), "%.*s", (int)(end - folder - 1), folder + 1);
        for (; *patterns; patterns++)
                if (fnmatch(*patterns, name, 0) == 0)
                        return true;
        return false;
}

/* Keeps what it takes to read the file. 0 with *ret_index; -ENOMEM; -E2BIG when there are too many. */
static int file_keep(struct ums_recorder *u, const struct volume_file *file, unsigned int volume,
                     uint32_t *ret_index)
{
        uint32_t most = u->limits.items ? u->limits.items : ITEMS_DEFAULT;

        if (u->n_files >= most)
                return -E2BIG;
        if (u->n_files == u->room) {
                uint32_t room = MIN(MAX(u->room * 2, (uint32_t)ROOM_LEAST), most);
                struct ums_file *files = reallocarray(u->files, room, sizeof(*files));

                if (!files)
                        return -ENOMEM;
                u->files = files;
                u->room = room;
        }
        u->files[u->n_files] = (struct ums_file){.file = *file, .volume = (uint8_t)volume};
        *ret_index = u->n_files++;
        return 0;
}

struct walk {
        struct ums_recorder *u;
        unsigned int volume;
        bool full; /* there are more items than can be kept */
};

static int on_file(void *userdata, const struct volume_item *item)
{
        struct walk *w = userdata;
        struct ums_recorder *u = w->u;
        struct recorder_item out = {.size = (int64_t)MIN(item->file.size, (uint64_t)INT64_MAX)};
        int r;

        if (u->listener_result != 0)
                return u->listener_result;
        if (is_left_out(u, item->path)) {
                u->left_out++;
                return 0;
        }
        r = file_keep(u, &item->file, w->volume, &out.index);
        if (r == -E2BIG) {
                w->full = true;
                return 0;
        }
        if (r < 0)
                return r;
        out.flags = item->attributes & VOLUME_READ_ONLY ? RECORDER_ITEM_PROTECTED : 0;
        (void)text_copy(out.time_text, sizeof(out.time_text), item->time_text);
        (void)text_copy(out.path, sizeof(out.path), item->path);
        u->listener_result = u->listener->on_item(u->listener->userdata, &out);
        return u->listener_result;
}

static int on_deleted(void *userdata, const struct volume_item *item)
{
        struct walk *w = userdata;
        struct ums_recorder *u = w->u;
        struct recorder_deleted out = {.size = (int64_t)MIN(item->file.size, (uint64_t)INT64_MAX)};
        int r;

        if (u->listener_result != 0)
                return u->listener_result;
        r = file_keep(u, &item->file, w->volume, &out.index);
        if (r == -E2BIG) {
                w->full = true;
                return 0;
        }
        if (r < 0)
                return r;
        out.flags = item->recoverable ? RECORDER_DELETED_RECOVERABLE : 0;
        (void)text_copy(out.time_text, sizeof(out.time_text), item->time_text);
        (void)text_copy(out.path, sizeof(out.path), item->path);
        u->listener_result = u->listener->on_deleted(u->listener->userdata, &out);
        return u->listener_result;
}

static void volume_tell(struct ums_recorder *u, const struct ums_volume *v)
{
        struct recorder_volume out = {.unit = v->lun, .offset = (int64_t)v->offset};
        struct volume_facts facts;

        if (!u->listener->on_volume)
                return;
        volume_facts(v->volume, &facts);
        out.serial = facts.serial;
        (void)text_copy(out.name, sizeof(out.name), v->root);
        u->listener_result = u->listener->on_volume(u->listener->userdata, &out);
}

static int volume_walk(struct ums_recorder *u, unsigned int n, bool *ret_complete)
{
        struct ums_volume *v = &u->volumes[n];
        struct walk w = {.u = u, .volume = n};
        const struct volume_listing listing = {.root = v->root,
                                               .on_file = on_file,
                                               .on_deleted = u->listener->on_deleted ? on_deleted : NULL,
                                               .userdata = &w};
        bool complete = false;
        int r;

        volume_tell(u, v);
        if (u->listener_result != 0)
                return u->listener_result;
        r = volume_list(v->volume, &listing, &complete);

        if (r == RECORDER_OK && u->listener_result != 0)
                r = u->listener_result;
        if (w.full)
                ums_finding(u, "limit", v->root, "more files than can be listed, the others are not items");
        *ret_complete &= complete && !w.full;
        return r;
}

/* What was found while the units and volumes were opened. */
static void findings_hand_on(struct ums_recorder *u)
{
        char text[96];

        for (unsigned int i = 0; i < u->n_findings; i++)
                ums_finding(u, u->findings[i].kind, u->findings[i].place, u->findings[i].text);
        if (u->findings_lost == 0)
                return;
        (void)snprintf(text, sizeof(text), "%u more findings than can be told", u->findings_lost);
        ums_finding(u, "limit", "", text);
}

static void left_out_tell(struct ums_recorder *u)
{
        char text[96];

        if (u->left_out == 0)
                return;
        (void)snprintf(text, sizeof(text), "%u files in folders of an operating system are no items",
                       u->left_out);
        ums_finding(u, "left-out", "", text);
}

/* One volume that fails does not keep the others from being listed. */
static int volumes_walk(struct ums_recorder *u, bool *ret_complete)
{
        bool complete = u->complete;

        findings_hand_on(u);
        for (unsigned int n = 0; n < u->n_volumes; n++) {
                int r = u->listener_result ? u->listener_result : volume_walk(u, n, &complete);

                if (ums_is_end(u, r) || u->listener_result != 0)
                        return r;
                if (r != RECORDER_OK) {
                        complete = false;
                        ums_finding(u, "volume-unusable", u->volumes[n].root, recorder_outcome_text(r));
                }
        }
        left_out_tell(u);
        *ret_complete = complete;
        return u->listener_result;
}

static bool has_medium(const struct ums_recorder *u)
{
        for (unsigned int i = 0; i < u->n_units; i++)
                if (u->units[i].disk)
                        return true;
        return false;
}

int ums_list(struct recorder *recorder, const struct recorder_listener *to, bool *ret_complete)
{
        struct ums_recorder *u = (struct ums_recorder *)recorder;
        int r = ums_ready(u);

        if (r == RECORDER_OK && !has_medium(u)) {
                ums_forget(u); /* it may have been unlocked when it is asked again */
                return RECORDER_LOCKED;
        }
        if (r != RECORDER_OK)
                return r;
        u->n_files = u->left_out = 0;
        u->listener_result = 0;
        u->listener = to;
        r = volumes_walk(u, ret_complete);
        u->listener = NULL;
        if (ums_changed(u) && u->listener_result == 0) {
                ums_forget(u);
                return RECORDER_GONE;
        }
        return r == RECORDER_OK && u->n_volumes == 0 ? RECORDER_UNSUPPORTED : r;
}

/* --- reading --- */

struct reading {
        const struct recorder_sink *sink;
        uint64_t swallow; /* zeros in place of what is unreadable: the sink has its own */
};

static int reading_write(void *userdata, const void *data, size_t size)
{
        struct reading *r = userdata;
        size_t skip = (size_t)MIN((uint64_t)size, r->swallow);

        r->swallow -= skip;
        if (skip == size)
                return 0;
        return r->sink->write(r->sink->userdata, (const uint8_t *)data + skip, size - skip);
}

static int reading_unreadable(void *userdata, uint64_t offset, uint64_t size)
{
        struct reading *r = userdata;

        (void)offset;
        if (!r->sink->unreadable)
                return RECORDER_UNREADABLE;
        r->swallow += size;
        return r->sink->unreadable(r->sink->userdata, (int64_t)size);
}

/*
 * The clusters end before the file does. As far as a disk could hold it, what is missing counts as
 * unreadable: the copy has the length that the recorder gave the file, and says where it is empty.
 */
static int missing_tell(struct ums_volume *v, const struct ums_file *f, uint64_t offset, uint64_t is,
                        const struct recorder_sink *sink)
{
        uint64_t from = MAX(is, offset), missing = f->file.size - from;
        struct volume_facts facts;
        char text[128];

        volume_facts(v->volume, &facts);
        if (f->file.size <= from || missing > facts.total_bytes || !sink->unreadable)
                return RECORDER_SHORT;
        (void)snprintf(text, sizeof(text), "a file of %llu bytes has clusters for %llu only",
                       (unsigned long long)f->file.size, (unsigned long long)is);
        if (v->owner->notice)
                v->owner->notice(v->owner->userdata, LOG_WARNING, text);
        return sink->unreadable(sink->userdata, (int64_t)missing);
}

int ums_read(struct recorder *recorder, uint32_t index, int64_t offset, const struct recorder_sink *sink,
             int64_t *ret_size)
{
        struct ums_recorder *u = (struct ums_recorder *)recorder;
        struct reading reading = {.sink = sink};
        const struct volume_sink to = {
                        .write = reading_write, .unreadable = reading_unreadable, .userdata = &reading};
        const struct ums_file *f;
        struct ums_volume *v;
        uint64_t size = 0;
        int r;

        if (!u->ready || index >= u->n_files || offset < 0)
                return -EINVAL;
        f = &u->files[index];
        v = &u->volumes[f->volume];
        if (disk_changed(v->disk))
                return RECORDER_GONE; /* the medium that was listed; who reads on must list first */
        r = volume_check(v->volume, &f->file);
        if (r == RECORDER_OK)
                r = volume_read(v->volume, &f->file, (uint64_t)offset, &to, &size);
        if (r == RECORDER_SHORT) {
                r = missing_tell(v, f, (uint64_t)offset, size, sink);
                size = f->file.size;
        }
        if (r == RECORDER_OK)
                *ret_size = (int64_t)size;
        return r;
}
