// SPDX-License-Identifier: GPL-2.0-or-later
/* Staging; see disc_stage.h. The image is read in a thread: its sources are opened in the caller's. */
#include "optical/disc_stage.h"
#include "optical/burner.h"
#include "archive/pack.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/durable.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK_SECTORS = 512 };

DEFINE_CLEANUP(struct digest *, digest_free);

struct copying {
        const struct disc_stage *stage;
        struct digest *digest;
        int error;
        _Atomic int64_t done;
        _Atomic bool stop, ended;
};

/* Sectors that the source gave: fewer at its end. -EIO when it failed. */
static int64_t block_read(struct burn_source *source, uint8_t *block, int64_t wanted)
{
        int64_t n = 0;

        while (n < wanted) {
                int got = source->read_xt(source, block + n * BURNER_SECTOR, (int)BURNER_SECTOR);

                if (got != (int)BURNER_SECTOR)
                        return got < 0 ? -EIO : n;
                n++;
        }
        return n;
}

static int image_copy(struct copying *c)
{
        _cleanup_free_ uint8_t *block = malloc(BLOCK_SECTORS * BURNER_SECTOR);
        int r = block ? 0 : -ENOMEM;

        while (r >= 0 && c->done < c->stage->sectors && !c->stop) {
                int64_t wanted = MIN(c->stage->sectors - c->done, (int64_t)BLOCK_SECTORS);

                if (block_read(c->stage->source, block, wanted) != wanted)
                        return -EPIPE;
                r = durable_write_all(c->stage->file, block, (size_t)(wanted * BURNER_SECTOR));
                if (r >= 0)
                        r = digest_update(c->digest, block, (size_t)(wanted * BURNER_SECTOR));
                c->done += wanted;
        }
        return r;
}

static void *copy_thread(void *userdata)
{
        struct copying *c = userdata;

        c->error = image_copy(c);
        c->ended = true;
        return NULL;
}

/* The source is let go of by whoever cancels: on_turn. */
static int image_stage(const struct disc_stage *s, struct digest *digest)
{
        struct copying c = {.stage = s, .digest = digest};
        pthread_t thread;
        int r = pthread_create(&thread, NULL, copy_thread, &c), turn = 0;

        if (r != 0)
                return -r;
        while (!c.ended && turn == 0)
                turn = s->on_turn(s->userdata, c.done);
        c.stop = turn != 0;
        (void)pthread_join(thread, NULL);
        return turn != 0 ? -ECANCELED : c.error;
}

static int64_t total_size(const struct disc_stage *s)
{
        return pack_size_with_recovery(s->sectors * BURNER_SECTOR, s->percent);
}

static int coder_turn(void *userdata)
{
        const struct disc_stage *s = userdata;

        return s->on_turn(s->userdata, s->sectors);
}

/* The image as it is in the file, read again. */
static int image_digest(const struct disc_stage *s, struct digest *digest)
{
        const int64_t size = s->sectors * BURNER_SECTOR;
        _cleanup_free_ uint8_t *block = malloc(BLOCK_SECTORS * BURNER_SECTOR);
        int64_t at = 0;
        int r = block ? 0 : -ENOMEM;

        while (r >= 0 && at < size) {
                ssize_t n = pread(s->file, block, (size_t)MIN(size - at, BLOCK_SECTORS * BURNER_SECTOR), at);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                r = digest_update(digest, block, (size_t)n);
                at += n;
                if (s->on_turn(s->userdata, s->sectors) != 0)
                        return -ECANCELED;
        }
        return r;
}

/* The word of dvdisaster counts only when there is as much in the file as it was told, and the image is what
 * it was. */
static int recovery_check(const struct disc_stage *s, const struct digest *staged)
{
        _cleanup_(digest_freep) struct digest *again = NULL;
        struct digest_values before, now;
        struct stat st;
        int r = fstat(s->file, &st) < 0 ? -errno : 0;

        if (r >= 0 && (st.st_size <= s->sectors * BURNER_SECTOR || st.st_size > total_size(s) ||
                       st.st_size % BURNER_SECTOR != 0))
                return -EIO;
        if (r >= 0)
                r = digest_new(&again, false);
        if (r >= 0)
                r = image_digest(s, again);
        if (r >= 0)
                r = digest_peek(again, &now);
        if (r >= 0)
                r = digest_peek(staged, &before);
        if (r < 0 || memcmp(before.sha256, now.sha256, DIGEST_SIZE) == 0)
                return r;
        log_debug("dvdisaster has changed the image that it was to add codes to");
        return -EIO;
}

int disc_stage_make(const struct disc_stage *s)
{
        _cleanup_(digest_freep) struct digest *staged = NULL;
        int r = digest_new(&staged, false);

        if (r >= 0)
                r = image_stage(s, staged);
        if (r >= 0)
                r = disc_coder_run(s->coder, s->file, total_size(s) / BURNER_SECTOR, coder_turn, (void *)s);
        return r < 0 ? r : recovery_check(s, staged);
}
