// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdock-medium: what it is asked is checked, what a disk holds is seen and not lost, and what it makes is
 * mounted for recdockd alone. On files, and on a loop device where the machine gives one. */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/message.h"
#include "daemon/disk/disk_mount.h"
#include "daemon/disk/disk_node.h"
#include "daemon/medium/medium_check.h"
#include "daemon/medium/medium_content.h"
#include "daemon/medium/medium_make.h"
#include "daemon/medium/medium_registry.h"
#include "daemon/medium/medium_tool.h"
#include "daemon/medium/medium_request.h"
#include "daemon/medium/serve.h"
#include "scratch.h"

#include <check.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SIZE    (16 << 20)
#define NOBODY  12345
#define LABEL   "V0001"
#define MAKE_MS 60000

static const struct disk_owner owner = {NOBODY, NOBODY + 1};
static int pair[2];
static char *image;

static void setup(void)
{
        _cleanup_close_ int fd = -EBADF;

        ck_assert_int_eq(setenv("STATE_DIRECTORY", scratch_make(), 1), 0);
        log_set_max_priority(LOG_EMERG);
        ck_assert_int_eq(message_socketpair(pair), 0);
        image = scratch_path("disk");
        fd = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ftruncate(fd, SIZE), 0);
}

static void teardown(void)
{
        pair[0] = fd_close(pair[0]);
        pair[1] = fd_close(pair[1]);
        free(image);
        scratch_remove();
        ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
}

static struct peer peer(void)
{
        return (struct peer){.socket = pair[1], .signals = -EBADF};
}

/* --- requests --- */

START_TEST(test_uuid_is_checked)
{
        static const char *const wrong[] = {"", "-", "-1", "../x", "a/b", "1234 5678", "a.b", "1234\n", "ü"};
        char longest[MEDIUM_UUID_MAX + 1] = "";

        ck_assert(medium_uuid_is_valid("0b1f9ed0-5a2c-4f3e-9d3b-8c1a2b3c4d5e"));
        ck_assert(medium_uuid_is_valid("12AB-34CD"));
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                ck_assert_msg(!medium_uuid_is_valid(wrong[i]), "'%s'", wrong[i]);
        memset(longest, 'a', MEDIUM_UUID_MAX);
        ck_assert(!medium_uuid_is_valid(longest));
        longest[MEDIUM_UUID_MAX - 1] = '\0';
        ck_assert(medium_uuid_is_valid(longest));
}
END_TEST

START_TEST(test_open_is_checked)
{
        const struct medium_open right = {.uuid = "12AB-34CD"};
        struct medium_open m = right;

        ck_assert_int_eq(medium_open_check(&m), 0);
        (void)snprintf(m.place.port, sizeof(m.place.port), "3-1.4");
        ck_assert_int_eq(medium_open_check(&m), 0);
        (void)snprintf(m.place.port, sizeof(m.place.port), "../3-1");
        ck_assert_int_eq(medium_open_check(&m), -EINVAL);
        memset(m.place.port, '1', sizeof(m.place.port));
        ck_assert_int_eq(medium_open_check(&m), -EINVAL);
        m = right;
        m.uuid[0] = '/';
        ck_assert_int_eq(medium_open_check(&m), -EINVAL);
        memset(m.uuid, 'a', sizeof(m.uuid));
        ck_assert_int_eq(medium_open_check(&m), -EINVAL);
}
END_TEST

static struct medium_init init_request(const char *port, const char *label)
{
        struct medium_init m = {.format = MEDIUM_EXT4};

        (void)snprintf(m.place.port, sizeof(m.place.port), "%s", port);
        (void)snprintf(m.label, sizeof(m.label), "%s", label);
        return m;
}

