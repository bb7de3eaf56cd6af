// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See item_path.h. MTP allows two objects of one name in one folder and any character in it, and so does a
 * damaged volume; the catalogue knows an item by its path, so each item of a listing has to have its own.
 */
#include "recorder/item_path.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define ORDINAL_MAX 1000

void item_name_settle(char name[ITEM_NAME_MAX], uint32_t handle)
{
        if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
                (void)snprintf(name, ITEM_NAME_MAX, "object-%08x", handle);
                return;
        }
        for (char *p = name; *p; p++)
                if (*p == '/')
                        *p = '_';
}

bool item_path_join(const char *folder, const char *name, char *ret)
{
        int n = snprintf(ret, RECORDER_PATH_MAX, "%s/%s", folder, name);

        return n >= 0 && n < RECORDER_PATH_MAX;
}

/* 'name' with "~n" before its extension. */
static void name_number(const char *name, unsigned int n, char ret[ITEM_NAME_MAX + 16])
{
        const char *dot = strrchr(name, '.');
        int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);

        (void)snprintf(ret, ITEM_NAME_MAX + 16, "%.*s~%u%s", stem, name, n, name + stem);
}

int item_path_settle(struct hash_set *taken, const char *storage, const char *folder, const char *name,
                     uint32_t handle, char *ret)
{
        char place[RECORDER_TEXT_MAX + 16], numbered[ITEM_NAME_MAX + 16];
        int r;

        if (strlen(folder) + strlen(name) + 16 >= RECORDER_PATH_MAX) {
                (void)snprintf(place, sizeof(place), "%s/(long)", storage);
                folder = place;
        }
        if (!item_path_join(folder, name, ret))
                return -ENAMETOOLONG;
        r = hash_set_add(taken, hash_text(ret));
        for (unsigned int n = 2; r == 0 && n <= ORDINAL_MAX; n++) {
                name_number(name, n, numbered);
                if (!item_path_join(folder, numbered, ret))
                        return -ENAMETOOLONG;
                r = hash_set_add(taken, hash_text(ret));
        }
        if (r == 0) {
                (void)snprintf(numbered, sizeof(numbered), "object-%08x", handle);
                if (!item_path_join(folder, numbered, ret))
                        return -ENAMETOOLONG;
        }
        return MIN(r, 0);
}
