// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The walk over all folders from the root down. A folder is entered once, by its first cluster, so folders
 * in a circle end by themselves; what is damaged is left out and makes the listing incomplete. Only what the
 * unit says (gone, cancelled), a failure of this host or the callback ends it.
 *
 * A deleted folder is entered when its first cluster is free and still looks like that folder; everything in
 * it counts as deleted.
 */
#include "recorder/ums/volume_walk.h"

#include "recorder/folder_stack.h"
#include "recorder/ums/volume_claim.h"
#include "recorder/ums/volume_table.h"

#include <stdlib.h>
#include <string.h>

#define DELETED_FOLDER_CLUSTERS 64U
#define DELETED                 "(deleted)"

struct walk {
        struct volume *v;
        const struct volume_listing *to;
        struct folder_stack stack;
        struct hash_set paths;
        struct hash_set entered; /* first clusters of folders */
        struct folder_reader reader;
        struct volume_item item;
        uint32_t folder;    /* the one being read */
        const char *path;   /* its */
        unsigned int depth; /* its */
        unsigned int files, deleted;
        bool complete;
        bool full;         /* a bound of the whole listing was reached */
        bool deleted_full; /* the bound of deleted files */
};

void volume_root(const struct volume *v, struct volume_folder *ret)
{
        *ret = (struct volume_folder){.cluster = v->at.root_size > 0 ? 0 : v->at.root_cluster};
}

void volume_file_fill(const struct volume *v, const struct volume_entry *e, uint32_t folder,
                      struct volume_file *ret)
{
        bool deleted = e->deleted || v->folders[folder].deleted;

        *ret = (struct volume_file){
                        .size = e->size,
                        .valid_size = e->valid_size,
                        .time = e->time,
                        .folder = folder,
                        .slot = e->slot,
                        .cluster = e->cluster,
                        .name_hash = volume_name_hash(e->name),
                        .contiguous = e->contiguous || deleted,
                        .recovered = deleted,
        };
}

static void walk_done(struct walk *w)
{
        folder_stack_done(&w->stack);
        hash_set_done(&w->paths);
        hash_set_done(&w->entered);
        volume_claims_done(w->v);
}

/* A bound: told, and the listing is not complete. */
static void walk_limit(struct walk *w, const char *what, uint64_t limit)
{
        w->complete = false;
        volume_tell(w->v, VOLUME_LIMIT, "folder '%s': more than %llu %s, the rest is left out", w->path,
                    (unsigned long long)limit, what);
}

/* What is wrong with the volume leaves a part out; everything else ends the walk. */
static int leave_out(struct walk *w, int r)
{
        if (r != RECORDER_PROTOCOL && r != RECORDER_UNREADABLE)
                return r;
        w->complete = false;
        if (w->v->cache.spent && !w->full) {
                w->full = true;
                walk_limit(w, "bytes of folders and tables", w->v->limits.metadata_bytes);
        }
        return RECORDER_OK;
}

static int folder_keep(struct volume *v, const struct volume_folder *folder, uint32_t *ret)
{
        if (v->n_folders == v->folders_room) {
                uint32_t room = v->folders_room ? 2 * v->folders_room : 64;
                struct volume_folder *bigger = reallocarray(v->folders, room, sizeof(*bigger));

                if (!bigger)
                        return -ENOMEM;
                v->folders = bigger;
                v->folders_room = room;
        }
        *ret = v->n_folders;
        v->folders[v->n_folders++] = *folder;
        return 0;
}

/* Where deleted entries of the current folder are shown. */
static void deleted_folder_path(const struct walk *w, char *ret)
{
        size_t root = strlen(w->to->root);

        if (w->v->folders[w->folder].deleted || snprintf(ret, RECORDER_PATH_MAX, "%s/" DELETED "%s",
                                                         w->to->root, w->path + root) >= RECORDER_PATH_MAX)
                (void)snprintf(ret, RECORDER_PATH_MAX, "%s", w->path);
}