START_TEST(test_init_is_checked)
{
        static const char *const wrong[] = {"", "-L", ".x", "a b", "a/b", "a'", "ü"};
        struct medium_init m = init_request("2-1", LABEL);

        ck_assert_int_eq(medium_init_check(&m), 0);
        m.format = MEDIUM_EXFAT;
        ck_assert_int_eq(medium_init_check(&m), 0);
        m.format = 0;
        ck_assert_int_eq(medium_init_check(&m), -EINVAL);
        m.format = MEDIUM_EXFAT + 1;
        ck_assert_int_eq(medium_init_check(&m), -EINVAL);
        m = init_request("", LABEL); /* anywhere is nowhere */
        ck_assert_int_eq(medium_init_check(&m), -EINVAL);
        m.place.major = 8;
        ck_assert_int_eq(medium_init_check(&m), 0);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                m = init_request("2-1", wrong[i]);
                ck_assert_msg(medium_init_check(&m) == -EINVAL, "label '%s'", wrong[i]);
        }
        m = init_request("2-1", LABEL);
        memset(m.label, 'a', sizeof(m.label));
        ck_assert_int_eq(medium_init_check(&m), -EINVAL);
        m = init_request("2-1", LABEL);
        memset(m.force, 'a', sizeof(m.force));
        ck_assert_int_eq(medium_init_check(&m), -EINVAL);
}
END_TEST

/* --- the conversation --- */

/* What is answered, which is FAILED, and its error. */
static int failure_of(uint32_t type, const void *payload, size_t size)
{
        const struct medium_failed *failed;
        struct message m;
        int r;

        ck_assert_int_eq(message_send(pair[0], type, payload, size, -EBADF, 0), 0);
        r = medium_serve(pair[1], -EBADF);
        ck_assert_int_eq(message_receive(pair[0], &m, 0), MESSAGE_RECEIVED);
        ck_assert_uint_eq(m.type, MEDIUM_REFUSED);
        failed = message_payload(&m, sizeof(*failed));
        ck_assert_ptr_nonnull(failed);
        ck_assert_int_eq(failed->error, r);
        ck_assert_uint_gt(strlen(failed->text), 0);
        return r;
}

START_TEST(test_conversation_is_checked)
{
        struct medium_open open_request = {.uuid = "12AB-34CD"}, wrong = {.uuid = "../x"};
        struct medium_init init = init_request("2-1", "-L");

        ck_assert_int_eq(failure_of(MEDIUM_CLOSE, NULL, 0), -EBADMSG);
        ck_assert_int_eq(failure_of(MEDIUM_OPENED, NULL, 0), -EBADMSG);
        ck_assert_int_eq(failure_of(MEDIUM_OPEN, &open_request, sizeof(open_request) - 1), -EBADMSG);
        ck_assert_int_eq(failure_of(MEDIUM_INIT, &open_request, sizeof(open_request)), -EBADMSG);
        ck_assert_int_eq(failure_of(MEDIUM_OPEN, &wrong, sizeof(wrong)), -EINVAL);
        ck_assert_int_eq(failure_of(MEDIUM_INIT, &init, sizeof(init)), -EINVAL);
        ck_assert_int_eq(failure_of(MEDIUM_OPEN, &open_request, sizeof(open_request)), -EPERM);
}
END_TEST

/* A folder that cannot be looked into is no leave to open anything. */
START_TEST(test_registry)
{
        ck_assert_int_eq(medium_registry_has("12AB-34CD"), 0);
        scratch_write("media/12AB-34CD", "");
        scratch_write("registered/46f4:0001:A_B", "");
        scratch_write("registered/0000:0000:C", "");
        ck_assert_int_eq(medium_registry_has("12AB-34CD"), 1);
        ck_assert_int_eq(medium_registry_has_recorder(0x46f4, 1, "A B"), 1);
        ck_assert_int_eq(medium_registry_has_recorder(0x46f4, 2, "A B"), 0);
        ck_assert_int_eq(medium_registry_has_recorder(0x46f4, 2, "C"), 1);
        ck_assert_int_eq(medium_registry_has_recorder(0x46f4, 1, ""), 0);
        ck_assert_int_eq(setenv("STATE_DIRECTORY", image, 1), 0); /* no folder */
        ck_assert_int_eq(medium_registry_has("12AB-34CD"), -ENOTDIR);
        ck_assert_int_eq(medium_registry_has_recorder(0x46f4, 1, "A B"), -ENOTDIR);
}
END_TEST

