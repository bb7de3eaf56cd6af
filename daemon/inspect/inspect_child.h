/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/inspect_messages.h"

/*
 * The whole life of a child: closes all but 'fd' and 'result_fd', makes the file come from the disk, locks
 * itself in, checks and digests, writes one struct inspect_result to result_fd and ends. 'memory_bytes'
 * limits its address space.
 */
_Noreturn void inspect_child_run(const struct inspect_request *request, int fd, int result_fd,
                                 uint64_t memory_bytes, unsigned int timeout_s);
