// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making the image; see disc_image.h. libisofs is used by itself, and libburn by itself, not libisoburn's
 * interface over both: that takes files by their paths and not from descriptors, tells no errors but by its
 * text, and burns in one call that cannot be ended between two files.
 */
#include "optical/disc_image.h"
#include "optical/disc_feed.h"
#include "optical/disc_mark.h"
#include "optical/disc_stage.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
        FIFO_SECTORS = 8192, /* 16 MiB: what a drive takes in a second */
        /* Linux reads ahead of the end of a track, and TAO leaves two sectors there that cannot be read. */
        TAIL_SECTORS = 150,
        PUSH_SECTORS = 4096, /* 8 MiB */
        FILE_MODE = 0444,
        FOLDER_MODE = 0555,
        NO_FORCED_DOTS_JOLIET = 2, /* names there are the true ones */
        VOLUME_ID_MAX = 16,        /* Joliet's: a name that file managers show */
};

struct disc_image {
        struct burn_source *source; /* what libburn reads: the frame is digested in between */
        pthread_mutex_t lock;
        pthread_cond_t change;
        bool released; /* libburn's thread has let go of the source */
        struct burn_source *inner;
        struct disc_feed *feed;
        IsoImage *image;
        struct digest *digest;
        struct disc_frame frame;
        int staged; /* the file it is burnt from, its own; -EBADF: as it is made */
        int64_t at; /* sectors that were read */
        bool failed;
        const char *file; /* what stands in for a disc, or NULL */
        int file_fd;      /* -EBADF until it is there */
};

DEFINE_CLEANUP(IsoWriteOpts *, iso_write_opts_free);
DEFINE_CLEANUP(struct digest *, digest_free);

void disc_image_free(struct disc_image *image)
{
        if (!image)
                return;
        if (image->source)
                burn_source_free(image->source);
        else if (!image->released)
                return; /* its thread hangs in the drive: it keeps what it reads */
        disc_feed_abandon(image->feed);
        if (image->inner) {
                (void)image->inner->cancel(image->inner); /* waits for the thread */
                burn_source_free(image->inner);
        }
        if (image->image)
                iso_image_unref(image->image);
        disc_feed_free(image->feed);
        digest_free(image->digest);
        (void)fd_close(image->staged);
        (void)fd_close(image->file_fd);
        (void)pthread_cond_destroy(&image->change);
        (void)pthread_mutex_destroy(&image->lock);
        free(image);
}

/* Letters, digits and "_" alone are ECMA-119's, and what is shown of a number need not be exact. */
static void volume_id_make(const char *number, char ret[VOLUME_ID_MAX + 1])
{
        size_t n = 0;

        for (; *number && n < VOLUME_ID_MAX; number++) {
                if (isalnum((unsigned char)*number))
                        ret[n++] = (char)toupper((unsigned char)*number);
                else if (n > 0 && ret[n - 1] != '_')
                        ret[n++] = '_';
        }
        ret[n] = '\0';
}

/* The value of the first line of bag-info.txt, which is the volume's number. */
int disc_image_number(const struct archive_volume *v, char *ret, size_t size)
{
        static const char label[] = "External-Identifier: ";
        const struct archive_entry *e = archive_volume_find(v, "bag-info.txt");
        const char *text = e ? e->data : NULL, *end = text ? memchr(text, '\n', (size_t)e->size) : NULL;
        size_t n;

        if (!end || strncmp(text, label, strlen(label)) != 0)
                return -EINVAL;
        text += strlen(label);
        n = (size_t)(end - text);
        if (n == 0 || n >= size)
                return -EINVAL;
        memcpy(ret, text, n);
        ret[n] = '\0';
        return 0;
}

