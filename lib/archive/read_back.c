// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading files of a medium back; see proof.h. */
#include "archive/read_back.h"
#include "archive/manifest.h"
#include "base/cleanup.h"
#include "base/digest_lane.h"

#include <string.h>

enum {
        BLOCK_SIZE = 1 << 20,
        BLOCK_ALIGNMENT = 4096,
        EXTRAS_MAX = 10000,   /* told of at most; a medium may have anything on it */
        LANE_LEAST = 8 << 20, /* of a file that is worth a thread */
};

DEFINE_CLEANUP(struct digest *, digest_free);
DEFINE_CLEANUP(struct digest_lane *, digest_lane_free);

const char *proof_result_text(enum proof_result r)
{
        static const char *const words[_PROOF_MAX] = {
                        [PROOF_GOOD] = "good",
                        [PROOF_DIFFERS] = "differs",
                        [PROOF_SIZE] = "size",
                        [PROOF_MISSING] = "missing",
                        [PROOF_UNREADABLE] = "unreadable",
                        [PROOF_NOT_A_FILE] = "not-a-file",
                        [PROOF_EXTRA] = "extra",
                        [PROOF_BAD_LIST] = "bad-list",
                        [PROOF_CACHED] = "cached",
        };

        return (unsigned int)r < _PROOF_MAX ? words[r] : "unknown";
}

/* An error that is the medium's as a result; what is ours stays an error. */
static int result_of(int error)
{
        switch (error) {
        case -ENOENT:
        case -ENOTDIR:
                return PROOF_MISSING;
        case -ELOOP:
        case -EISDIR:
        case -EXDEV:
                return PROOF_NOT_A_FILE;
        case -ENOMEM:
        case -EMFILE:
        case -ENFILE:
        case -ECANCELED:
                return error;
        default:
                return PROOF_UNREADABLE;
        }
}

static int progress(struct proving *p, size_t n)
{
        p->done += (int64_t)n;
        if (p->work->on_progress &&
            p->work->on_progress(p->work->userdata, ARCHIVE_PROVING, p->done, p->total) != 0)
                return -ECANCELED;
        return 0;
}

static int content_digest(struct proving *p, struct proof_file *f, struct digest *d, int64_t *ret_size)
{
        _cleanup_free_ uint8_t *block = NULL;
        _cleanup_(digest_lane_freep) struct digest_lane *lane = NULL;
        int64_t size = 0;

        if (posix_memalign((void **)&block, BLOCK_ALIGNMENT, BLOCK_SIZE) != 0)
                return -ENOMEM;
        if (p->medium->threads && f->size >= LANE_LEAST && digest_lane_new(&lane, d) < 0)
                lane = NULL; /* it takes longer */
        for (;;) {
                ssize_t n = p->medium->read(p->medium->userdata, f, block, BLOCK_SIZE, size);
                int r;

                if (n < 0)
                        return n == -ENOMEM ? -ENOMEM : -EIO;
                if (n == 0)
                        break;
                r = lane ? digest_lane_feed(lane, block, (size_t)n) : digest_update(d, block, (size_t)n);
                if (r >= 0)
                        r = progress(p, (size_t)n);
                if (r < 0)
                        return r;
                size += n;
                if (n < BLOCK_SIZE)
                        break;
        }
        *ret_size = size;
        return lane ? digest_lane_finish(lane) : 0;
}

static int file_compare(struct proving *p, struct proof_file *f, int64_t size,
                        const struct digest_values *expected)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        struct digest_values found;
        int64_t got = 0;
        int r;

        if (size >= 0 && f->size != size)
                return PROOF_SIZE;
        r = p->medium->prepare(p->medium->userdata, f);
        if (r >= 0)
                r = digest_new(&d, expected->has_sm3);
        if (r >= 0)
                r = content_digest(p, f, d, &got);
        if (r >= 0)
                r = digest_peek(d, &found);
        if (r < 0)
                return result_of(r);
        if (got != f->size)
                return PROOF_UNREADABLE;
        if (!digest_equal(&found, expected))
                return PROOF_DIFFERS;
        p->report->bytes += got;
        return f->uncached || got == 0 ? PROOF_GOOD : PROOF_CACHED;
}

int file_read_back(struct proving *p, const char *path, int64_t size, const struct digest_values *expected)
{
        struct proof_file f;
        int r = p->medium->open(p->medium->userdata, path, &f);

        if (r < 0)
                return result_of(r);
        r = file_compare(p, &f, size, expected);
        p->medium->close(p->medium->userdata, &f);
        return r;
}

static int text_take(const struct proof_medium *medium, struct proof_file *f, char **ret)
{
        size_t room = ((size_t)f->size / BLOCK_ALIGNMENT + 1) * BLOCK_ALIGNMENT;
        _cleanup_free_ char *text = NULL;
        ssize_t n;

        if (posix_memalign((void **)&text, BLOCK_ALIGNMENT, room) != 0)
                return -ENOMEM;
        n = medium->read(medium->userdata, f, text, room, 0);
        if (n < 0)
                return (int)n;
        if (n != f->size)
                return -EIO;
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

int text_read_back(const struct proof_medium *medium, const char *path, char **ret, size_t *ret_size)
{
        struct proof_file f;
        int r = medium->open(medium->userdata, path, &f);

        if (r < 0)
                return r;
        r = f.size > MANIFEST_BYTES_MAX ? -EFBIG : text_take(medium, &f, ret);
        medium->close(medium->userdata, &f);
        if (r >= 0)
                *ret_size = (size_t)f.size;
        return r;
}

void proving_tell(struct proving *p, const char *path, enum proof_result result)
{
        p->report->n_files += result != PROOF_EXTRA;
        p->report->counts[result]++;
        if (p->work->on_result)
                p->work->on_result(p->work->userdata, path, result);
}

int proving_outcome(const struct proving *p)
{
        size_t good = p->report->counts[PROOF_GOOD];

        if (p->work->cached_is_enough)
                good += p->report->counts[PROOF_CACHED];
        return good == p->report->n_files && p->report->counts[PROOF_EXTRA] == 0 ? ARCHIVE_DONE
                                                                                 : ARCHIVE_NOT_PROVED;
}

struct extras {
        struct proving *proving;
        bool (*is_known)(void *userdata, const char *path);
        void *userdata;
        size_t told;
};

static int extra_look(void *userdata, const char *path)
{
        struct extras *e = userdata;

        if (e->is_known(e->userdata, path))
                return 0;
        if (e->told == EXTRAS_MAX)
                return -EOVERFLOW;
        proving_tell(e->proving, path, PROOF_EXTRA);
        e->told++;
        return 0;
}

int extras_find(struct proving *p, bool (*is_known)(void *userdata, const char *path), void *userdata)
{
        struct extras e = {.proving = p, .is_known = is_known, .userdata = userdata};
        int r = p->medium->walk(p->medium->userdata, extra_look, &e);

        return r == -EOVERFLOW ? 0 : r;
}
