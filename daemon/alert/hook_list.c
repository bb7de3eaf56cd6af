// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finding hooks; see hook_list.h. */
#include "daemon/alert/hook_list.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool name_is_hook(const char *name)
{
        return name[0] != '\0' && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                    "0123456789_-")] == '\0';
}

static const char *base_name(const char *path)
{
        return strrchr(path, '/') + 1;
}

static bool list_has(const struct hook_list *list, const char *name)
{
        for (size_t i = 0; i < list->n; i++)
                if (strcmp(base_name(list->paths[i]), name) == 0)
                        return true;
        return false;
}

static int list_add(struct hook_list *list, const char *folder, const char *name)
{
        char **paths = reallocarray(list->paths, list->n + 1, sizeof(*paths));

        if (!paths)
                return -ENOMEM;
        list->paths = paths;
        if (asprintf(&paths[list->n], "%s/%s", folder, name) < 0)
                return -ENOMEM;
        list->n++;
        return 0;
}

static int folder_read(const char *folder, struct hook_list *list)
{
        _cleanup_(closedirp) DIR *dir = opendir(folder);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                if (errno != ENOENT)
                        log_warning("cannot read '%s': %s, leaving its hooks out", folder,
                                    log_errno_text(errno));
                return 0;
        }
        while (r == 0 && (entry = readdir(dir)))
                if (name_is_hook(entry->d_name) && !list_has(list, entry->d_name))
                        r = list_add(list, folder, entry->d_name);
        return r;
}

/* After all folders: what masks another one has done so. */
static void list_drop_others(struct hook_list *list)
{
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++) {
                struct stat st;

                if (stat(list->paths[i], &st) == 0 && S_ISREG(st.st_mode) &&
                    access(list->paths[i], X_OK) == 0)
                        list->paths[n++] = list->paths[i];
                else
                        free(list->paths[i]);
        }
        list->n = n;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

int hook_list_read(const char *folders, struct hook_list *ret)
{
        _cleanup_free_ char *copy = strdup(folders);
        char *rest = copy, *folder;
        int r = copy ? 0 : -ENOMEM;

        *ret = (struct hook_list){NULL, 0};
        while (r == 0 && (folder = strsep(&rest, ":")))
                if (folder[0] != '\0')
                        r = folder_read(folder, ret);
        list_drop_others(ret);
        if (ret->n > 0)
                qsort(ret->paths, ret->n, sizeof(*ret->paths), compare_names);
        return r;
}

void hook_list_done(struct hook_list *list)
{
        for (size_t i = 0; i < list->n; i++)
                free(list->paths[i]);
        free(list->paths);
        *list = (struct hook_list){NULL, 0};
}
