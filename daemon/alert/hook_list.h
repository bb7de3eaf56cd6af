/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which executables are hooks: those with a name of run-parts(8) (letters, digits, '-' and '_') in a list of
 * folders, in order of their names. A name in an earlier folder takes the place of the same in later ones,
 * whatever it is there: a link to /dev/null switches a shipped hook off. Looked at anew for each alert.
 */

#include <stddef.h>

struct hook_list {
        char **paths;
        size_t n;
};

/* 'folders' is "DIR:DIR", the first one wins. A folder that is not there is empty; one that cannot be read
 * is logged and left out, so that the others still run. -ENOMEM, or 0; done with by hook_list_done() in
 * either case. */
int hook_list_read(const char *folders, struct hook_list *ret);
void hook_list_done(struct hook_list *list);