/* A wait for a disk that is not there ends with who waits. */
START_TEST(test_wait_for_disk_ends)
{
        struct medium_open request = {.uuid = "12AB-34CD"};
        struct medium_init init = init_request("99-99", LABEL);

        scratch_write("media/12AB-34CD", "");
        ck_assert_int_eq(message_send(pair[0], MEDIUM_OPEN, &request, sizeof(request), -EBADF, 0), 0);
        ck_assert_int_eq(message_send(pair[0], MEDIUM_INIT, &init, sizeof(init), -EBADF, 0), 0);
        pair[0] = fd_close(pair[0]);
        ck_assert_int_eq(medium_serve(pair[1], -EBADF), -EPIPE);
        ck_assert_int_eq(medium_serve(pair[1], -EBADF), -EPIPE);
}
END_TEST

/* --- what is on a disk --- */

static struct medium_content look(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct medium_content c;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(medium_content_look(fd, &c), 0);
        return c;
}

static void make(const char *path, enum medium_format format)
{
        struct peer p = peer();

        ck_assert_int_eq(medium_make(path, format, LABEL, &owner, &p, MAKE_MS), 0);
}

static void patch(off_t offset, const void *bytes, size_t n)
{
        _cleanup_close_ int fd = open(image, O_WRONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pwrite(fd, bytes, n, offset), (ssize_t)n);
}

START_TEST(test_content_is_seen)
{
        struct medium_content c = look(image);
        char uuid[MEDIUM_UUID_MAX];

        ck_assert(!c.anything);
        ck_assert_str_eq(c.uuid, "");
        make(image, MEDIUM_EXT4);
        c = look(image);
        ck_assert(c.anything);
        ck_assert_str_eq(c.type, "ext4");
        ck_assert(medium_uuid_is_valid(c.uuid));
        (void)snprintf(uuid, sizeof(uuid), "%s", c.uuid);
        make(image, MEDIUM_EXFAT); /* and nothing is left of ext4 */
        c = look(image);
        ck_assert_str_eq(c.type, "exfat");
        ck_assert(medium_uuid_is_valid(c.uuid));
        ck_assert_str_ne(c.uuid, uuid);
        make(image, MEDIUM_EXT4);
        ck_assert_str_eq(look(image).type, "ext4");
}
END_TEST

/* One partition of Linux, from the first MiB on. */
START_TEST(test_partition_table_is_seen)
{
        static const uint8_t entry[] = {0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x40, 0, 0},
                             sign[] = {0x55, 0xaa};
        struct medium_content c;

        patch(446, entry, sizeof(entry));
        patch(510, sign, sizeof(sign));
        c = look(image);
        ck_assert(c.anything);
        ck_assert_str_eq(c.table_type, "dos");
        make(image, MEDIUM_EXT4); /* exFAT's own boot sector looks like one */
        c = look(image);
        ck_assert_str_eq(c.type, "ext4");
        ck_assert_str_eq(c.table_type, "");
}
END_TEST

/* A member of a RAID (md, version 1.0) is told by the end of the disk, which no mkfs looks at. */
START_TEST(test_other_signs_are_taken_away)
{
        const uint64_t sector = (uint64_t)(SIZE / 512 - 16) & ~UINT64_C(7);
        uint32_t md[256] = {0xa92b4efc, 1};

        md[36] = (uint32_t)sector; /* where it is: 64 bits at 144 */
        md[20] = SIZE / 512 - 32;  /* size of the member: 64 bits at 80 */
        md[34] = md[20];           /* of its data: 64 bits at 136 */
        md[23] = 2;
        patch((off_t)sector * 512, md, sizeof(md));
        ck_assert_str_eq(look(image).type, "linux_raid_member");
        make(image, MEDIUM_EXFAT);
        ck_assert_str_eq(look(image).type, "exfat");
}
END_TEST

/* What two drivers would take for theirs is something, and neither. The sign of a suspended system is at the
 * end of a page of 4 KiB, or of 64. */
