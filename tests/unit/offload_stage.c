// SPDX-License-Identifier: LGPL-2.1-or-later
/* What recdockd does in the tests of its worker; see offload_stage.h. Syncs of the disk come by here. */
#include "offload_stage.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct session *session;
struct fake_recorder fake;
int sockets[2], signal_fd;
static int ended; /* how the session did */
static pthread_t thread;

/* What came beside the answers. */
struct offload_checkpoint checkpoint;
unsigned int checkpoints, progresses, notices;
char notice[OFFLOAD_NOTICE_MAX];

/* --- the disk: the worker's syncs and write-back come by here
 * ----------------------------------------------------------------------------------------------------- */

atomic_llong synced; /* size of the part at its last sync */
atomic_int sync_fails;
sem_t sync_failed;

int fdatasync(int fd)
{
        struct stat st;

        if (atomic_exchange(&sync_fails, 0)) {
                (void)sem_post(&sync_failed);
                errno = EIO;
                return -1;
        }
        if (fstat(fd, &st) == 0)
                synced = st.st_size;
        return (int)syscall(SYS_fdatasync, fd);
}

atomic_int write_back_held;
sem_t write_back_waits, write_back_goes_on;

int sync_file_range(int fd, off64_t offset, off64_t size, unsigned int flags)
{
        if (atomic_exchange(&write_back_held, 0)) {
                (void)sem_post(&write_back_waits);
                (void)sem_wait(&write_back_goes_on);
        }
        return (int)syscall(SYS_sync_file_range, fd, offset, size, flags);
}

/* --- the stage
 * ----------------------------------------------------------------------------------------------------- */

static void *session_main(void *userdata)
{
        struct session_start start = {.recorder = &fake.recorder};

        ended = session_run(session, &start);
        recorder_free(&fake.recorder);
        (void)shutdown(sockets[1], SHUT_RDWR);
        return userdata;
}

void stage_start(struct fake_item *items, uint32_t n)
{
        fake_recorder_init(&fake, items, n);
        ck_assert_int_eq(message_socketpair(sockets), 0);
        signal_fd = eventfd(0, EFD_CLOEXEC);
        ck_assert_int_ge(signal_fd, 0);
        ck_assert_int_eq(session_new(&session, sockets[1], signal_fd), 0);
        ck_assert_int_eq(session_threads(session), 0);
        fake.cancelled = session_cancelled;
        fake.userdata = session;
        checkpoints = progresses = notices = 0;
        synced = 0;
        (void)sem_init(&write_back_waits, 0, 0);
        (void)sem_init(&write_back_goes_on, 0, 0);
        notice[0] = '\0';
}

void stage_run(void)
{
        ck_assert_int_eq(pthread_create(&thread, NULL, session_main, NULL), 0);
}

void stage_finish(int expected)
{
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_int_eq(ended, expected);
        ck_assert_int_eq(fake.closed, 1);
        session_free(session);
        (void)fd_close(sockets[0]);
        (void)fd_close(sockets[1]);
        (void)fd_close(signal_fd);
        (void)sem_destroy(&fake.waiting);
        (void)sem_destroy(&write_back_waits);
        (void)sem_destroy(&write_back_goes_on);
}

static void note_take(const struct message *m)
{
        const struct offload_notice *n;

        switch (m->type) {
        case OFFLOAD_PROGRESS:
                ck_assert_ptr_nonnull(message_payload(m, sizeof(struct offload_progress)));
                progresses++;
                break;
        case OFFLOAD_CHECKPOINT:
                ck_assert_ptr_nonnull(message_payload(m, sizeof(checkpoint)));
                memcpy(&checkpoint, m->payload, sizeof(checkpoint));
                checkpoints++;
                ck_assert_int_ge(synced, checkpoint.bytes);
                break;
        default:
                n = message_payload(m, sizeof(*n));
                ck_assert_ptr_nonnull(n);
                (void)snprintf(notice, sizeof(notice), "%s", n->text);
                notices++;
        }
}

/* The next message that is an answer, which must be of this type. */
void stage_expect(uint32_t type, void *ret, size_t size)
{
        for (;;) {
                struct message m = {.fd = -EBADF};
                const void *payload;

                ck_assert_int_eq(message_receive(sockets[0], &m, ANSWER_MS), MESSAGE_RECEIVED);
                if (m.type == OFFLOAD_PROGRESS || m.type == OFFLOAD_CHECKPOINT || m.type == OFFLOAD_NOTICE) {
                        note_take(&m);
                        if (m.type == type)
                                return;
                        continue;
                }
                ck_assert_uint_eq(m.type, type);
                payload = message_payload(&m, size);
                ck_assert_ptr_nonnull(payload);
                memcpy(ret, payload, size);
                return;
        }
}

void stage_expect_nothing(int msec)
{
        for (;;) {
                struct message m = {.fd = -EBADF};
                int r = message_receive(sockets[0], &m, msec);

                if (r == MESSAGE_NONE)
                        return;
                ck_assert_int_eq(r, MESSAGE_RECEIVED);
                ck_assert(m.type == OFFLOAD_PROGRESS || m.type == OFFLOAD_CHECKPOINT ||
                          m.type == OFFLOAD_NOTICE);
        }
}

