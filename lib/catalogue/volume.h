/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Volumes (介质上的卷): what footage is on which medium, and what came of reading it back. A volume is
 * planned, being written, written; or it failed, and its footage is due again. Only the proved files of a
 * written volume are copies, and two volumes on one medium are one copy (schema_v13.c counts them).
 *
 * Here too is what is due: footage of closed cases of a long-term category (Art. 30), or of those that
 * somebody asked for, that has fewer copies than are wanted.
 */

#include "catalogue/case_file.h"
#include "catalogue/medium.h"

#define VOLUME_NUMBER_MAX 96
#define VOLUME_REASON_MAX 512

enum volume_state {
        VOLUME_PLANNED = 0,
        VOLUME_WRITING = 1,
        VOLUME_WRITTEN = 2,
        VOLUME_FAILED = 3,
        VOLUME_RETIRED = 4,
        _VOLUME_STATE_MAX,
};

/* What became of one file. The words are those of archive/proof.h, which this room does not link; they stand
 * in the order of enum proof_result, and one behind it. */
enum copy_result {
        VOLUME_COPY_GOOD = 0,
        VOLUME_COPY_DIFFERS,
        VOLUME_COPY_SIZE,
        VOLUME_COPY_MISSING,
        VOLUME_COPY_UNREADABLE,
        VOLUME_COPY_NOT_A_FILE,
        VOLUME_COPY_EXTRA,
        VOLUME_COPY_BAD_LIST,
        VOLUME_COPY_CACHED,
        VOLUME_COPY_SOURCE, /* it is in the store that something is wrong with it */
        _COPY_RESULT_MAX,
};

/* What came of looking at a whole volume again. */
enum volume_check {
        VOLUME_CHECK_GOOD = 0,
        VOLUME_CHECK_BAD,   /* one file or more */
        VOLUME_CHECK_NONE,  /* it is no volume any more */
        VOLUME_CHECK_OTHER, /* its manifests are not the ones that were written */
        _VOLUME_CHECK_MAX,
};

extern const struct words volume_state_words;
extern const struct words copy_result_words;
extern const struct words volume_check_words;

struct volume_row {
        int64_t id;
        char number[VOLUME_NUMBER_MAX];
        int64_t medium;
        enum volume_state state;
        instant_t made_at, written_at;
        uint8_t seal[DIGEST_SIZE]; /* zeros until it is written */
        int64_t files, bytes;      /* of footage */
        char reason[VOLUME_REASON_MAX];
        instant_t checked_at;
        enum volume_check check_result; /* when there is a checked_at */
        instant_t check_at;             /* when it is to be read again */
};

/* One file, as the archive's library takes it. Texts are "" when unknown. */
struct volume_file {
        int64_t footage;
        char case_number[REGISTRY_TEXT_MAX * 2]; /* with its unit's when several units have that number */
        int64_t case_id;
        char name[256];
        int64_t size;
        struct digest_values digests;
        char officer_name[REGISTRY_TEXT_MAX], unit_name[REGISTRY_TEXT_MAX];
        char path[1024]; /* in the store */
};

struct copy {
        int64_t footage;
        enum copy_result result;
        char *path; /* on the volume; NULL: as it was */
};

/* Plans a volume with 'n' footage, numbered STATION-YYYY-NNNN. Ledger: "volume.planned" on
 * "volume/<number>". CATALOGUE_ABSENT: no such medium or footage. */
int volume_plan(struct catalogue *c, const char *actor, const char *station, int64_t medium,
                const int64_t *footage, size_t n, bool hash_list, struct volume_row *ret);
/* Whether the volume was planned with a media hash list. CATALOGUE_ABSENT: that is not known, as of those
 * that an earlier recdock has planned. */
int volume_hash_list(struct catalogue *c, int64_t id, bool *ret);
/* A writer is at it: no entry of its own. */
int volume_begin(struct catalogue *c, int64_t id);
/* All of it is proved: 'copies' has every file of it, each VOLUME_COPY_GOOD or VOLUME_COPY_CACHED. Else
 * -EINVAL and nothing is written. Ledger: "volume.written" with the seal. */
