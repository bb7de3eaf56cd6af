// SPDX-License-Identifier: GPL-2.0-or-later
/* From a volume to a proved disc; see disc_volume.h. */
#include "optical/disc_volume.h"
#include "optical/disc_burn.h"
#include "optical/disc_image.h"
#include "optical/disc_mark.h"
#include "optical/disc_stage.h"
#include "optical/disc_tree.h"
#include "archive/pack.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The frame has no path of its own. */
#define FRAME_PATH "."

DEFINE_CLEANUP(struct disc_reader *, disc_reader_free);
DEFINE_CLEANUP(struct disc_tree *, disc_tree_free);
DEFINE_CLEANUP(struct disc_image *, disc_image_free);

struct writing {
        struct burner burner;
        struct archive_volume *volume;
        const struct archive_work *work;
        const struct disc_options *options;
        struct archive_report *report;
        time_t *times;
        int scratch;              /* until the image has it */
        struct disc_image *image; /* while it is burnt */
        struct disc_frame frame;
};

static void burner_done(struct burner *b)
{
        burner_close(b, false);
}

static int medium_failed(struct archive_report *ret, int error)
{
        if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
                return error;
        ret->error = error;
        return error == -ENOSPC || error == -EFBIG || error == -EDQUOT ? ARCHIVE_FULL
                                                                       : ARCHIVE_MEDIUM_FAILED;
}

/* Nothing is written over but this volume itself, and what the caller says. */
static int disc_admit(struct writing *w)
{
        char number[DISC_NUMBER_MAX];
        struct disc_state s;
        int r = disc_image_number(w->volume, number, sizeof(number));

        if (r >= 0)
                r = disc_state_read(&w->burner, &s);
        if (r < 0)
                return r;
        if (s.content == DISC_NONE)
                return medium_failed(w->report, -ENOMEDIUM);
        if (s.content == DISC_BLANK)
                return ARCHIVE_DONE;
        if (s.content == DISC_OURS && s.overwritable &&
            (w->options->overwrite || strcmp(s.volume, number) == 0))
                return ARCHIVE_DONE;
        return ARCHIVE_FOREIGN;
}

/* Opens a source as it is going to be opened again when its turn comes. */
static int source_look(const struct writing *w, const struct archive_entry *e, time_t *ret_modified)
{
        _cleanup_close_ int fd = w->work->open_source ? w->work->open_source(w->work->userdata, e) : -EINVAL;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0) {
                w->report->error = fd < 0 ? fd : -errno;
                return ARCHIVE_SOURCE_UNREADABLE;
        }
        *ret_modified = st.st_mtime;
        return st.st_size == e->size ? ARCHIVE_DONE : ARCHIVE_SOURCE_DIFFERS;
}

/* Before anything is written: a missing file would spoil the disc. */
static int sources_look(struct writing *w)
{
        time_t now = time(NULL);

        for (size_t i = 0; i < archive_volume_size(w->volume); i++) {
                const struct archive_entry *e = archive_volume_entry(w->volume, i);
                int r = ARCHIVE_DONE;

                w->times[i] = now;
                if (!e->data)
                        r = source_look(w, e, &w->times[i]);
                if (r != ARCHIVE_DONE) {
                        (void)text_copy(w->report->path, sizeof(w->report->path), e->path);
                        return r;
                }
        }
        return ARCHIVE_DONE;
}

/* The making of codes is half of all there is. Sources are wanted before that. */
static int stage_turn(void *userdata, int64_t sectors)
{
        const struct writing *w = userdata;
        int64_t total = disc_image_sectors(w->image);

        if (sectors < total)
                disc_image_serve(w->image, 100);
        if (disc_image_outcome(w->image, w->report) == ARCHIVE_DONE &&
            (!w->work->on_progress ||
             w->work->on_progress(w->work->userdata, ARCHIVE_STAGING, sectors * BURNER_SECTOR,
                                  2 * total * BURNER_SECTOR) == 0))
                return 0;
        disc_image_abandon(w->image);
        return 1;
}

/* Nothing is staged for hours that does not fit. */
static int image_stage(struct writing *w)
{
        struct disc_stage stage = {.percent = w->options->recovery,
                                   .coder = w->options->coder,
                                   .on_turn = stage_turn,
                                   .userdata = w};
        int64_t size = pack_size_with_recovery(disc_image_sectors(w->image) * BURNER_SECTOR, stage.percent);
        int r, outcome;

        if (size > burn_disc_available_space(w->burner.drive, NULL))
                return medium_failed(w->report, -ENOSPC);
        stage.file = TAKE_FD(w->scratch);
        r = disc_image_stage(w->image, &stage);
        outcome = disc_image_outcome(w->image, w->report);
        if (outcome != ARCHIVE_DONE)
                return outcome;
        if (r == -ECANCELED)
                return ARCHIVE_CANCELLED;
        return r < 0 ? r : ARCHIVE_DONE;
}

static int image_burn(struct writing *w)
{
        _cleanup_(disc_image_freep) struct disc_image *image = NULL;
        int r = disc_image_new(&image, &w->burner, w->volume, w->times, w->work);

        if (r < 0)
                return r;
        w->image = image;
        if (w->options->recovery > 0) {
                r = image_stage(w);
                if (r != ARCHIVE_DONE)
                        return r;
        }
        r = disc_burn(&w->burner, image, w->work, w->options->speed, w->report);
        if (r != ARCHIVE_DONE)
                return r;
        r = disc_image_frame(image, &w->frame);
        return r < 0 ? medium_failed(w->report, r) : ARCHIVE_DONE;
}