void stage_order(uint32_t type, const void *payload, size_t size, int fd)
{
        ck_assert_int_eq(message_send(sockets[0], type, payload, size, fd, ANSWER_MS), 0);
}

/* Up to LISTED. */
void stage_expect_listing(uint32_t n)
{
        struct offload_sandbox sandbox;
        struct recorder_identity identity;
        struct recorder_item item;
        struct offload_listed listed;

        stage_expect(OFFLOAD_SANDBOX, &sandbox, sizeof(sandbox));
        stage_expect(OFFLOAD_IDENTITY, &identity, sizeof(identity));
        ck_assert_str_eq(identity.model, "DSJ-9");
        for (uint32_t i = 0; i < n; i++) {
                stage_expect(OFFLOAD_ITEM, &item, sizeof(item));
                ck_assert_uint_eq(item.index, i);
        }
        stage_expect(OFFLOAD_LISTED, &listed, sizeof(listed));
        ck_assert_uint_eq(listed.items, n);
        ck_assert_uint_eq(listed.complete, 1);
}

void stage_introduce(uint32_t n)
{
        stage_run();
        stage_order(OFFLOAD_LIST, NULL, 0, -EBADF);
        stage_expect_listing(n);
}

void stage_begin(struct fake_item *items, uint32_t n)
{
        stage_start(items, n);
        stage_introduce(n);
}

void stage_close(void)
{
        stage_order(OFFLOAD_CLOSE, NULL, 0, -EBADF);
        stage_finish(SESSION_CLOSED);
}

/* --- parts
 * ---------------------------------------------------------------------------------------------------------
 */

int part_open(const char *dir)
{
        int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        return fd;
}

/* A part that holds what a fetch of this item left. */
int part_of(uint32_t index, int64_t size)
{
        _cleanup_free_ uint8_t *data = malloc((size_t)size + 1);
        int fd = part_open("/tmp");

        ck_assert_ptr_nonnull(data);
        fake_fill(index, 0, data, (size_t)size);
        ck_assert_int_eq(pwrite(fd, data, (size_t)size, 0), size);
        return fd;
}

struct digest_values digest_of(uint32_t index, int64_t size)
{
        struct digest_values values;
        struct digest *digest;
        uint8_t data[64 * KIB];

        ck_assert_int_eq(digest_new(&digest, true), 0);
        for (int64_t at = 0; at < size; at += (int64_t)sizeof(data)) {
                size_t n = (size_t)MIN((int64_t)sizeof(data), size - at);

                fake_fill(index, at, data, n);
                ck_assert_int_eq(digest_update(digest, data, n), 0);
        }
        ck_assert_int_eq(digest_peek(digest, &values), 0);
        digest_free(digest);
        return values;
}

/* The part is [0, size) of the item and nothing else. */
void assert_part(int fd, uint32_t index, int64_t size)
{
        uint8_t is[64 * KIB], should[64 * KIB];

        ck_assert_int_eq(lseek(fd, 0, SEEK_END), size);
        /* A worker that died has left it as it wrote it: O_DIRECT. */
        ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
        for (int64_t at = 0; at < size; at += (int64_t)sizeof(is)) {
                size_t n = (size_t)MIN((int64_t)sizeof(is), size - at);

                ck_assert_int_eq(pread(fd, is, n, at), (ssize_t)n);
                fake_fill(index, at, should, n);
                ck_assert_mem_eq(is, should, n);
        }
}

void assert_fetched(const struct offload_fetched *f, int outcome, uint32_t index, int64_t size)
{
        struct digest_values values = digest_of(index, size);

        ck_assert_int_eq(f->outcome, outcome);
        ck_assert_int_eq(f->size, size);
        ck_assert_mem_eq(f->digests.sha256, values.sha256, DIGEST_SIZE);
        if (f->digests.has_sm3)
                ck_assert_mem_eq(f->digests.sm3, values.sm3, DIGEST_SIZE);
}

struct offload_fetch fetch_of(uint32_t index, int64_t size)
{
        return (struct offload_fetch){.item = 1000 + index, .index = index, .size = size};
}

struct offload_fetch resume_of(uint32_t index, int64_t size, int64_t offset)
{
        struct offload_fetch f = fetch_of(index, size);
        struct digest_values values = digest_of(index, offset);

        f.offset = offset;
        f.has_prefix = 1;
        memcpy(f.prefix_sha256, values.sha256, DIGEST_SIZE);
        return f;
}

struct offload_fetched stage_fetch(const struct offload_fetch *f, int fd)
{
        struct offload_fetched fetched;

        stage_order(OFFLOAD_FETCH, f, sizeof(*f), fd);
        stage_expect(OFFLOAD_FETCHED, &fetched, sizeof(fetched));
        ck_assert_uint_eq(fetched.item, f->item);
        return fetched;
}
