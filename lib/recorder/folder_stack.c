// SPDX-License-Identifier: LGPL-2.1-or-later
/* See folder_stack.h. */
#include "recorder/folder_stack.h"

#include "base/cleanup.h"

#include <string.h>

#define BYTES_MAX (4U * 1024 * 1024)

static size_t step_bytes(const char *path)
{
        return sizeof(struct folder_step) + strlen(path) + 1;
}

int folder_stack_push(struct folder_stack *s, uint32_t id, unsigned int depth, const char *path)
{
        struct folder_step *step;

        if (s->bytes + step_bytes(path) > BYTES_MAX)
                return -E2BIG;
        step = malloc(sizeof(*step));
        if (!step)
                return -ENOMEM;
        *step = (struct folder_step){.id = id, .depth = depth, .path = strdup(path), .below = s->top};
        if (!step->path) {
                free(step);
                return -ENOMEM;
        }
        s->top = step;
        s->bytes += step_bytes(path);
        return 0;
}

bool folder_stack_pop(struct folder_stack *s, uint32_t *ret_id, unsigned int *ret_depth, char **ret_path)
{
        struct folder_step *step = s->top;

        if (!step)
                return false;
        s->top = step->below;
        s->bytes -= step_bytes(step->path);
        *ret_id = step->id;
        *ret_depth = step->depth;
        *ret_path = step->path;
        free(step);
        return true;
}

void folder_stack_done(struct folder_stack *s)
{
        unsigned int depth;
        uint32_t id;
        char *path;

        while (folder_stack_pop(s, &id, &depth, &path))
                free(path);
}