static int image_mark(IsoImage *image, const char *number)
{
        char mark[DISC_MARK_SIZE], id[VOLUME_ID_MAX + 1];
        int r = disc_mark_make(number, mark);

        if (r < 0)
                return r;
        volume_id_make(number, id);
        iso_image_set_volume_id(image, id[0] ? id : "RECDOCK");
        iso_image_set_application_id(image, "RECDOCK");
        iso_image_set_app_use(image, mark, sizeof(mark));
        return 0;
}

static void node_dress(IsoNode *node, mode_t mode)
{
        iso_node_set_permissions(node, mode);
        iso_node_set_uid(node, 0);
        iso_node_set_gid(node, 0);
}

/* The folder of a path, made when it is not there; *name is what is behind it. NULL: no memory. */
static IsoDir *folder_of(IsoImage *image, const char *path, const char **name)
{
        IsoDir *dir = iso_image_get_root(image);
        const char *slash;

        for (; dir && (slash = strchr(path, '/')); path = slash + 1) {
                _cleanup_free_ char *folder = strndup(path, (size_t)(slash - path));
                IsoNode *node = NULL;
                IsoDir *below = NULL;

                if (!folder)
                        return NULL;
                if (iso_dir_get_node(dir, folder, &node) == 1 && iso_node_get_type(node) == LIBISO_DIR)
                        below = (IsoDir *)node;
                else if (iso_tree_add_new_dir(dir, folder, &below) > 0)
                        node_dress((IsoNode *)below, FOLDER_MODE);
                dir = below;
        }
        *name = path;
        return dir;
}

static int entry_add(struct disc_image *image, const struct archive_entry *e, time_t modified, size_t i)
{
        const char *name = NULL;
        IsoDir *dir = folder_of(image->image, e->path, &name);
        IsoStream *stream = NULL;
        IsoFile *file = NULL;
        int r = dir ? disc_feed_stream(image->feed, e, &stream) : -ENOMEM;

        if (r < 0)
                return r;
        r = iso_tree_add_new_file(dir, name, stream, &file);
        if (r < 0) {
                iso_stream_unref(stream);
                return r == (int)ISO_OUT_OF_MEM ? -ENOMEM : -EIO;
        }
        node_dress((IsoNode *)file, FILE_MODE);
        iso_node_set_mtime((IsoNode *)file, modified);
        /* The heaviest is first. */
        iso_node_set_sort_weight((IsoNode *)file, INT32_MAX - (int)MIN(i, (size_t)INT32_MAX));
        return 0;
}

static int tree_make(struct disc_image *image, const struct archive_volume *v, const time_t *times)
{
        char number[DISC_NUMBER_MAX];
        int r = disc_image_number(v, number, sizeof(number));

        if (r < 0)
                return r;
        if (iso_image_new("", &image->image) < 0)
                return -ENOMEM;
        r = image_mark(image->image, number);
        node_dress((IsoNode *)iso_image_get_root(image->image), FOLDER_MODE);
        for (size_t i = 0; r >= 0 && i < archive_volume_size(v); i++)
                r = entry_add(image, archive_volume_entry(v, i), times[i], i);
        return r;
}

static int options_make(IsoWriteOpts **ret)
{
        _cleanup_(iso_write_opts_freep) IsoWriteOpts *o = NULL;

        if (iso_write_opts_new(&o, 0) < 0)
                return -ENOMEM;
        if (iso_write_opts_set_iso_level(o, 3) < 0 || iso_write_opts_set_rockridge(o, 1) < 0 ||
            iso_write_opts_set_joliet(o, 1) < 0 || iso_write_opts_set_joliet_longer_paths(o, 1) < 0 ||
            iso_write_opts_set_no_force_dots(o, NO_FORCED_DOTS_JOLIET) < 0 ||
            iso_write_opts_set_output_charset(o, "UTF-8") < 0 || iso_write_opts_set_sort_files(o, 1) < 0 ||
            iso_write_opts_set_relaxed_vol_atts(o, 1) < 0 || iso_write_opts_set_always_gmt(o, 1) < 0 ||
            iso_write_opts_set_tail_blocks(o, TAIL_SECTORS) < 0 ||
            iso_write_opts_set_fifo_size(o, FIFO_SECTORS) < 0)
                return -EIO;
        *ret = TAKE_PTR(o);
        return 0;
}

