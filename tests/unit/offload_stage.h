/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The stage of the offload worker's tests: its session over a real socket and real files, with a recorder in
 * memory. The test is recdockd; the session runs in a thread of its own, outside a sandbox, so that
 * sanitizers and valgrind see all of it.
 */

#include "base/digest.h"
#include "base/message.h"
#include "daemon/offload/part_writer.h"
#include "daemon/offload/session.h"
#include "fake_recorder.h"
#include "recorder/offload_messages.h"

#include <semaphore.h>
#include <stdatomic.h>

enum { ANSWER_MS = 60 * 1000, KIB = 1024, MIB = 1024 * 1024 };

/* A whole object, shorter and longer than the ring, in bytes that fill no block. */
#define WHOLE_SIZE (INT64_C(10) * MIB + 7)

extern struct session *session;
extern struct fake_recorder fake;
extern int sockets[2], signal_fd;
extern struct offload_checkpoint checkpoint;
extern unsigned int checkpoints, progresses, notices;
extern char notice[OFFLOAD_NOTICE_MAX];
extern atomic_llong synced; /* size of the part at its last sync */
extern atomic_int sync_fails;
extern sem_t sync_failed;
/* The next part does not come to its end: the first is posted, and it waits for the second. */
extern atomic_int write_back_held;
extern sem_t write_back_waits, write_back_goes_on;

void stage_start(struct fake_item *items, uint32_t n);
void stage_run(void);
void stage_finish(int expected);
void stage_expect(uint32_t type, void *ret, size_t size);
/* No answer within this time. */
void stage_expect_nothing(int msec);
void stage_order(uint32_t type, const void *payload, size_t size, int fd);
void stage_expect_listing(uint32_t n);
void stage_introduce(uint32_t n);
void stage_begin(struct fake_item *items, uint32_t n);
void stage_close(void);
int part_open(const char *dir);
int part_of(uint32_t index, int64_t size);
struct digest_values digest_of(uint32_t index, int64_t size);
void assert_part(int fd, uint32_t index, int64_t size);
void assert_fetched(const struct offload_fetched *f, int outcome, uint32_t index, int64_t size);
struct offload_fetch fetch_of(uint32_t index, int64_t size);
struct offload_fetch resume_of(uint32_t index, int64_t size, int64_t offset);
struct offload_fetched stage_fetch(const struct offload_fetch *f, int fd);