static int item_settle(struct walk *w, const struct volume_entry *e, const char *folder)
{
        struct volume_item *item = &w->item;
        char name[ITEM_NAME_MAX];
        uint32_t number = w->files + w->deleted;

        memcpy(name, e->name, sizeof(name));
        item_name_settle(name, number);
        volume_file_fill(w->v, e, w->folder, &item->file);
        item->attributes = e->attributes;
        item->recoverable = false;
        memcpy(item->time_text, e->time_text, sizeof(item->time_text));
        memcpy(item->created_text, e->created_text, sizeof(item->created_text));
        return item_path_settle(&w->paths, w->to->root, folder, name, number, item->path);
}

static int file_visit(struct walk *w, const struct volume_entry *e)
{
        int r;

        if (w->files == w->v->limits.files) {
                w->full = true;
                walk_limit(w, "files", w->v->limits.files);
                return RECORDER_OK;
        }
        r = item_settle(w, e, w->path);
        if (r < 0)
                return r;
        w->files++;
        r = w->to->on_file(w->to->userdata, &w->item);
        return r == 0 ? leave_out(w, volume_claim(w->v, e, w->item.path)) : r;
}

static int deleted_file_visit(struct walk *w, const struct volume_entry *e)
{
        char folder[RECORDER_PATH_MAX];
        int r;

        if (w->deleted == w->v->limits.deleted) {
                if (!w->deleted_full)
                        walk_limit(w, "deleted files", w->v->limits.deleted);
                w->deleted_full = true;
                return RECORDER_OK;
        }
        deleted_folder_path(w, folder);
        r = item_settle(w, e, folder);
        if (r < 0)
                return r;
        w->deleted++;
        r = leave_out(w, volume_recoverable(w->v, e->cluster, e->size, &w->item.recoverable));
        return r == RECORDER_OK ? w->to->on_deleted(w->to->userdata, &w->item) : r;
}

/* Remembers a folder and puts it on the stack. */
static int folder_push(struct walk *w, const struct volume_entry *e, const struct volume_folder *folder,
                       const char *parent)
{
        char name[ITEM_NAME_MAX], path[RECORDER_PATH_MAX];
        uint32_t number = w->v->n_folders;
        int r;

        if (w->depth + 1 > w->v->limits.depth) {
                walk_limit(w, "levels of folders", w->v->limits.depth);
                return RECORDER_OK;
        }
        if (number >= w->v->limits.folders) {
                walk_limit(w, "folders", w->v->limits.folders);
                return RECORDER_OK;
        }
        memcpy(name, e->name, sizeof(name));
        item_name_settle(name, number);
        if (!item_path_join(parent, name, path))
                (void)snprintf(path, sizeof(path), "%s/(long)/%08x", w->to->root, number);
        r = folder_keep(w->v, folder, &number);
        if (r == 0)
                r = folder_stack_push(&w->stack, number, w->depth + 1, path);
        if (r == -E2BIG) {
                walk_limit(w, "bytes of paths", 4U * 1024 * 1024);
                return RECORDER_OK;
        }
        return r;
}

static void folder_refuse(struct walk *w, enum volume_finding finding, const struct volume_entry *e,
                          const char *why)
{
        w->complete = false;
        volume_tell(w->v, finding, "folder '%s' in '%s': its cluster %u %s; it is left out", e->name,
                    w->path, e->cluster, why);
}

