/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Footage, and the intent that comes before it. Filing: transaction 1 writes the intent (all columns of the
 * coming footage); the store links and syncs; transaction 2 turns the intent into footage. An intent found
 * at start is finished or undone.
 */

#include "catalogue/catalogue.h"
#include "media/verdict.h"

enum footage_source { FOOTAGE_DOCK = 0, FOOTAGE_IMPORT = 1, FOOTAGE_RECOVERED = 2 };

struct footage {
        int64_t id;                               /* 0 while an intent */
        int64_t item;                             /* 0 for imports */
        int64_t docking, unit, recorder, officer; /* 0 none */
        char bay[32];
        char name[256]; /* last component of source_path */
        enum footage_source source;
        char source_path[1024]; /* as listed by the recorder */
        instant_t started_at, ended_at;
        char time_source[16];                             /* "name", "container", "device", "none" */
        uint32_t time_flags;                              /* enum time_flags of rules/recording_time.h */
        instant_t name_time, container_time, device_time; /* each source, uncorrected */
        char device_time_text[40];
        char zone[64];
        bool has_clock_offset;
        int64_t clock_offset;
        char officer_source[16]; /* "name", "device", "assignment", "import", "" */
        int64_t duration;        /* microseconds, -1 */
        int64_t size;
        struct digest_values digests;
        enum media_verdict verdict;
        char verdict_reasons[512];
        char container[32], codecs[96];
        enum media_kind kind;
        char path[1024]; /* relative to the store's root */
        instant_t offloaded_at;
        instant_t deadline;
        int64_t late_us; /* 0 in time, -1 unknown */
        int64_t case_id; /* 0 */
        bool important;
};

int footage_intent(struct catalogue *c, const struct footage *f);
/* Turns the item's intent into footage: row + ledger entry ("footage.filed") + item state, all in the
 * caller's transaction. */
int footage_commit(struct catalogue *c, const char *actor, int64_t item, int64_t *ret_id);
int footage_intent_drop(struct catalogue *c, int64_t item, enum catalogue_outcome *ret);
int footage_intent_each(struct catalogue *c, int (*on_intent)(void *userdata, const struct footage *f),
                        void *userdata);
int footage_by_id(struct catalogue *c, int64_t id, struct footage *ret);
/* CATALOGUE_ABSENT when no footage and no intent has this path. */
int footage_by_path(struct catalogue *c, const char *path, int64_t *ret_id);
/* The recorder already has footage of this content: for telling a renamed copy. CATALOGUE_ABSENT: none. */
int footage_by_digest(struct catalogue *c, int64_t recorder, const uint8_t sha256[DIGEST_SIZE],
                      int64_t *ret_id);
int footage_count(struct catalogue *c, int64_t *ret);

/* Where footage lies and what it has to be: enough to copy it or to compare a copy. Reads catalogues of
 * every version. */
struct footage_file {
        int64_t id, size;
        char path[1024];
        struct digest_values digests; /* SHA-256 alone */
};
/* The one with the lowest number above 'after'. CATALOGUE_ABSENT: there is none. Each call is a look of its
 * own, so that a walk which takes hours keeps no transaction open. */
int footage_file_next(struct catalogue *c, int64_t after, struct footage_file *ret);
/* How many those above 'after' are, and their bytes together. */
int footage_sum_above(struct catalogue *c, int64_t after, int64_t *ret_n, int64_t *ret_bytes);
