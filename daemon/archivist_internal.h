/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the archivist share. */

#include "archive/proof.h"
#include "daemon/archive/archive_messages.h"
#include "daemon/archive_survey.h"
#include "daemon/archivist.h"
#include "daemon/worker.h"

struct medium_link;

enum archivist_stage {
        ARCHIVIST_IDLE,
        ARCHIVIST_SURVEYING, /* which medium, and what goes there */
        ARCHIVIST_READING,   /* the contents of the volume, out of the catalogue */
        ARCHIVIST_WORKING,   /* there is a recdock-archive */
        ARCHIVIST_RELEASING, /* a removable medium is written out and unmounted; 'then' follows */
        ARCHIVIST_RESTING,   /* before a volume is gone on with */
};

enum archivist_task { ARCHIVIST_WRITE, ARCHIVIST_VERIFY, ARCHIVIST_INIT };

/* A medium that is not asked again before. A drive is the negative of its place in the configuration,
 * from 1.
 */
struct barred {
        int64_t medium;
        instant_t until; /* INSTANT_NONE: in this round */
};

/* The last word of a recdock-archive: as of struct archive_ended, checked. */
struct archivist_told {
        int outcome, error;
        int64_t footage;
        uint8_t seal[DIGEST_SIZE];
        char path[1024];
        uint64_t cached;
};

typedef void archivist_then_fn(struct archivist *a);

#define ARCHIVIST_OTHERS_MAX 1000 /* told of at most */

struct archivist {
        struct station *station;
        enum archivist_stage stage;
        enum archivist_task task;
        struct archive_survey *survey;
        struct worker *worker;
        sd_event_source *stall, *rest;
        struct medium medium;
        struct volume_row volume; /* id 0: none yet */
        int root, contents;       /* -EBADF */
        unsigned int attempts;    /* at this volume */
        bool held;
        char why[512]; /* the last thing that kept a medium from taking it */

        /* what is read from elsewhere: footage 0, fd -EBADF: nothing */
        struct archive_given given;
        char given_path[1024];

        /* who waits */
        char actor[256];
        archivist_done_fn *on_done;
        void *userdata;

        /* what recdock-archive told */
        struct copy *copies;
        size_t n_copies, room_copies;
        json_object *others;
        int64_t bytes, bytes_total;
        struct archivist_told told;
        enum archive_phase phase;
        bool ended; /* 'told' is set */

        char status[256]; /* how it ended */

        /* the removable medium that is open, or being opened or made (archivist_medium.c) */
        struct medium_link *link;
        int mount;               /* its root folder, -EBADF */
        int released;            /* how that went: 0, or a negative errno; else not yet */
        archivist_then_fn *then; /* follows when it is released */
        int64_t asked_plan_for, asked_volume;
        archive_survey_fn *on_asked; /* the survey that follows when it is open */
        sd_event_source *later;
        int unopened;          /* the error that 'later' tells */
        instant_t waits_since; /* an unfinished volume, for its medium; INSTANT_NONE */

        /* rounds of media */
        struct barred *barred;
        size_t n_barred;
        instant_t looked_at;
        struct volume_due looked_due;
        bool changed; /* media were, since the round began */

        /* of discs: which drives are asked, and the one that is */
        char drive_asked[ARCHIVE_MESSAGE_TEXT]; /* "": any */
        char drive[ARCHIVE_MESSAGE_TEXT];
        size_t drive_at; /* its place, from 1; 0: none was asked */
        struct archive_drive disc;
        bool discs;            /* in this round */
        bool looked;           /* 'disc' is what is in it */
        unsigned int recovery; /* percent of recovery data that the volume gets */
        int scratch;           /* for the image with it, -EBADF */
        bool gave_room;        /* the scratch file is given up for recorders */

        /* of ARCHIVIST_INIT */
        char number[MEDIUM_NUMBER_MAX], place[MEDIUM_TEXT_MAX], path[1024];
};