static int folder_visit(struct walk *w, const struct volume_entry *e)
{
        const struct volume_folder folder = {
                        .size = e->size,
                        .parent = w->folder,
                        .slot = e->slot,
                        .cluster = e->cluster,
                        .name_hash = volume_name_hash(e->name),
                        .contiguous = e->contiguous,
        };
        bool exfat = w->v->at.type == VOLUME_EXFAT;
        int r;

        if (exfat && e->size == 0)
                return RECORDER_OK; /* empty, and has no clusters */
        if (!volume_has_cluster(w->v, e->cluster)) {
                folder_refuse(w, VOLUME_FOLDER_DAMAGED, e, "is none");
                return RECORDER_OK;
        }
        r = hash_set_add(&w->entered, e->cluster);
        if (r < 0)
                return r;
        if (r == 0) {
                folder_refuse(w, VOLUME_CYCLE, e, "is that of a folder met before");
                return RECORDER_OK;
        }
        if (exfat && e->size % w->v->at.cluster_size != 0)
                volume_tell(w->v, VOLUME_FOLDER_DAMAGED,
                            "folder '%s' in '%s' has %llu bytes, no multiple of a cluster", e->name, w->path,
                            (unsigned long long)e->size);
        r = folder_push(w, e, &folder, w->path);
        return r == RECORDER_OK ? leave_out(w, volume_claim(w->v, e, e->name)) : r;
}

/* Bytes of free clusters from 'cluster' on, as far as a deleted folder may go. */
static int deleted_folder_size(struct walk *w, const struct volume_entry *e, uint64_t *ret)
{
        uint64_t most = DELETED_FOLDER_CLUSTERS, n = 0;
        int r = RECORDER_OK;

        if (e->size > 0)
                most = MIN(most, volume_clusters_of(w->v, e->size));
        for (; n < most && volume_has_cluster(w->v, e->cluster + (uint32_t)n); n++) {
                bool free = false;

                r = table_is_free(w->v, e->cluster + (uint32_t)n, &free);
                if (r != RECORDER_OK || !free)
                        break;
        }
        *ret = n * w->v->at.cluster_size;
        return r == RECORDER_UNSUPPORTED ? RECORDER_OK : r;
}

static int deleted_folder_visit(struct walk *w, const struct volume_entry *e)
{
        struct volume_folder folder = {
                        .parent = w->folder,
                        .slot = e->slot,
                        .cluster = e->cluster,
                        .name_hash = volume_name_hash(e->name),
                        .contiguous = true,
                        .deleted = true,
        };
        char parent[RECORDER_PATH_MAX];
        int r;

        if (!volume_has_cluster(w->v, e->cluster) || hash_set_has(&w->entered, e->cluster))
                return RECORDER_OK;
        r = deleted_folder_size(w, e, &folder.size);
        if (r != RECORDER_OK || folder.size == 0)
                return leave_out(w, r);
        r = hash_set_add(&w->entered, e->cluster);
        if (r < 0)
                return r;
        deleted_folder_path(w, parent);
        return folder_push(w, e, &folder, parent);
}

/* "." is the folder itself, ".." the one it is in, 0 for the root. */
static void dot_check(struct walk *w, const struct volume_entry *e)
{
        const struct volume_folder *own = &w->v->folders[w->folder];
        uint32_t wanted = own->cluster;

        if (strcmp(e->name, "..") == 0)
                wanted = own->parent == 0 ? 0 : w->v->folders[own->parent].cluster;
        if (w->folder == 0 || e->cluster != wanted)
                volume_tell(w->v, VOLUME_FOLDER_DAMAGED,
                            "folder '%s': its '%s' leads to cluster %u, expected %u", w->path, e->name,
                            e->cluster, wanted);
}

static int entry_visit(struct walk *w, const struct volume_entry *e)
{
        bool in_deleted = w->v->folders[w->folder].deleted;

        if (e->kind == ENTRY_DOT && !e->deleted && !in_deleted)
                dot_check(w, e);
        if (e->kind != ENTRY_FILE && e->kind != ENTRY_FOLDER)
                return RECORDER_OK;
        if (!e->deleted && !in_deleted)
                return e->kind == ENTRY_FILE ? file_visit(w, e) : folder_visit(w, e);
        if (!w->to->on_deleted)
                return RECORDER_OK;
        return e->kind == ENTRY_FILE ? deleted_file_visit(w, e) : deleted_folder_visit(w, e);
}

