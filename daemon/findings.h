/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a listing came across besides items. Deleted entries and numbers are collected while the recorder
 * lists, and judged when all is listed: only then is it known which of them belong to a file that is still
 * there. The rows are in catalogue/finding.h; here is what goes with the worker that listed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct docking;
struct item;
struct plan_entry;
struct recorder_deleted;
struct recorder_finding;
struct sequence_set;

struct deleted_entry {
        char *path;
        char time_text[40];
        int64_t size;
        uint32_t index; /* the driver's key, of this listing */
        bool recoverable;
        int64_t finding; /* 0: not one, the file was filed or is still there */
};

struct findings {
        struct deleted_entry *deleted;
        size_t n_deleted, allocated;
        size_t left_out; /* more than are kept */
        size_t n_medium, n_alerting;
        size_t n_unsafe;       /* of those of the medium: what the kernel's driver is not let loose upon */
        bool dirty;            /* the volume was not closed: the least of them */
        char medium_text[256]; /* the first one that is worth an alert */
        struct sequence_set *numbers;
};

void findings_clear(struct findings *f);

/* While listing. */
void findings_take_item(struct docking *d, const struct item *item);
void findings_take_deleted(struct docking *d, const struct recorder_deleted *m);
void findings_take_medium(struct docking *d, const struct recorder_finding *m);
/* All is listed: findings are written, alerted, and by policy or because somebody asked planned. */
void findings_judge(struct docking *d);

/* Puts the deleted entries that were asked for into the plan of the listing under way. */
void findings_plan_asked(struct docking *d);
/* A deleted entry could not be recovered: it is given up, its part removed. */
void findings_recovery_failed(struct docking *d, const struct plan_entry *e);
