/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Folders of a device still to be read: what a walk keeps instead of recursing. Bounded in bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder_step {
        uint32_t id; /* the driver's */
        unsigned int depth;
        char *path;
        struct folder_step *below;
};

struct folder_stack {
        struct folder_step *top;
        size_t bytes;
};

/* Copies the path. -E2BIG when all paths together would be more than 4 MiB, -ENOMEM. */
int folder_stack_push(struct folder_stack *s, uint32_t id, unsigned int depth, const char *path);

/* Takes the top one; the caller frees *ret_path. False when there is none. */
bool folder_stack_pop(struct folder_stack *s, uint32_t *ret_id, unsigned int *ret_depth, char **ret_path);

void folder_stack_done(struct folder_stack *s);
