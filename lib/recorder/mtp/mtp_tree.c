// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See mtp_tree.h. The walk keeps a stack of folders still to be read. A folder that fails is left out and
 * makes the listing incomplete; only what ends the docking (gone, cancelled, the ladder used up, an error of
 * this host) ends the walk.
 */
#include "recorder/mtp/mtp_tree.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/folder_stack.h"
#include "recorder/mtp/mtp_folder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define DEPTH_MAX      64
#define DEPTH_NONE     UINT_MAX /* met outside the tree */
#define PROPLIST_WORTH 5        /* fewer objects are asked for one by one */

struct walk {
        struct mtp_tree *tree;
        struct ptp_session *s;
        const struct ptp_device_info *info;
        recorder_item_fn *on_item;
        void *userdata;
        const struct mtp_storage *storage;
        struct hash_set handles; /* admitted */
        struct hash_set paths;
        struct folder_stack pending;
        size_t admitted;
        bool full; /* no more objects are taken */
        bool complete;
        int refused; /* why the root of a storage could not be read */
};

static void walk_done(struct walk *w)
{
        folder_stack_done(&w->pending);
        hash_set_done(&w->handles);
        hash_set_done(&w->paths);
}

static int pending_push(struct walk *w, uint32_t handle, const char *path, unsigned int depth)
{
        int r = depth > DEPTH_MAX ? -E2BIG : folder_stack_push(&w->pending, handle, depth, path);

        if (r == -E2BIG) {
                w->complete = false;
                return RECORDER_OK;
        }
        return r;
}

/* What leaves out one folder or object, against what ends the walk. */
static bool ends_walk(const struct walk *w, int r)
{
        return r < 0 || r == RECORDER_GONE || r == RECORDER_CANCELLED || w->s->dead;
}

static int leave_out(struct walk *w, int r)
{
        if (ends_walk(w, r))
                return r;
        w->complete = false;
        return RECORDER_OK;
}

static int object_keep(struct mtp_tree *t, const struct mtp_entry *e, uint32_t *ret_index)
{
        if (t->n_objects == t->room) {
                size_t room = t->room ? 2 * t->room : 256;
                struct mtp_object *bigger = reallocarray(t->objects, room, sizeof(*bigger));

                if (!bigger)
                        return -ENOMEM;
                t->objects = bigger;
                t->room = room;
        }
        *ret_index = (uint32_t)t->n_objects;
        t->objects[t->n_objects++] = (struct mtp_object){
                        .handle = e->handle,
                        .name_hash = (uint32_t)hash_text(e->name),
                        .size = e->size,
                        .over_4g = e->over_4g,
                        .wide = e->wide,
                        .protected = e->protected,
        };
        return 0;
}

static int item_give(struct walk *w, const struct mtp_entry *e, const char *folder)
{
        struct recorder_item item = {.size = e->size, .flags = e->protected ? RECORDER_ITEM_PROTECTED : 0};
        char name[ITEM_NAME_MAX];
        int r;

        (void)text_copy(name, sizeof(name), e->name);
        item_name_settle(name, e->handle);
        r = item_path_settle(&w->paths, w->storage->label, folder, name, e->handle, item.path);
        if (r < 0)
                return r;
        memcpy(item.time_text, e->time_text, sizeof(item.time_text));
        r = object_keep(w->tree, e, &item.index);
        if (r < 0)
                return r;
        return w->on_item(w->userdata, &item);
}

static int folder_add(struct walk *w, const struct mtp_entry *e, const char *parent, unsigned int depth)
{
        char name[ITEM_NAME_MAX], path[RECORDER_PATH_MAX];

        (void)text_copy(name, sizeof(name), e->name);
        item_name_settle(name, e->handle);
        if (!item_path_join(parent, name, path)) {
                /* What is in it keeps its own name; the way to it is too long to be told. */
                (void)snprintf(path, sizeof(path), "%s/(long)/%08x", w->storage->label, e->handle);
        }
        return pending_push(w, e->handle, path, depth);
}

/* Says whether the handle is new and may be looked at. */
static int admit(struct walk *w, uint32_t handle, bool *ret_admitted)
{
        int r;

        *ret_admitted = false;
        /* Both have a meaning of their own: an operation on one of them means every object there is. */
        if (handle == PTP_HANDLE_ROOT || handle == PTP_HANDLE_ALL)
                return leave_out(w, RECORDER_PROTOCOL);
        if (hash_set_has(&w->handles, handle))
                return RECORDER_OK;
        if (w->admitted >= w->s->limits.objects) {
                w->full = true;
                w->complete = false;
                return RECORDER_OK;
        }
        r = hash_set_add(&w->handles, handle);
        if (r < 0)
                return r;
        w->admitted++;
        *ret_admitted = true;
        return 0;
}

static int entry_place(struct walk *w, const struct mtp_entry *e, const char *folder, unsigned int depth)
{
        if (mtp_entry_is_folder(e) && depth == DEPTH_NONE)
                return RECORDER_OK; /* what it holds is in the flat list as well */
        if (mtp_entry_is_folder(e))
                return folder_add(w, e, folder, depth + 1);
        return item_give(w, e, folder);
}

static int object_visit(struct walk *w, const struct mtp_folder *listed, uint32_t handle, const char *folder,
                        unsigned int depth)
{
        struct mtp_entry e;
        bool admitted;
        int r = admit(w, handle, &admitted);

        if (r != 0 || !admitted)
                return r;
        if (!listed || !mtp_folder_at(listed, handle, &e)) {
                r = mtp_entry_fetch(w->s, w->info, handle, &e);
                if (r != RECORDER_OK)
                        return leave_out(w, r);
        }
        return entry_place(w, &e, folder, depth);
}