/* The drive forgets what it knows of the disc. */
static int disc_reopen(struct writing *w)
{
        char drive[PATH_MAX];
        struct disc_state s;
        int r;

        (void)text_copy(drive, sizeof(drive), w->burner.address);
        burner_close(&w->burner, w->options->eject && !w->burner.file);
        r = burner_open(&w->burner, drive, true);
        if (r >= 0)
                r = disc_state_read(&w->burner, &s);
        if (r < 0)
                return medium_failed(w->report, r);
        if (s.content == DISC_NONE)
                return medium_failed(w->report, -ENOMEDIUM);
        return ARCHIVE_DONE;
}

/* It counts as a file does. */
static int frame_fail(struct writing *w, enum proof_result result)
{
        w->report->counts[result]++;
        if (w->work->on_result)
                w->work->on_result(w->work->userdata, FRAME_PATH, result);
        return ARCHIVE_NOT_PROVED;
}

static int frame_prove(struct writing *w, struct disc_reader *reader)
{
        int r = disc_frame_prove(&w->frame, reader);

        if (r == PROOF_GOOD || (r == PROOF_CACHED && w->work->cached_is_enough))
                return ARCHIVE_DONE;
        return r < 0 ? r : frame_fail(w, (enum proof_result)r);
}

/* From the first sector to the last, but for the frame, whose end comes behind everything: what the drive
 * remembers of writing it, it has read other sectors over by then. */
static int disc_prove(struct writing *w)
{
        _cleanup_(disc_reader_freep) struct disc_reader *reader = NULL;
        _cleanup_(disc_tree_freep) struct disc_tree *tree = NULL;
        struct proof_medium medium;
        int r = disc_reader_new(&reader, &w->burner), frame;

        if (r >= 0)
                r = disc_tree_read(&tree, reader);
        if (r == -ENOENT)
                return frame_fail(w, PROOF_DIFFERS);
        if (r < 0)
                return medium_failed(w->report, r);
        medium = disc_tree_medium(tree);
        r = medium_prove(&medium, w->volume, w->work, w->report);
        if (r != ARCHIVE_DONE && r != ARCHIVE_NOT_PROVED)
                return r;
        frame = frame_prove(w, reader);
        burner_messages(&w->burner);
        return frame == ARCHIVE_DONE ? r : frame;
}

static int volume_write(struct writing *w)
{
        int r = disc_admit(w);

        if (r == ARCHIVE_DONE)
                r = sources_look(w);
        if (r == ARCHIVE_DONE)
                r = image_burn(w);
        if (r == ARCHIVE_DONE)
                r = disc_reopen(w);
        if (r == ARCHIVE_DONE)
                r = disc_prove(w);
        return r;
}

static bool recovery_is_good(const struct disc_options *o)
{
        return o->recovery == 0 || (o->recovery >= PACK_RECOVERY_LEAST &&
                                    o->recovery <= PACK_RECOVERY_MOST && o->scratch >= 0 && o->coder);
}

int disc_volume_write(const char *drive, struct archive_volume *v, const struct archive_work *work,
                      const struct disc_options *o, struct archive_report *ret)
{
        _cleanup_free_ time_t *times = calloc(archive_volume_size(v) + 1, sizeof(*times));
        struct writing w = {.burner = {.on_message = o->on_message, .userdata = o->userdata},
                            .volume = v,
                            .work = work,
                            .options = o,
                            .report = ret,
                            .times = times,
                            .scratch = o->recovery != 0 ? o->scratch : -EBADF};
        int r = times ? 0 : -ENOMEM;

        *ret = (struct archive_report){0};
        if (r >= 0 && !recovery_is_good(o))
                r = -EINVAL;
        if (r >= 0)
                r = burner_open(&w.burner, drive, false);
        if (r >= 0) {
                r = volume_write(&w);
                burner_close(&w.burner, false);
        }
        (void)fd_close(w.scratch);
        return r;
}

static int disc_verify(struct burner *b, const struct archive_work *work, struct archive_report *ret)
{
        _cleanup_(disc_reader_freep) struct disc_reader *reader = NULL;
        _cleanup_(disc_tree_freep) struct disc_tree *tree = NULL;
        struct proof_medium medium;
        int r;

        if (burn_disc_get_status(b->drive) == BURN_DISC_EMPTY)
                return medium_failed(ret, -ENOMEDIUM);
        r = disc_reader_new(&reader, b);
        if (r >= 0)
                r = disc_tree_read(&tree, reader);
        burner_messages(b);
        if (r == -ENOENT)
                return ARCHIVE_NO_VOLUME;
        if (r < 0)
                return medium_failed(ret, r);
        medium = disc_tree_medium(tree);
        r = medium_verify(&medium, work, ret);
        burner_messages(b);
        return r;
}

int disc_volume_verify(const char *drive, const struct archive_work *work, struct archive_report *ret)
{
        _cleanup_(burner_done) struct burner b = {0};
        int r;

        *ret = (struct archive_report){0};
        r = burner_open(&b, drive, false);
        return r < 0 ? r : disc_verify(&b, work, ret);
}
