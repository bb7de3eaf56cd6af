/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A station's catalogue and store with footage, and a target for backups, all in the scratch folder; what a
 * backup tells is put on record as recdockd does it. Every failure aborts the test.
 */

#include "backup/backup_run.h"
#include "backup/restore.h"
#include "test_catalogue_fixture.h"

#define BACKUP_STATION "4101-07"

extern struct catalogue *backup_catalogue;
extern struct store *backup_store;

void backup_fixture_open(void);
void backup_fixture_close(void);

/* Footage with these bytes, "store/unit/recorder/officer/2026-10-31/<name>". Gives its number. */
int64_t backup_fixture_file(const char *name, const char *text);
#define BACKUP_FOOTAGE(name) "store/unit/recorder/officer/2026-10-31/" name

/* As it is ordered by default: same disk allowed, seven generations. */
struct backup_order backup_fixture_order(void);
struct backup_row backup_fixture_run(const struct backup_order *order);
/* A run with the default order that has to be good. */
struct backup_row backup_fixture_good(void);
/* The same in a process that dies at a crash point. */
void backup_fixture_crash(const char *point);

/* What a restore onto an empty machine says; files of the new one are below "new/". */
int backup_fixture_restore(const char *generation, bool incomplete, char error[RESTORE_ERROR_MAX]);
void backup_fixture_restore_crash(const char *point);

bool backup_fixture_exists(const char *name);
void backup_fixture_remove(const char *name);
/* One bit of the file's middle. */
void backup_fixture_flip(const char *name);
int64_t backup_fixture_inode(const char *name);
