/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The health of recorders (Art. 22): what each tells of itself at a docking, before anything about it is
 * changed. The first word of a docking stands: what a later worker of it reads may be after its clock was
 * set, or after files were removed. What it does not tell is unknown, and unknown neither raises an alert
 * nor ends one.
 */

#include "catalogue/docking.h"

struct docking;
struct recorder_identity;
struct station;

enum health_value {
        HEALTH_VALUE_CLOCK = 1 << 0,
        HEALTH_VALUE_BATTERY = 1 << 1,
        HEALTH_VALUE_STORAGE = 1 << 2,
};

/* Takes the values of an identity into the docking's row; d->measured says which are new. */
void health_take(struct docking *d, const struct recorder_identity *m);
/* It is known which recorder it is: events and alerts for the new ones. */
void health_judge(struct docking *d);
/* What is left when files have been removed by policy. */
void health_judge_released(struct docking *d);

struct recorder_row;

/* What speaks against issuing the recorder now: each bad check with its reason and value, "battery low (7
 * %), alerts open (identity-conflict)"; "" when none is bad. What is not known is none. Looks only. */
#define HEALTH_REFUSAL_MAX 1536
int health_refusal(struct station *s, const struct recorder_row *recorder, char ret[HEALTH_REFUSAL_MAX]);

/* GetHealth(): what is known of a recorder, and whether it may be issued; JSON, malloc'd, as bus_names.h
 * describes. Looks only. */
int health_report_json(struct station *s, const struct recorder_row *recorder, char **ret);
