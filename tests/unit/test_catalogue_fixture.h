/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A catalogue in a folder of the test's own, and rows to put into it. Every failure aborts the test. */

#include "catalogue/catalogue.h"
#include "catalogue/footage.h"

#define FIXTURE_ACTOR "test"
/* 2026-11-01T08:00:00+08:00, at which the clock of fixtures stands. */
#define FIXTURE_NOW INT64_C(1793491200000000)

/* Sets zone and clock, makes a folder, opens a catalogue in it. */
struct catalogue *fixture_open(void);
void fixture_close(struct catalogue *c);
/* The catalogue's path; the caller frees it. */
char *fixture_path(void);
/* Runs SQL on a connection of its own: the hand of somebody who is not recdockd. Returns SQLite's code. */
int fixture_tamper(const char *sql);
/* The first column of the first row, on a connection of its own. */
int64_t fixture_ask(const char *sql);

void fixture_begin(struct catalogue *c);
void fixture_commit(struct catalogue *c);

int64_t fixture_unit(struct catalogue *c, const char *number);
int64_t fixture_officer(struct catalogue *c, const char *number, int64_t unit);
int64_t fixture_recorder(struct catalogue *c, const char *number, int64_t unit);
int64_t fixture_docking(struct catalogue *c, int64_t recorder);
/* An item of this name in state ITEM_PULLED. */
int64_t fixture_item(struct catalogue *c, int64_t recorder, int64_t docking, const char *name);
/* Complete footage of 2026-10-31T10:00+08:00, nobody's, with path and digests by 'name'. */
void fixture_footage(struct footage *f, int64_t item, const char *name);
/* Intent and commit. Returns the footage's id. */
int64_t fixture_file(struct catalogue *c, const struct footage *f);