START_TEST(test_ambivalent_content_is_something)
{
        static const char sign[] = "S1SUSPEND";
        struct medium_content c;

        make(image, MEDIUM_EXT4);
        patch(4096 - 10, sign, strlen(sign));
        c = look(image);
        ck_assert(c.anything);
        ck_assert_str_eq(c.type, "");
        patch(65536 - 10, sign, strlen(sign));
        make(image, MEDIUM_EXFAT);
        ck_assert_str_eq(look(image).type, "exfat");
        make(image, MEDIUM_EXT4);
        ck_assert_str_eq(look(image).type, "ext4");
}
END_TEST

START_TEST(test_content_that_cannot_be_read)
{
        _cleanup_close_ int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct medium_content c = {.anything = true};

        ck_assert_int_lt(medium_content_look(fd, &c), 0);
        ck_assert(c.anything); /* untouched */
}
END_TEST

/* --- whether it can be written to --- */

static void run(const char *const argv[])
{
        struct peer p = peer();
        int status = -1;

        ck_assert_int_eq(medium_tool_run(argv, &p, MAKE_MS, &status), 0);
        ck_assert_int_eq(status, 0);
}

static void make_type(const char *type)
{
        const char *const fat[] = {"/sbin/mkfs.fat", "-F", "32", image, NULL};

        if (strcmp(type, "vfat") == 0)
                run(fat);
        else
                make(image, strcmp(type, "ext4") == 0 ? MEDIUM_EXT4 : MEDIUM_EXFAT);
}

static uint8_t byte_at(off_t offset)
{
        _cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
        uint8_t byte;

        ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
        return byte;
}

static void bits_set(off_t offset, uint8_t bits)
{
        uint8_t byte = byte_at(offset) | bits;

        patch(offset, &byte, 1);
}

/* Nothing is changed by it. */
static int checked(const char *type, int timeout_ms, struct medium_failed *why)
{
        _cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ uint8_t *before = malloc(SIZE), *after = malloc(SIZE);
        struct peer p = peer();
        int r;

        *why = (struct medium_failed){0};
        ck_assert_int_eq(pread(fd, before, SIZE, 0), SIZE);
        r = medium_check(fd, image, type, &p, timeout_ms, why);
        ck_assert_int_eq(pread(fd, after, SIZE, 0), SIZE);
        ck_assert_mem_eq(before, after, SIZE);
        ck_assert_int_eq(why->error, r == -EPIPE ? 0 : r);
        return r;
}

static const struct {
        const char *type;
        off_t offset;
        uint8_t bits;
        enum medium_left left;
        const char *text; /* NULL: it may be written to */
} lefts[] = {
                {"ext4", 0, 0, MEDIUM_LEFT_CLEAN, NULL},
                {"exfat", 0, 0, MEDIUM_LEFT_CLEAN, NULL},
                {"vfat", 0, 0, MEDIUM_LEFT_CLEAN, NULL},
                {"ext4", 1024 + 0x60, 4, MEDIUM_LEFT_JOURNAL, NULL},
                {"ext4", 1024 + 0x3a, 2, MEDIUM_LEFT_ERRORS,
                 "errors were found; repair it with 'e2fsck -f "},
                {"exfat", 106, 2, MEDIUM_LEFT_DIRTY,
                 "taken out before it was released; repair it with 'fsck.exfat -y "},
                {"exfat", 106, 4, MEDIUM_LEFT_ERRORS, "errors were found"},
                {"vfat", 0x41, 1, MEDIUM_LEFT_DIRTY,
                 "taken out before it was released; repair it with 'fsck.vfat -a "},
};

START_TEST(test_how_it_was_left)
{
        _cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
        enum medium_left left = MEDIUM_LEFT_ERRORS;
        struct medium_failed why;
        int r;

        make_type(lefts[_i].type);
        bits_set(lefts[_i].offset, lefts[_i].bits);
        ck_assert_int_eq(medium_left_read(fd, lefts[_i].type, &left), 0);
        ck_assert_int_eq(left, lefts[_i].left);
        r = checked(lefts[_i].type, MAKE_MS, &why);
        ck_assert_int_eq(r, lefts[_i].text ? -EUCLEAN : 0);
        ck_assert_msg(!lefts[_i].text || strstr(why.text, lefts[_i].text), "%s", why.text);
}
END_TEST

