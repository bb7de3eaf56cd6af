/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One docking as the worker sees it: a recorder on one side, recdockd on the other. It works for any
 * recorder behind recorder.h.
 *
 *   session_new() ─▶ open the recorder with session_cancelled() and session_notice() as its hooks
 *   ─▶ session_threads() ─▶ session_run() ─▶ recorder_free() ─▶ session_free()
 */

#include "base/cleanup.h"
#include "base/sandbox.h"
#include "recorder/recorder.h"

#include <stdbool.h>

struct session;

/* 'socket' and 'signal_fd' (readable on SIGTERM, -EBADF: none) stay the caller's. */
int session_new(struct session **ret, int socket, int signal_fd);
/* Makes all threads there will ever be; they have done their last system call of starting when it
 * returns. */
int session_threads(struct session *s);
void session_free(struct session *s);

DEFINE_CLEANUP(struct session *, session_free);

/* Hooks for opening a recorder; 'userdata' is the session. */
bool session_cancelled(void *userdata);
void session_notice(void *userdata, int priority, const char *text);

struct session_start {
        struct recorder *recorder; /* not owned */
        struct sandbox_state sandbox;
};

enum session_end {
        SESSION_CLOSED = 0, /* CLOSE or SIGTERM: all that was asked is answered */
        SESSION_FAILED = 1, /* recdockd has been told why */
        SESSION_ALONE = 2,  /* recdockd is gone */
};

/* From SANDBOX to the end of the docking. */
int session_run(struct session *s, const struct session_start *start);