/* How the folder's clusters ended, when its entries did not. */
static void folder_end(struct walk *w)
{
        const struct folder_reader *f = &w->reader;

        if (f->incomplete)
                w->complete = false;
        if (f->folder.deleted || (f->chain.end != CHAIN_CYCLED && f->chain.end != CHAIN_LED_ASTRAY) ||
            !f->ended)
                return;
        w->complete = false;
        if (!w->v->chains_checked)
                volume_tell(w->v, f->chain.end == CHAIN_CYCLED ? VOLUME_CYCLE : VOLUME_CHAIN_BAD,
                            "the clusters of folder '%s' lead to cluster %u, which cannot follow", w->path,
                            f->chain.astray);
}

/* The cluster of a deleted FAT folder may have been used and freed again. Its "." tells. */
static int deleted_folder_is_one(struct walk *w, bool *ret)
{
        struct volume_entry e;
        bool end = false;
        int r;

        *ret = true;
        if (!w->reader.folder.deleted || w->v->at.type == VOLUME_EXFAT)
                return RECORDER_OK;
        r = volume_entry_next(&w->reader, &e, &end);
        *ret = r == RECORDER_OK && !end && e.kind == ENTRY_DOT && strcmp(e.name, ".") == 0 &&
               e.cluster == w->reader.folder.cluster;
        return r;
}

static int folder_walk(struct walk *w)
{
        struct folder_reader *f = &w->reader;
        bool is_one;
        int r;

        folder_reader_begin(f, w->v, &w->v->folders[w->folder]);
        (void)snprintf(f->path, sizeof(f->path), "%s", w->path);
        r = deleted_folder_is_one(w, &is_one);
        if (r != RECORDER_OK || !is_one)
                return leave_out(w, r);
        while (!w->full) {
                struct volume_entry e;
                bool end = false;

                r = volume_entry_next(f, &e, &end);
                if (r != RECORDER_OK)
                        return leave_out(w, r);
                if (end)
                        break;
                r = entry_visit(w, &e);
                if (r != RECORDER_OK)
                        return r;
        }
        if (f->slot >= f->slots_max && f->slots_max == w->v->limits.folder_bytes / SLOT_SIZE)
                walk_limit(w, "entries", f->slots_max);
        folder_end(w);
        return RECORDER_OK;
}

static int root_walk(struct walk *w)
{
        struct volume_folder root;
        struct volume_entry e;
        int r;

        volume_root(w->v, &root);
        r = folder_keep(w->v, &root, &w->folder);
        if (r == 0 && root.cluster != 0)
                r = MIN(hash_set_add(&w->entered, root.cluster), 0);
        if (r < 0)
                return r;
        w->path = w->to->root;
        if (root.cluster != 0) {
                e = (struct volume_entry){.kind = ENTRY_FOLDER, .cluster = root.cluster};
                r = leave_out(w, volume_claim(w->v, &e, w->path));
        }
        return r == RECORDER_OK ? folder_walk(w) : r;
}

static int folders_walk(struct walk *w)
{
        int r = root_walk(w);

        while (r == RECORDER_OK && !w->full) {
                _cleanup_free_ char *path = NULL;

                if (!folder_stack_pop(&w->stack, &w->folder, &w->depth, &path))
                        return RECORDER_OK;
                w->path = path;
                r = folder_walk(w);
        }
        return r;
}

int volume_list(struct volume *v, const struct volume_listing *to, bool *ret_complete)
{
        struct walk *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->v = v;
        w->to = to;
        w->complete = true;
        v->n_folders = 0;
        v->cache.budget = v->limits.metadata_bytes;
        v->cache.spent = false;
        volume_claims_begin(v);
        r = folders_walk(w);
        if (r == RECORDER_OK)
                *ret_complete = w->complete;
        walk_done(w);
        free(w);
        return r;
}
