// SPDX-License-Identifier: GPL-2.0-or-later
/* Discs of recdock-archive; see archive_disc.h. */
#include "daemon/archive/archive_disc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "optical/disc_drive.h"
#include "optical/disc_volume.h"

#include <fcntl.h>
#include <iconv.h>
#include <string.h>

#define FILE_DRIVE "stdio:"

_Static_assert((int)ARCHIVE_DISC_NONE == (int)DISC_NONE && (int)ARCHIVE_DISC_BLANK == (int)DISC_BLANK &&
                               (int)ARCHIVE_DISC_OURS == (int)DISC_OURS &&
                               (int)ARCHIVE_DISC_FOREIGN == (int)DISC_FOREIGN,
               "what is in a drive is what the library says");

/* Joliet's names: the C library loads a converter at its first use, and keeps it while one is open. */
static void converters_load(void)
{
        static const char *const sets[] = {"UTF-16BE", "UCS-2BE"};
        static iconv_t kept[2 * ELEMENTSOF(sets)];

        for (size_t i = 0; i < ELEMENTSOF(sets); i++) {
                kept[2 * i] = iconv_open(sets[i], "UTF-8");
                kept[2 * i + 1] = iconv_open("UTF-8", sets[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (kept[i] == (iconv_t)-1) /* libisofs says so again when it needs it */
                        log_debug("a character set cannot be loaded");
}

static int file_make(const char *path)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

        return fd < 0 ? -errno : 0;
}

int archive_disc_prepare(const char *drive, bool writing, bool *ret_writable)
{
        bool is_file = strncmp(drive, FILE_DRIVE, strlen(FILE_DRIVE)) == 0;
        const char *path = is_file ? drive + strlen(FILE_DRIVE) : drive;
        int fd, r;

        converters_load();
        *ret_writable = writing || !is_file;
        fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT && is_file && writing) {
                r = file_make(path);
                if (r < 0)
                        return r;
                fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        }
        return fd < 0 ? -errno : fd;
}

void archive_codes_prepare(struct archive_codes *c)
{
        if (c->percent > 0)
                c->error = disc_coder_new(&c->coder);
}

void archive_codes_done(struct archive_codes *c)
{
        disc_coder_free(c->coder);
        c->coder = NULL;
        c->scratch = fd_close(c->scratch);
}

int archive_disc_write(const char *drive, struct archive_volume *v, const struct archive_work *work,
                       struct archive_codes *codes, struct archive_report *ret)
{
        struct disc_options o = {.recovery = codes->percent, .coder = codes->coder};

        if (codes->error < 0)
                return codes->error;
        if (codes->percent != 0)
                o.scratch = TAKE_FD(codes->scratch);
        return disc_volume_write(drive, v, work, &o, ret); /* as fast as drive and disc want */
}

int archive_disc_look_for_coder(void)
{
        return disc_coder_look();
}

int archive_disc_verify(const char *drive, const char *number, const struct archive_work *work,
                        struct archive_report *ret)
{
        struct disc_state s;
        int r = disc_drive_look(drive, &s);

        *ret = (struct archive_report){0};
        if (r < 0)
                return r;
        if (s.content == DISC_OURS && strcmp(s.volume, number) == 0)
                return disc_volume_verify(drive, work, ret);
        ret->error = s.content == DISC_NONE ? -ENOMEDIUM : -EMEDIUMTYPE;
        if (s.content == DISC_OURS)
                (void)text_copy(ret->path, sizeof(ret->path), s.volume);
        return ARCHIVE_FOREIGN;
}

void archive_disc_look(const char *drive, struct archive_drive *ret)
{
        struct disc_state s;
        int r = disc_drive_look(drive, &s);

        *ret = (struct archive_drive){.error = MIN(r, 0), .coder = ret->coder};
        if (r < 0)
                return;
        ret->disc = (uint32_t)s.content;
        ret->capacity = s.capacity;
        (void)text_copy(ret->kind, sizeof(ret->kind), s.kind);
        (void)text_copy(ret->media_id, sizeof(ret->media_id), s.media_id);
        (void)text_copy(ret->volume, sizeof(ret->volume), s.volume);
}
