/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads a backup again: every file of footage that it has to have, and the newest generation. Changes
 * nothing. */

#include "backup/generation.h"
#include "catalogue/footage.h"

struct backup_verify {
        const char *path, *station;
        struct catalogue *catalogue; /* live; no transaction is kept open */
        struct pace pace;
        /* A non-zero return ends the run and is returned. 'result': ok, missing, mismatch, unreadable;
         * 'found' and 'size' are NULL and -1 when it could not be read. */
        int (*on_file)(void *userdata, const struct footage_file *f, const char *result,
                       const struct digest_values *found, int64_t size);
        int (*on_generation)(void *userdata, const char *name, const char *error); /* NULL: it is whole */
        void *userdata;
};

/* 0, or negative with a sentence in 'error'. */
int backup_verify_run(const struct backup_verify *v, char error[BACKUP_ERROR_MAX]);
