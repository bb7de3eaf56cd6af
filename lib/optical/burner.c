// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening drives; see burner.h. */
#include "optical/burner.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

#include <ctype.h>
#include <libisofs/libisofs.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_DRIVE "stdio:"
#define DISC_DRIVE "/dev/sr"

enum {
        PROFILE_DVD_RAM = 0x12,
        PROFILE_DVD_RW_OVERWRITE = 0x13,
        PROFILE_DVD_PLUS_RW = 0x1a,
        PROFILE_BD_RE = 0x43,
        PROFILE_FILE = 0xffff,
};

static bool file_is_usable(const char *path)
{
        struct stat st;

        if (path[0] != '/')
                return false;
        return lstat(path, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
}

static bool name_is_good(const char *drive)
{
        const char *number = drive + strlen(DISC_DRIVE);

        if (strncmp(drive, FILE_DRIVE, strlen(FILE_DRIVE)) == 0)
                return file_is_usable(drive + strlen(FILE_DRIVE));
        return strncmp(drive, DISC_DRIVE, strlen(DISC_DRIVE)) == 0 && isdigit((unsigned char)*number) &&
               number[strspn(number, "0123456789")] == '\0';
}

/* Messages are taken out of a queue, and nothing is printed. libisofs has a queue of its own. */
static int libraries_begin(void)
{
        static char sorry[] = "SORRY", never[] = "NEVER", prefix[] = "", utf8[] = "UTF-8";

        if (!burn_initialize())
                return -ENOMEM;
        if (iso_init_with_flag(1) < 0 || iso_set_local_charset(utf8, 0) <= 0) {
                burn_finish();
                return -ENOMEM;
        }
        (void)burn_msgs_set_severities(sorry, never, prefix);
        (void)iso_set_msgs_severities(sorry, never, prefix);
        return 0;
}

int burner_open(struct burner *b, const char *drive, bool load)
{
        int r;

        if (!name_is_good(drive) || !text_copy(b->address, sizeof(b->address), drive))
                return -EINVAL;
        b->file = strncmp(b->address, FILE_DRIVE, strlen(FILE_DRIVE)) == 0 ? b->address + strlen(FILE_DRIVE)
                                                                           : NULL;
        b->error = 0;
        r = libraries_begin();
        if (r < 0)
                return r;
        r = burn_drive_scan_and_grab(&b->infos, b->address, load);
        burner_messages(b);
        if (r <= 0) {
                burn_finish();
                iso_finish();
                return b->error < 0 ? b->error : -ENODEV;
        }
        b->drive = b->infos[0].drive;
        return 0;
}

void burner_close(struct burner *b, bool eject)
{
        if (!b->drive)
                return;
        burn_drive_release(b->drive, eject);
        burn_drive_info_free(b->infos);
        burner_messages(b);
        b->drive = NULL;
        b->infos = NULL;
        burn_finish();
        iso_finish();
}

static void message_tell(struct burner *b, const char *text, int os_error)
{
        char line[BURN_MSGS_MESSAGE_LEN];

        if (os_error > 0)
                b->error = -os_error;
        (void)text_copy(line, sizeof(line), text);
        text_make_printable(line);
        log_info("drive %s: %s", b->address, line); /* SORRY and worse alone are in the queue */
        if (b->on_message)
                b->on_message(b->userdata, line);
}

void burner_messages(struct burner *b)
{
        static char all[] = "ALL";
        char text[BURN_MSGS_MESSAGE_LEN], severity[80];
        int code = 0, os_error = 0, image = 0;

        while (burn_msgs_obtain(all, &code, text, &os_error, severity) > 0)
                message_tell(b, text, os_error);
        while (iso_obtain_msgs(all, &code, &image, text, severity) > 0)
                message_tell(b, text, 0);
}

void burner_wait(struct burner *b)
{
        const struct timespec tenth = {.tv_nsec = 100000000};

        while (burn_drive_get_status(b->drive, NULL) != BURN_DRIVE_IDLE) {
                burner_messages(b);
                (void)nanosleep(&tenth, NULL);
        }
        burner_messages(b);
}

bool burner_is_overwritable(struct burner *b)
{
        char name[80];
        int profile = 0;

        if (burn_disc_get_profile(b->drive, &profile, name) <= 0)
                return false;
        return profile == PROFILE_DVD_RAM || profile == PROFILE_DVD_RW_OVERWRITE ||
               profile == PROFILE_DVD_PLUS_RW || profile == PROFILE_BD_RE || profile == PROFILE_FILE;
}
