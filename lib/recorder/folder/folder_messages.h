/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a worker and who imports say to each other over base/message.h. The giver is recdockctl: it has the
 * files, the worker asks.
 *
 *   worker (folder_recorder.h)          giver
 *   FOLDER_LIST                  ──▶
 *                                ◀──    FOLDER_ITEM…, FOLDER_LISTED
 *   FOLDER_OPEN                  ──▶
 *                                ◀──    FOLDER_OPENED + fd, or FOLDER_OPENED with an error
 *
 * One question at a time, each answered in order. The giver runs as any user of the station and is treated
 * as hostile: a message out of turn, of another size or with a value out of its bounds ends the
 * conversation.
 */

#include <stdint.h>

#define FOLDER_PATH_MAX  960
#define FOLDER_ITEMS_MAX 100000 /* given in one import at most */

enum folder_message_type {
        FOLDER_LIST = 1,    /* no payload */
        FOLDER_OPEN = 2,    /* struct folder_open_file */
        FOLDER_ITEM = 64,   /* struct folder_item */
        FOLDER_LISTED = 65, /* struct folder_listed */
        FOLDER_OPENED = 66, /* struct folder_opened + fd (open for reading) when 'error' is 0 */
};

struct folder_item {
        uint32_t index; /* 0, 1, 2, … */
        uint32_t mtime_nsec;
        int64_t mtime_sec; /* as of stat(2), UTC */
        int64_t size;
        /* Relative, without "", "." and ".." between its slashes; terminated; any other bytes. */
        char path[FOLDER_PATH_MAX];
};

struct folder_listed {
        uint32_t items;
        uint32_t reserved;
};

struct folder_open_file {
        uint32_t index;
        uint32_t reserved;
};

struct folder_opened {
        uint32_t index;
        int32_t error; /* 0, or the errno (positive) for which it could not be opened */
};