int volume_written(struct catalogue *c, const char *actor, int64_t id, const uint8_t seal[DIGEST_SIZE],
                   const struct copy *copies, size_t n, instant_t check_at);
/* Ledger: "volume.failed". Its files are due again; of 'copies' those with VOLUME_COPY_SOURCE a day later.
 */
int volume_failed(struct catalogue *c, const char *actor, int64_t id, const char *reason,
                  const struct copy *copies, size_t n);
/* A written volume was read again. 'copies': every file that was looked at; those of the volume that are not
 * in it are missing. Ledger: "volume.checked". *ret_bad is how many are not good. */
int volume_checked(struct catalogue *c, const char *actor, int64_t id, enum volume_check result,
                   const struct copy *copies, size_t n, instant_t check_at, int64_t *ret_bad);
/* A file of the planned volume is not read from the store but from 'path', which is told by whoever gave it
 * and only noted. Ledger: "volume.source-given". */
int volume_source_given(struct catalogue *c, const char *actor, int64_t id, int64_t footage,
                        const char *path);
/* Its copies do not count any more. Ledger: "volume.retired". CATALOGUE_CONFLICT: it is not ended yet, or
 * was retired before. CATALOGUE_ABSENT. */
int volume_retire(struct catalogue *c, const char *actor, int64_t id, const char *reason);

/* CATALOGUE_ABSENT when there is none. These need no transaction. */
int volume_by_id(struct catalogue *c, int64_t id, struct volume_row *ret);
int volume_by_number(struct catalogue *c, const char *number, struct volume_row *ret);
/* The first that is planned or being written. */
int volume_unfinished_first(struct catalogue *c, struct volume_row *ret);
/* The written one whose check is due first. */
int volume_check_first(struct catalogue *c, struct volume_row *ret);
/* Calls for each written volume whose check was due by 'now'; 0 goes on. */
int volume_check_each(struct catalogue *c, instant_t now,
                      int (*on_volume)(void *userdata, const struct volume_row *v), void *userdata);
/* Calls for each volume on the medium that has failed and that nobody has retired since: its folder may be
 * there still. 0 goes on. */
int volume_failed_each(struct catalogue *c, int64_t medium,
                       int (*on_volume)(void *userdata, const struct volume_row *v), void *userdata);
/* Its files, by footage; 0 goes on. */
int volume_file_each(struct catalogue *c, int64_t id,
                     int (*on_file)(void *userdata, const struct volume_file *f), void *userdata);
/* CATALOGUE_ABSENT when the footage is not on the volume. */
int volume_has(struct catalogue *c, int64_t id, int64_t footage);
/* Which footage has this path on the volume. CATALOGUE_ABSENT. */
int volume_path_find(struct catalogue *c, int64_t id, const char *path, int64_t *ret_footage);

/* --- what is due (volume_due.c) --- */

struct volume_due {
        int64_t files, bytes;
        int64_t cases;
};
/* How much there is that has fewer than 'copies'. What could not be copied because of the store is left out
 * for a day, but for 'given', which is read from elsewhere; 0: none. */
int volume_due_sum(struct catalogue *c, int64_t copies, instant_t now, int64_t given,
                   struct volume_due *ret);
/* Each of it that has no copy on 'medium' (0: whatever it has), by footage; 0 goes on. */
int volume_due_each(struct catalogue *c, int64_t copies, int64_t medium, instant_t now, int64_t given,
                    int (*on_file)(void *userdata, const struct volume_file *f), void *userdata);
/* Is 'given' among it? CATALOGUE_ABSENT. */
int volume_due_has(struct catalogue *c, int64_t copies, instant_t now, int64_t given);
/* The case's footage is due though it is open: "case.archive-asked" in the ledger, a row of its history.
 * *ret_changed false: it was asked for before. CATALOGUE_CONFLICT: it is of no long-term category. */
int volume_case_ask(struct catalogue *c, const struct case_act *act, int64_t case_file, bool *ret_changed);
/* How many copies make a case archived, for the rows of cases. */
int volume_copies_remember(struct catalogue *c, int64_t copies);