static bool proplist_wanted(const struct walk *w, uint32_t parent, size_t n)
{
        return !w->tree->no_proplist && !(w->s->quirks & QUIRK_BROKEN_PROPLIST) &&
               ptp_device_info_has(w->info, MTP_GET_OBJECT_PROP_LIST) && parent != PTP_HANDLE_ROOT &&
               n >= PROPLIST_WORTH && n <= MTP_FOLDER_MAX;
}

static void proplist_distrust(struct walk *w, const char *why)
{
        char text[128];

        w->tree->no_proplist = true;
        if (!w->s->notice)
                return;
        (void)snprintf(text, sizeof(text), "recorder's property list %s, asking for each object instead",
                       why);
        w->s->notice(w->s->userdata, LOG_INFO, text);
}

/* The folder's properties in one transaction, where that is worth it and sound. */
static int folder_list(struct walk *w, struct mtp_folder *f, uint32_t parent, const uint32_t *handles,
                       size_t n, bool *ret_listed)
{
        bool sound = false;
        int r;

        *ret_listed = false;
        if (!proplist_wanted(w, parent, n))
                return RECORDER_OK;
        r = mtp_folder_fetch(f, w->s, parent, handles, n);
        if (r == RECORDER_OK && !f->strangers)
                r = mtp_folder_check(f, w->s, w->info, &sound);
        if (ends_walk(w, r))
                return r;
        if (r != RECORDER_OK)
                proplist_distrust(w, "cannot be read");
        else if (f->strangers)
                proplist_distrust(w, "names objects that are not in the folder");
        else if (!sound)
                proplist_distrust(w, "gives an object the name of another");
        *ret_listed = r == RECORDER_OK && sound;
        return RECORDER_OK;
}

static int folder_read(struct walk *w, uint32_t parent, const char *path, unsigned int depth)
{
        _cleanup_(mtp_folder_done) struct mtp_folder f = {0};
        _cleanup_free_ uint32_t *handles = NULL;
        size_t n = 0;
        bool listed;
        int r = mtp_handles_fetch(w->s, w->storage->id, parent, &handles, &n);

        if (r != RECORDER_OK) {
                if (parent == PTP_HANDLE_ROOT)
                        w->refused = r;
                return leave_out(w, r);
        }
        r = folder_list(w, &f, parent, handles, n, &listed);
        for (size_t i = 0; i < n && r == RECORDER_OK && !w->full; i++)
                r = object_visit(w, listed ? &f : NULL, handles[i], path, depth);
        return r;
}

/* Files of the storage that no folder led to. A device that cannot tell is believed to have none. */
static int orphans_read(struct walk *w)
{
        _cleanup_free_ uint32_t *handles = NULL;
        char folder[RECORDER_TEXT_MAX + 16];
        size_t n = 0;
        int r;

        if (w->full || (w->s->quirks & QUIRK_NO_FLAT_LIST))
                return RECORDER_OK;
        r = mtp_handles_fetch(w->s, w->storage->id, PTP_HANDLE_ALL, &handles, &n);
        if (r != RECORDER_OK)
                return ends_walk(w, r) ? r : RECORDER_OK;
        (void)snprintf(folder, sizeof(folder), "%s/(unlinked)", w->storage->label);
        for (size_t i = 0; i < n && r == RECORDER_OK && !w->full; i++)
                r = object_visit(w, NULL, handles[i], folder, DEPTH_NONE);
        return r;
}

static int storage_walk(struct walk *w)
{
        int r = folder_read(w, PTP_HANDLE_ROOT, w->storage->label, 0);

        while (r == RECORDER_OK && !w->full) {
                _cleanup_free_ char *path = NULL;
                unsigned int depth;
                uint32_t handle;

                if (!folder_stack_pop(&w->pending, &handle, &depth, &path))
                        break;
                r = folder_read(w, handle, path, depth);
        }
        return r == RECORDER_OK ? orphans_read(w) : r;
}

int mtp_tree_list(struct mtp_tree *t, struct ptp_session *s, const struct ptp_device_info *info,
                  recorder_item_fn *on_item, void *userdata, bool *ret_complete)
{
        _cleanup_(walk_done) struct walk w = {.tree = t,
                                              .s = s,
                                              .info = info,
                                              .on_item = on_item,
                                              .userdata = userdata,
                                              .complete = true};
        struct mtp_storages storages;
        int r = mtp_storages_fetch(s, true, &storages);

        if (r != RECORDER_OK)
                return r;
        t->n_objects = 0;
        t->generation = s->generation;
        for (unsigned int i = 0; i < storages.n && r == RECORDER_OK; i++) {
                w.storage = &storages.at[i];
                r = storage_walk(&w);
        }
        if (r != RECORDER_OK)
                return r;
        if (t->n_objects == 0 && w.refused != RECORDER_OK)
                return w.refused;
        /* A reset on the way may have renumbered the objects. */
        *ret_complete = w.complete && t->generation == s->generation;
        return RECORDER_OK;
}

const struct mtp_object *mtp_tree_at(const struct mtp_tree *t, uint32_t index)
{
        return index < t->n_objects ? &t->objects[index] : NULL;
}

bool mtp_object_is(const struct mtp_object *o, const struct mtp_entry *e)
{
        return !mtp_entry_is_folder(e) && (uint32_t)hash_text(e->name) == o->name_hash &&
               (o->size < 0 || e->size < 0 || o->size == e->size);
}

void mtp_tree_done(struct mtp_tree *t)
{
        free(t->objects);
        *t = (struct mtp_tree){0};
}
