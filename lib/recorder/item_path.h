/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths of items, made of names a device chose: always relative, without "." and "..", unique within a
 * listing. */

#include "recorder/hash_set.h"
#include "recorder/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEM_NAME_MAX (255 * 3 + 1)

/* Makes 'name' (printable UTF-8) one path component: '/' becomes '_', "", "." and ".." get a name of the
 * handle. */
void item_name_settle(char name[ITEM_NAME_MAX], uint32_t handle);

/* "folder/name" into 'ret' (RECORDER_PATH_MAX bytes); false when it does not fit. */
bool item_path_join(const char *folder, const char *name, char *ret);

/*
 * The path of an item: joined, or below "STORAGE/(long)/" when it does not fit; with "~2", "~3", … before
 * the extension when 'taken' has the path already. Adds it to 'taken'. 0 or -ENOMEM.
 */
int item_path_settle(struct hash_set *taken, const char *storage, const char *folder, const char *name,
                     uint32_t handle, char *ret);
