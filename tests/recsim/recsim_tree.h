/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The objects of a simulated recorder: the files of a folder, plus those that only a broken or hostile
 * device would show. A handle stays with its object for as long as the tree lives; a deleted object keeps
 * its place and is only marked gone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct recsim_object {
        uint32_t handle;
        uint32_t parent;  /* as the object says of itself, 0 root */
        uint32_t listed;  /* the parent whose listing shows it; differs only in a cyclic tree */
        uint32_t also;    /* a second parent whose listing shows it; RECSIM_ALL none */
        uint32_t storage; /* storage id */
        uint16_t format;
        bool read_only;
        bool gone;
        bool synthetic;  /* its bytes are recsim_pattern_fill() */
        bool abyss;      /* a folder that gets a new folder whenever it is listed */
        char *path;      /* below dir, '/' between folders */
        uint16_t *units; /* the name as sent when it is no text; NULL: last part of path */
        size_t n_units;
        uint64_t size;
        time_t mtime;
        uint64_t served; /* bytes read by the host */
};

struct recsim_tree {
        int fd; /* of the folder, -EBADF none */
        struct recsim_object **objects;
        size_t n;
        size_t room;
        unsigned int storages;
        char *labels[16];
};

/*
 * Reads the folder (may be "": none). With more than one storage each first-level folder, in order of names,
 * is one. Negative errno when the folder cannot be read.
 */
int recsim_tree_open(struct recsim_tree *t, const char *dir, unsigned int storages);
void recsim_tree_close(struct recsim_tree *t);

/* Adds what appeared in the folder since; *ret_first is the index of the first new one. */
int recsim_tree_rescan(struct recsim_tree *t, size_t *ret_first);

void recsim_tree_add_pattern(struct recsim_tree *t, unsigned int count, uint64_t size);
void recsim_tree_add_hostile(struct recsim_tree *t);
void recsim_tree_add_cyclic(struct recsim_tree *t);
void recsim_tree_add_abyss(struct recsim_tree *t);

/* NULL for a handle that does not exist or is gone. */
struct recsim_object *recsim_tree_find(const struct recsim_tree *t, uint32_t handle);
const char *recsim_object_name(const struct recsim_object *o);
bool recsim_object_is_folder(const struct recsim_object *o);

/* Storage id of storage i, from 0. */
uint32_t recsim_storage_id(unsigned int i);
/* True for RECSIM_ALL and the ids that exist. */
bool recsim_tree_has_storage(const struct recsim_tree *t, uint32_t id);

/* Makes room in listings of 'parent' for what appears only when listed. */
void recsim_tree_touch(struct recsim_tree *t, uint32_t parent);

/* Opens an object's file; -EBADF for a synthetic one; negative errno. */
int recsim_object_open(const struct recsim_tree *t, const struct recsim_object *o);
/* Removes the file or empty folder as well as the object. */
int recsim_tree_remove(struct recsim_tree *t, struct recsim_object *o);

/* The bytes of a synthetic object: 8-byte little-endian numbers that tell offset and handle. */
void recsim_pattern_fill(uint32_t handle, uint64_t offset, uint8_t *buf, size_t n);