static bool is_frame(const struct disc_frame *f, int64_t sector)
{
        return sector < f->head || sector >= f->sectors - f->tail;
}

/* Like read_xt. */
static int staged_read(const struct disc_image *image, unsigned char *buffer, int size)
{
        ssize_t n;

        do {
                n = pread(image->staged, buffer, (size_t)size, image->at * BURNER_SECTOR);
        } while (n < 0 && errno == EINTR);
        return (int)n;
}

/* Has the system send what libburn has written to a stand-in to its disk, which it would put off to the end:
 * the disk is busy meanwhile, and memory is not full of it. That it has arrived, fsync(2) tells then. */
static void file_push(struct disc_image *image)
{
        const int64_t n = PUSH_SECTORS * BURNER_SECTOR, end = image->at * BURNER_SECTOR;

        if (image->file_fd < 0)
                image->file_fd = open(image->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (image->file_fd >= 0) /* again what was not whole the last time */
                (void)sync_file_range(image->file_fd, MAX(end - 2 * n, INT64_C(0)), 2 * n,
                                      SYNC_FILE_RANGE_WRITE);
}

/* In libburn's thread, by sectors. */
static int source_read(struct burn_source *source, unsigned char *buffer, int size)
{
        struct disc_image *image = source->data;
        int n = image->staged >= 0 ? staged_read(image, buffer, size)
                                   : image->inner->read_xt(image->inner, buffer, size);

        if (n == (int)BURNER_SECTOR) {
                if (is_frame(&image->frame, image->at) &&
                    digest_update(image->digest, buffer, (size_t)n) < 0)
                        image->failed = true;
                image->at++;
                if (image->file && image->at % PUSH_SECTORS == 0)
                        file_push(image);
        } else if (n != 0) {
                image->failed = true;
        }
        return n;
}

static off_t source_size(struct burn_source *source)
{
        const struct disc_image *image = source->data;

        return image->frame.sectors * BURNER_SECTOR;
}

static int source_set_size(struct burn_source *source, off_t size)
{
        (void)source;
        (void)size;
        return 1;
}

static void source_free(struct burn_source *source)
{
        struct disc_image *image = source->data;

        (void)pthread_mutex_lock(&image->lock);
        image->released = true;
        (void)pthread_cond_broadcast(&image->change);
        (void)pthread_mutex_unlock(&image->lock);
}

static int source_cancel(struct burn_source *source)
{
        struct disc_image *image = source->data;

        disc_feed_abandon(image->feed);
        return image->inner->cancel(image->inner);
}

static int stream_begin(struct disc_image *image)
{
        _cleanup_(iso_write_opts_freep) IsoWriteOpts *o = NULL;
        uint32_t head = 0;
        int r = options_make(&o);

        if (r >= 0)
                r = digest_new(&image->digest, false);
        if (r < 0)
                return r;
        r = iso_image_create_burn_source(image->image, o, &image->inner);
        if (r < 0)
                return r == (int)ISO_OUT_OF_MEM ? -ENOMEM : -EIO;
        if (iso_write_opts_get_data_start(o, &head, 0) < 0)
                return -EIO;
        image->frame.sectors = image->inner->get_size(image->inner) / BURNER_SECTOR;
        image->frame.head = head;
        image->frame.tail = TAIL_SECTORS;
        *image->source = (struct burn_source){.refcount = 1,
                                              .get_size = source_size,
                                              .set_size = source_set_size,
                                              .free_data = source_free,
                                              .data = image,
                                              .version = 1,
                                              .read_xt = source_read,
                                              .cancel = source_cancel};
        return 0;
}

int disc_image_new(struct disc_image **ret, struct burner *b, struct archive_volume *v, const time_t *times,
                   const struct archive_work *work)
{
        struct disc_image *image = calloc(1, sizeof(*image));
        int r = image ? disc_feed_new(&image->feed, v, work) : -ENOMEM;

        if (r < 0) {
                free(image);
                return r;
        }
        image->staged = image->file_fd = -EBADF;
        image->file = b->file;
        (void)pthread_mutex_init(&image->lock, NULL);
        (void)pthread_cond_init(&image->change, NULL);
        image->source = calloc(1, sizeof(*image->source));
        if (!image->source) {
                disc_image_free(image);
                return -ENOMEM;
        }
        /* libburn frees it with the last reference. */
        *image->source = (struct burn_source){.refcount = 1, .free_data = source_free, .data = image};
        r = tree_make(image, v, times);
        if (r >= 0)
                r = stream_begin(image);
        burner_messages(b);
        if (r < 0) {
                disc_image_free(image);
                return r;
        }
        *ret = image;
        return 0;
}

int disc_image_stage(struct disc_image *image, struct disc_stage *stage)
{
        off_t size;
        int r;

        image->staged = stage->file;
        stage->source = image->inner;
        stage->sectors = image->frame.sectors;
        r = disc_stage_make(stage);
        if (r < 0)
                return r;
        size = lseek(image->staged, 0, SEEK_END);
        if (size < 0)
                return -errno;
        image->frame.tail += size / BURNER_SECTOR - image->frame.sectors;
        image->frame.sectors = size / BURNER_SECTOR;
        return 0;
}

int64_t disc_image_sectors(const struct disc_image *image)
{
        return image->frame.sectors;
}

struct burn_source *disc_image_source(struct disc_image *image)
{
        return image->source;
}

bool disc_image_let_go(struct disc_image *image, unsigned int seconds)
{
        struct timespec until;
        bool released;
        int r = 0;

        burn_source_free(image->source);
        image->source = NULL;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += seconds;
        (void)pthread_mutex_lock(&image->lock);
        while (!image->released && r == 0)
                r = pthread_cond_timedwait(&image->change, &image->lock, &until);
        released = image->released;
        (void)pthread_mutex_unlock(&image->lock);
        return released;
}

void disc_image_serve(struct disc_image *image, unsigned int milliseconds)
{
        disc_feed_serve(image->feed, milliseconds);
}

int disc_image_outcome(struct disc_image *image, struct archive_report *ret)
{
        return disc_feed_outcome(image->feed, ret);
}

void disc_image_abandon(struct disc_image *image)
{
        disc_feed_abandon(image->feed);
}

int disc_image_frame(struct disc_image *image, struct disc_frame *ret)
{
        struct digest_values found;
        int r;

        if (image->failed || image->at < image->frame.sectors)
                return -EIO;
        r = digest_peek(image->digest, &found);
        if (r < 0)
                return r;
        *ret = image->frame;
        memcpy(ret->sha256, found.sha256, DIGEST_SIZE);
        return 0;
}

int disc_frame_prove(const struct disc_frame *f, struct disc_reader *r)
{
        _cleanup_(digest_freep) struct digest *d = NULL;
        uint8_t sector[BURNER_SECTOR];
        struct digest_values found;
        int error = digest_new(&d, false);

        for (int64_t at = 0; error >= 0 && at < f->sectors; at++) {
                if (!is_frame(f, at))
                        at = f->sectors - f->tail;
                error = disc_reader_read(r, at, 1, sector);
                if (error < 0)
                        return PROOF_UNREADABLE;
                error = digest_update(d, sector, sizeof(sector));
        }
        if (error >= 0)
                error = digest_peek(d, &found);
        if (error < 0)
                return error;
        if (memcmp(found.sha256, f->sha256, DIGEST_SIZE) != 0)
                return PROOF_DIFFERS;
        return disc_reader_is_uncached(r) ? PROOF_GOOD : PROOF_CACHED;
}