static void damage(const char *type)
{
        const char *const no_root[] = {"/sbin/debugfs", "-w", "-R", "clri <2>", image, NULL};

        if (strcmp(type, "ext4") == 0)
                run(no_root);
        else if (strcmp(type, "exfat") == 0)
                bits_set(11 * 512, 0xff); /* the checksum of the boot region */
        else
                patch(32 * 512 + 8, "\x07\0\0", 4); /* the root folder goes on where nothing is */
}

/* Its superblock does not tell of it. */
START_TEST(test_damage_is_found)
{
        static const char *const types[] = {"ext4", "exfat", "vfat"};
        _cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
        enum medium_left left = MEDIUM_LEFT_ERRORS;
        struct medium_failed why;

        make_type(types[_i]);
        damage(types[_i]);
        ck_assert_int_eq(medium_left_read(fd, types[_i], &left), 0);
        ck_assert_int_eq(left, MEDIUM_LEFT_CLEAN);
        ck_assert_int_eq(checked(types[_i], MAKE_MS, &why), -EUCLEAN);
        ck_assert_msg(strstr(why.text, " ends with "), "%s", why.text);
}
END_TEST

/* By the superblock alone, before any program is asked. */
static void is_none(const char *type)
{
        enum medium_left left = MEDIUM_LEFT_ERRORS;
        _cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
        struct medium_failed why;

        ck_assert_int_eq(medium_left_read(fd, type, &left), -EUCLEAN);
        ck_assert_int_eq(left, MEDIUM_LEFT_ERRORS);
        ck_assert_int_eq(checked(type, MAKE_MS, &why), -EUCLEAN);
        ck_assert_msg(strstr(why.text, "its superblock is none"), "%s", why.text);
}

START_TEST(test_check_is_bounded)
{
        _cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
        enum medium_left left = MEDIUM_LEFT_ERRORS;
        struct medium_failed why;

        is_none("ext4"); /* there is nothing */
        is_none("exfat");
        is_none("vfat");
        ck_assert_int_eq(checked("ntfs", MAKE_MS, &why), -EOPNOTSUPP);
        make(image, MEDIUM_EXT4);
        is_none("exfat"); /* it is another one */
        is_none("vfat");
        ck_assert_int_eq(truncate(image, 1500), 0); /* its magic is there still */
        ck_assert_int_eq(medium_left_read(fd, "ext4", &left), -EUCLEAN);
        ck_assert_int_eq(truncate(image, SIZE), 0);
        make(image, MEDIUM_EXT4);
        damage("ext4");
        ck_assert_int_eq(checked("ext4", 0, &why), 0); /* not checked, and told */
        pair[0] = fd_close(pair[0]);
        ck_assert_int_eq(checked("ext4", MAKE_MS, &why), -EPIPE);
}
END_TEST

START_TEST(test_make_fails)
{
        struct peer p = peer();

        ck_assert_int_eq(medium_make("/dev/recdock-no-such-disk", MEDIUM_EXT4, LABEL, &owner, &p, MAKE_MS),
                         -ENOENT);
        ck_assert_int_eq(truncate(image, 4096), 0);
        ck_assert_int_eq(medium_make(image, MEDIUM_EXT4, LABEL, &owner, &p, MAKE_MS), -EIO);
        ck_assert_int_eq(truncate(image, SIZE), 0);
        ck_assert_int_eq(medium_make(image, MEDIUM_EXT4, LABEL, &owner, &p, 0), -ETIME);
        pair[0] = fd_close(pair[0]);
        ck_assert_int_eq(medium_make(image, MEDIUM_EXT4, LABEL, &owner, &p, MAKE_MS), -EPIPE);
}
END_TEST

/* --- mounting, on a loop device --- */

