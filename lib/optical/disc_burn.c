// SPDX-License-Identifier: GPL-2.0-or-later
/* Burning; see disc_burn.h. libburn writes in a thread of its own, which is asked how far it is. */
#include "optical/disc_burn.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/log.h"

#include <errno.h>
#include <time.h>

enum {
        TURN_MS = 100,
        THREAD_SECONDS = 60,
        FILE_SYNC_AT_END = 1, /* what was written before is on its way: disc_image.c */
        FORMAT_DEFAULT = 3 << 1,
        FORMAT_QUICK = 1 << 6,
};

struct burning {
        struct burner *burner;
        struct disc_image *image;
        const struct archive_work *work;
        struct archive_report *report;
        struct burn_disc *disc;
        struct burn_session *session;
        struct burn_track *track;
        struct burn_write_opts *options;
        bool cancelled;
};

/* The thread drops its references right after the drive is idle, without a lock: it has a turn for that. */
static void burning_done(struct burning *g)
{
        const struct timespec turn = {.tv_nsec = TURN_MS * 1000000L};

        disc_image_abandon(g->image);
        (void)nanosleep(&turn, NULL);
        if (g->options)
                burn_write_opts_free(g->options);
        if (g->track)
                burn_track_free(g->track);
        if (g->session)
                burn_session_free(g->session);
        if (g->disc)
                burn_disc_free(g->disc);
        if (!disc_image_let_go(g->image, THREAD_SECONDS))
                log_debug("drive %s does not end what it was told", g->burner->address);
}

/* A BD-RE or DVD-RAM as it is bought. */
static int disc_format(struct burner *b)
{
        int status = 0, n = 0;
        off_t size = 0;
        unsigned int descriptor = 0;

        if (b->file || !burner_is_overwritable(b) ||
            burn_disc_get_formats(b->drive, &status, &size, &descriptor, &n) <= 0 ||
            status != BURN_FORMAT_IS_UNFORMATTED)
                return 0;
        burn_disc_format(b->drive, 0, FORMAT_DEFAULT | FORMAT_QUICK);
        burner_wait(b);
        if (!burn_drive_wrote_well(b->drive) || burn_drive_re_assess(b->drive, 0) <= 0)
                return b->error < 0 ? b->error : -EIO;
        return 0;
}

static int session_make(struct burning *g)
{
        g->disc = burn_disc_create();
        g->session = burn_session_create();
        g->track = burn_track_create();
        g->options = burn_write_opts_new(g->burner->drive);
        if (!g->disc || !g->session || !g->track || !g->options)
                return -ENOMEM;
        if (!burn_disc_add_session(g->disc, g->session, BURN_POS_END) ||
            !burn_session_add_track(g->session, g->track, BURN_POS_END))
                return -ENOMEM;
        burn_track_define_data(g->track, 0, 0, 1, BURN_MODE1);
        if (burn_track_set_source(g->track, disc_image_source(g->image)) != BURN_SOURCE_OK)
                return -ENOMEM;
        return 0;
}

/* -EIO when drive or disc cannot do it. */
static int options_set(struct burning *g, int speed)
{
        char reasons[BURN_REASONS_LEN] = "";

        burn_write_opts_set_multi(g->options, 0);
        burn_write_opts_set_underrun_proof(g->options, 1);
        burn_write_opts_set_stdio_fsync(g->options, FILE_SYNC_AT_END);
        burn_drive_set_speed(g->burner->drive, 0, speed);
        if (burn_write_opts_auto_write_type(g->options, g->disc, reasons, 0) != BURN_WRITE_NONE)
                return 0;
        log_debug("drive %s cannot write this: %s", g->burner->address, reasons);
        if (g->burner->on_message)
                g->burner->on_message(g->burner->userdata, reasons);
        return -EIO;
}

static bool goes_on(struct burning *g)
{
        struct burn_progress p = {0};
        enum burn_drive_status status = burn_drive_get_status(g->burner->drive, &p);
        int64_t total = disc_image_sectors(g->image), done = status == BURN_DRIVE_WRITING ? p.sector : 0;

        if (status == BURN_DRIVE_CLOSING_TRACK || status == BURN_DRIVE_CLOSING_SESSION)
                done = total;
        if (status != BURN_DRIVE_IDLE && g->work->on_progress &&
            g->work->on_progress(g->work->userdata, ARCHIVE_WRITING, MIN(done, total) * BURNER_SECTOR,
                                 total * BURNER_SECTOR) != 0)
                g->cancelled = true;
        return status != BURN_DRIVE_IDLE;
}

/* Until the drive is idle again. A source that is not what it must be ends it as the caller does. */
static int write_follow(struct burning *g)
{
        bool stopped = false;
        int outcome;

        while (goes_on(g)) {
                disc_image_serve(g->image, TURN_MS);
                burner_messages(g->burner);
                outcome = disc_image_outcome(g->image, g->report);
                if ((outcome == ARCHIVE_DONE && !g->cancelled) || stopped)
                        continue;
                disc_image_abandon(g->image);
                burn_drive_cancel(g->burner->drive);
                stopped = true;
        }
        burner_messages(g->burner);
        outcome = disc_image_outcome(g->image, g->report);
        if (outcome != ARCHIVE_DONE)
                return outcome;
        return g->cancelled ? ARCHIVE_CANCELLED : ARCHIVE_DONE;
}

static int medium_outcome(struct burning *g)
{
        int error = g->burner->error;

        g->report->error = error < 0 ? error : -EIO;
        return error == -ENOSPC || error == -EFBIG || error == -EDQUOT ? ARCHIVE_FULL
                                                                       : ARCHIVE_MEDIUM_FAILED;
}

/* A disc that is written once takes nothing any more. */
static bool is_closed(struct burner *b)
{
        if (burner_is_overwritable(b))
                return true;
        return burn_drive_re_assess(b->drive, 0) > 0 && burn_disc_get_status(b->drive) == BURN_DISC_FULL;
}

static int image_write(struct burning *g)
{
        int r;

        g->burner->error = 0;
        burn_disc_write(g->options, g->disc);
        inject_point("disc-writing");
        r = write_follow(g);
        if (r != ARCHIVE_DONE)
                return r;
        if (!burn_drive_wrote_well(g->burner->drive))
                return medium_outcome(g);
        inject_point("disc-written");
        if (is_closed(g->burner))
                return ARCHIVE_DONE;
        g->burner->error = -EUCLEAN;
        return medium_outcome(g);
}

int disc_burn(struct burner *b, struct disc_image *image, const struct archive_work *work, int speed,
              struct archive_report *ret)
{
        _cleanup_(burning_done) struct burning g = {
                        .burner = b, .image = image, .work = work, .report = ret};
        int r = disc_format(b);

        if (r >= 0)
                r = session_make(&g);
        if (r == -ENOMEM)
                return r;
        if (r >= 0 && disc_image_sectors(image) * BURNER_SECTOR > burn_disc_available_space(b->drive, NULL))
                r = -ENOSPC;
        if (r >= 0)
                r = options_set(&g, speed);
        burner_messages(b);
        if (r < 0) {
                b->error = r;
                return medium_outcome(&g);
        }
        return image_write(&g);
}
