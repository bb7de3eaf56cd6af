/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* recdockctl's end of the conversation with the station's worker (recorder/folder/folder_messages.h): lists
 * the files of an import and opens those that are asked for. */

#include "cli/import_files.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

struct import_giver {
        int socket; /* owned; -EBADF after import_giver_stop() */
        const struct import_files *files;
        sd_event_source *source;
        bool listing;
        uint32_t next; /* to list */
};

/* Makes both ends and answers on 'event'; *ret_theirs is for the station. 0 or a negative errno. */
int import_giver_start(struct import_giver *g, sd_event *event, const struct import_files *files,
                       int *ret_theirs);
/* Closes the conversation: the station sees that nobody gives any more. */
void import_giver_stop(struct import_giver *g);