/* archivist_run.c: starts recdock-archive for a->volume on a->root; archivist_ended() hears of its end. */
int archivist_run(struct archivist *a);
/* The worker goes, what it told is forgotten. */
void archivist_run_drop(struct archivist *a);
void archivist_run_hold(struct archivist *a);
/* Begins the wait for its next word anew; when none comes it is killed. */
void archivist_run_supervise(struct archivist *a);
/* What it told of files is forgotten. */
void archivist_copies_forget(struct archivist *a);

/* archivist_end.c: what becomes of it on record, when the process has ended; a->told is its last word. */
void archivist_ended(struct archivist *a, const char *status);
/* The volume has failed, for a reason that lies with the medium when 'medium_failed'. */
void archivist_volume_fail(struct archivist *a, bool medium_failed, const char *reason);

/* archivist_medium.c: removable media. */
/* Has udev know the registered ones, and is told of those that come and go. */
void archivist_media_watch(struct archivist *a);
bool archivist_medium_is_plugged(const struct station *s, const struct medium *m);
/* a->medium is a removable one, and is not plugged in any more. */
bool archivist_medium_is_gone(const struct archivist *a);
/* Opens a->medium, and then begins the survey; on_done hears of it, also when it cannot be opened. */
int archivist_medium_open(struct archivist *a, const struct archive_survey_order *order,
                          archive_survey_fn *on_done);
/* Ends the survey, closes what is open of the medium, and calls 'then' when it was released: at once when
 * none is open. */
void archivist_medium_release(struct archivist *a, archivist_then_fn *then);
/* Without waiting for anything. */
void archivist_medium_drop(struct archivist *a);
/* Is the unfinished a->volume to wait for a->medium, which is not at hand? Lowers *next. */
bool archivist_medium_waits(struct archivist *a, instant_t now, instant_t *next);

/* archivist.c */
/* Why nothing can be begun; as archivist.h has it. */
int archivist_refuse(const struct archivist *a);
/* Has a thread open a->medium and do what 'order' says besides; on_done hears of it. */
int archivist_survey(struct archivist *a, struct archive_survey_order *order, archive_survey_fn *on_done);
/* Ends what is under way, answers, and lets the clock look again. */
void archivist_idle(struct archivist *a, const struct archivist_answer *answer);
/* Begins again where it was, or lets it fail: 'reason' says what happened. */
void archivist_again(struct archivist *a, const char *reason);
/* The clock's next look begins a round; what is barred for a while stays so. */
void archivist_look_anew(struct archivist *a);
void archivist_bar(struct archivist *a, int64_t medium, instant_t until);
bool archivist_is_barred(const struct archivist *a, int64_t medium, instant_t now);
/* The next medium of the round is asked. */
void archivist_round_go_on(struct archivist *a);
/* A blank disc is in a->drive and a->medium what it is to be registered as: plans what goes there. */
void archivist_disc_plan(struct archivist *a);

/* archivist_disc.c */
/* Is told of discs that are put into drives. */
void archivist_discs_watch(struct archivist *a);
/* Has the next drive of the round looked at; false when there is none. */
bool archivist_disc_ask(struct archivist *a, instant_t now);
/* Opens the scratch file for an image of at most so many bytes. False, and why, when there is no room. */
bool archivist_disc_scratch(struct archivist *a, int64_t cost, char *why, size_t size);
/* Why a volume for a disc ended before it was burnt, in words of its recovery data; "" when it is not that.
 */
void archivist_disc_unburnt(const struct archivist *a, char *why, size_t size);
/* The disc takes nothing of what is due. */
void archivist_disc_pass(struct archivist *a, const char *why);
/* Reads a->volume in the next drive, or says why in none; 'why' NULL: in the first. */
void archivist_disc_verify(struct archivist *a, const char *why);
/* Whether another disc, or none, is what ended it. */
bool archivist_disc_is_other(const struct archivist *a);

/* archivist_alert.c */
void archivist_alerts_look(struct archivist *a, instant_t now, instant_t *next);
void archivist_tell_wanted(struct archivist *a, const struct volume_due *due);
/* a->medium is not plugged in, and a->volume waits for it. */
void archivist_tell_gone(struct archivist *a);
/* a->volume waits no more: it is written, or has failed. */
void archivist_tell_waited(struct archivist *a);
void archivist_tell_checked(struct archivist *a, int64_t bad, const json_object *others);
