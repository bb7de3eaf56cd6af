/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A volume that a JSON file describes, for programs that tests make volumes with; see sample_volume.py. */

#include "archive/proof.h"

#include <json-c/json.h>

struct spec {
        struct archive_imprint imprint;
        struct archive_case *cases;
        struct archive_file *files;
        json_object *json, *sources;
        size_t n_cases, n_files;
};

/* Digests the sources as it reads. 'path' of the file; -EINVAL, -errno of a source. */
int spec_read(const char *path, struct spec *s);
void spec_done(struct spec *s);

/* For struct archive_work, with the spec as its userdata. A file of which the spec names "changed_source" is
 * opened there, as one that has changed since. */
int spec_open_source(void *userdata, const struct archive_entry *e);
/* Prints a line of JSON for each file that is not good. */
void spec_on_result(void *userdata, const char *path, enum proof_result result);
/* One for the outcome. What the program exits with. */
int spec_outcome_print(int outcome, const struct archive_report *report);