static int loop_open(char node[32])
{
        _cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd = -EBADF,
                            file = open(image, O_RDWR | O_CLOEXEC);
        int number = control < 0 ? -errno : ioctl(control, LOOP_CTL_GET_FREE);

        if (number < 0)
                return -errno;
        (void)snprintf(node, 32, "/dev/loop%d", number);
        fd = open(node, O_RDWR | O_CLOEXEC);
        if (fd < 0 || ioctl(fd, LOOP_SET_FD, file) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static void mounted_check(const struct disk_mount *m, const char *node)
{
        _cleanup_close_ int file = openat(m->folder, "a", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        _cleanup_fclose_ FILE *mounts = fopen("/proc/self/mountinfo", "re");
        struct statvfs vfs;
        char line[1024];

        ck_assert_int_ge(file, 0);
        ck_assert_int_eq(fstatvfs(m->folder, &vfs), 0);
        ck_assert_uint_eq(vfs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_RDONLY),
                          ST_NOSUID | ST_NODEV | ST_NOEXEC);
        while (fgets(line, sizeof(line), mounts))
                ck_assert_msg(!strstr(line, node), "%s", line);
        ck_assert_int_eq(disk_node_open_unused(node, 0), -EBUSY);
}

/* It is the owner's, nobody else sees it, and it ends with its descriptors. */
static void mount_check(const char *node, enum medium_format format)
{
        struct disk_mount m;
        struct stat st;
        int r, other;

        make(node, format);
        r = disk_mount(&m, node, medium_format_type(format), &owner);
        if (r == -ENODEV) {
                printf("# this kernel has no %s\n", medium_format_type(format));
                return;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_int_eq(fstat(m.folder, &st), 0);
        ck_assert_uint_eq(st.st_uid, owner.user);
        ck_assert_uint_eq(st.st_gid, owner.group);
        mounted_check(&m, node);
        other = openat(m.folder, "a", O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(disk_unmount(&m), 0);
        ck_assert_int_eq(disk_node_open_unused(node, 0), -EBUSY); /* somebody still has a file open */
        (void)fd_close(other);
        r = disk_node_open_unused(node, 5000000);
        ck_assert_int_ge(r, 0);
        (void)fd_close(r);
}

START_TEST(test_mount)
{
        char node[32];
        _cleanup_close_ int loop = loop_open(node);

        if (loop < 0) {
                printf("# no loop device can be had here: %s\n", log_errno_text(loop));
                return;
        }
        mount_check(node, MEDIUM_EXT4);
        mount_check(node, MEDIUM_EXFAT);
        ck_assert_int_eq(ioctl(loop, LOOP_CLR_FD), 0);
}
END_TEST

START_TEST(test_mount_is_refused)
{
        struct disk_mount m;

        ck_assert_int_eq(disk_mount(&m, image, "ntfs", &owner), -EOPNOTSUPP);
        ck_assert_int_eq(disk_mount(&m, image, "", NULL), -EOPNOTSUPP);
        ck_assert_int_lt(disk_mount(&m, image, "ext4", &owner), 0); /* no block device */
}
END_TEST

int main(void)
{
        Suite *s = suite_create("medium");
        TCase *c = tcase_create("medium");
        SRunner *r;
        int failed;

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, test_uuid_is_checked);
        tcase_add_test(c, test_open_is_checked);
        tcase_add_test(c, test_init_is_checked);
        tcase_add_test(c, test_conversation_is_checked);
        tcase_add_test(c, test_registry);
        tcase_add_test(c, test_wait_for_disk_ends);
        tcase_add_test(c, test_content_is_seen);
        tcase_add_test(c, test_partition_table_is_seen);
        tcase_add_test(c, test_other_signs_are_taken_away);
        tcase_add_test(c, test_ambivalent_content_is_something);
        tcase_add_test(c, test_content_that_cannot_be_read);
        tcase_add_loop_test(c, test_how_it_was_left, 0, ELEMENTSOF(lefts));
        tcase_add_loop_test(c, test_damage_is_found, 0, 3);
        tcase_add_test(c, test_check_is_bounded);
        tcase_add_test(c, test_make_fails);
        tcase_add_test(c, test_mount);
        tcase_add_test(c, test_mount_is_refused);
        suite_add_tcase(s, c);
        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
