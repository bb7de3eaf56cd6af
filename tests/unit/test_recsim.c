// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The simulated recorder, driven as a bus would drive it: what other tests take for granted is proved here,
 * above all where a transfer ends and that each fault does what its name says.
 */

#include "recsim_buffer.h"
#include "recsim_codes.h"
#include "recsim.h"

#include "base/cleanup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define READ_SIZE  65536
#define FIVE_GIB   (5LL << 30)
#define HANDLE_A   1 /* a.mp4, 1000 bytes; handles follow the order of names */
#define HANDLE_B   2 /* big.mp4, sparse, 5 GiB and 3 bytes */
#define HANDLE_SUB 3 /* dir */
#define HANDLE_C   4 /* dir/c.jpg, read-only */

static char root[] = "/tmp/test_recsim.XXXXXX";
static struct recsim *sim;
static uint32_t transaction;
static uint8_t reply[READ_SIZE];
static size_t reply_size;

static void file_make(const char *name, off_t size, mode_t mode)
{
        char path[128];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%s", root, name);
        fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        for (int i = 0; i < 1000; i++)
                ck_assert_int_eq(write(fd, &(uint8_t){(uint8_t)(i * 7)}, 1), 1);
        ck_assert_int_eq(ftruncate(fd, size), 0);
        ck_assert_int_eq(pwrite(fd, "end", 3, size - 3), 3);
        ck_assert_int_eq(fchmod(fd, mode), 0);
        (void)close(fd);
}

static void folder_setup(void)
{
        char path[128];

        ck_assert_ptr_nonnull(mkdtemp(root));
        (void)snprintf(path, sizeof(path), "%s/dir", root);
        ck_assert_int_eq(mkdir(path, 0755), 0);
        file_make("a.mp4", 1000, 0644);
        file_make("big.mp4", FIVE_GIB + 3, 0644);
        file_make("dir/c.jpg", 2000, 0444);
}

static void folder_teardown(void)
{
        static const char *const names[] = {"a.mp4", "big.mp4", "dir/c.jpg", "dir", ""};
        char path[128];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void)snprintf(path, sizeof(path), "%s/%s", root, names[i]);
                (void)remove(path);
        }
}

/* A recorder with these settings ("key=value …") beside the folder; "fault=…" sets a fault. */
static void plug(const char *settings)
{
        char copy[256];
        struct recsim_profile p;
        struct recsim_faults f = {0};
        char why[RECSIM_WHY_MAX] = "";

        (void)snprintf(copy, sizeof(copy), "%s", settings);
        recsim_profile_init(&p);
        (void)snprintf(p.dir, sizeof(p.dir), "%s", root);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
                char *value = strchr(word, '=');
                struct recsim_fault fault;

                *value++ = '\0';
                if (strcmp(word, "fault") == 0) {
                        ck_assert_msg(recsim_fault_parse(value, &fault, why) == 0, "%s", why);
                        ck_assert_int_eq(recsim_faults_add(&f, &fault), 0);
                } else {
                        ck_assert_msg(recsim_profile_set(&p, word, value, why) == 0, "%s", why);
                }
        }
        recsim_free(sim);
        sim = NULL;
        transaction = 0;
        ck_assert_msg(recsim_new(&sim, &p, &f, why) == 0, "%s", why);
}

static void sim_teardown(void)
{
        recsim_free(sim);
        sim = NULL;
}

/* One read; its status, or -EAGAIN when it would wait. The bytes are in reply. */
static int read_in(size_t want)
{
        struct recsim_reading plan;

        if (!recsim_bulk_in_plan(sim, want, &plan))
                return -EAGAIN;
        recsim_bulk_in_fill(sim, want, &plan, reply);
        reply_size = plan.size;
        return plan.status;
}

static int send_command(uint16_t op, const uint32_t *param, unsigned int n)
{
        struct recsim_buffer b = {0};
        int r;

        recsim_put_u32(&b, RECSIM_HEADER + 4 * n);
        recsim_put_u16(&b, RECSIM_COMMAND);
        recsim_put_u16(&b, op);
        recsim_put_u32(&b, ++transaction);
        for (unsigned int i = 0; i < n; i++)
                recsim_put_u32(&b, param[i]);
        r = recsim_bulk_out(sim, b.data, b.size);
        recsim_buffer_clear(&b);
        return r;
}

#define SEND(op, ...)                                                                              \
        ck_assert_int_eq(send_command(op, (const uint32_t[]){__VA_ARGS__},                         \
                                      sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), \
                         0)

/* Reads a response and gives its code; 0 when it is none of this transaction. */
static uint16_t response(void)
{
        if (read_in(READ_SIZE) != 0 || reply_size < RECSIM_HEADER ||
            recsim_get_u16(reply + 4) != RECSIM_RESPONSE || recsim_get_u32(reply + 8) != transaction)
                return 0;
        return recsim_get_u16(reply + 6);
}

/* Reads a data phase that fits into one read, and its response. Gives the size of the payload. */
static size_t data(void)
{
        size_t size;

        ck_assert_int_eq(read_in(READ_SIZE), 0);
        ck_assert_uint_eq(recsim_get_u16(reply + 4), RECSIM_DATA);
        ck_assert_uint_eq(recsim_get_u32(reply), reply_size);
        size = reply_size - RECSIM_HEADER;
        return size;
}

static void open_session(void)
{
        SEND(OP_OPEN_SESSION, 1);
        ck_assert_uint_eq(response(), RC_OK);
}

/* Handles of a listing; the count. */
static uint32_t list(uint32_t parent, uint32_t *ret, size_t room)
{
        uint32_t n;

        SEND(OP_GET_OBJECT_HANDLES, RECSIM_ALL, 0, parent);
        (void)data();
        n = recsim_get_u32(reply + RECSIM_HEADER);
        for (size_t i = 0; ret && i < n && i < room; i++)
                ret[i] = recsim_get_u32(reply + RECSIM_HEADER + 4 + 4 * i);
        ck_assert_uint_eq(response(), RC_OK);
        return n;
}

static const struct {
        const char *settings;
        size_t packet;
} links[] = {
                {"speed=full", 64}, {"speed=high", 512},   {"speed=super", 1024},
                {"packet=64", 64},  {"packet=1024", 1024},
};

/* Data that end one byte before, on, and one byte after a packet; in one read and in reads of one packet. */
START_TEST(test_transfer_end)
{
        size_t packet = links[_i].packet;

        plug(links[_i].settings);
        open_session();
        for (size_t size = 5 * packet - 1; size <= 5 * packet + 1; size++) {
                uint32_t payload = (uint32_t)(size - RECSIM_HEADER);
                size_t got = 0;

                SEND(OP_GET_PARTIAL_OBJECT, HANDLE_B, 0, payload);
                ck_assert_uint_eq(data(), payload);
                ck_assert_uint_eq(response(), RC_OK);
                SEND(OP_GET_PARTIAL_OBJECT, HANDLE_B, 0, payload);
                do {
                        ck_assert_int_eq(read_in(packet), 0);
                        got += reply_size;
                } while (reply_size == packet);
                /* On the packet the end was an empty read. */
                ck_assert_uint_eq(got, size);
                ck_assert_uint_eq(response(), RC_OK);
        }
}
END_TEST

START_TEST(test_no_empty_packet)
{
        plug("zlp=no");
        open_session();
        SEND(OP_GET_PARTIAL_OBJECT, HANDLE_B, 0, 1024 - RECSIM_HEADER);
        ck_assert_int_eq(read_in(READ_SIZE), 0);
        /* The read ran on into the response. */
        ck_assert_uint_eq(reply_size, 1024 + 16);
        ck_assert_uint_eq(recsim_get_u16(reply + 1024 + 4), RECSIM_RESPONSE);
        ck_assert_int_eq(read_in(READ_SIZE), -EAGAIN);
}
END_TEST

START_TEST(test_split)
{
        plug("split=yes");
        open_session();
        SEND(OP_GET_OBJECT, HANDLE_A);
        ck_assert_int_eq(read_in(READ_SIZE), 0);
        ck_assert_uint_eq(reply_size, RECSIM_HEADER);
        ck_assert_uint_eq(recsim_get_u32(reply), RECSIM_HEADER + 1000);
        ck_assert_int_eq(read_in(READ_SIZE), 0);
        ck_assert_uint_eq(reply_size, 1000);
        ck_assert_uint_eq(reply[5], 35);
        ck_assert_uint_eq(response(), RC_OK);
}
END_TEST

START_TEST(test_overflow)
{
        plug("");
        open_session();
        SEND(OP_GET_OBJECT, HANDLE_A);
        ck_assert_int_eq(read_in(100), -EOVERFLOW);
}
END_TEST

START_TEST(test_beyond_four_gib)
{
        plug("");
        open_session();
        SEND(OP_GET_OBJECT, HANDLE_B);
        ck_assert_int_eq(read_in(512), 0);
        ck_assert_uint_eq(recsim_get_u32(reply), UINT32_MAX);
        SEND(OP_GET_OBJECT_INFO, HANDLE_B);
        (void)data();
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER + 8), UINT32_MAX);
        ck_assert_uint_eq(response(), RC_OK);
        SEND(OP_GET_OBJECT_PROP_VALUE, HANDLE_B, PROP_SIZE);
        ck_assert_uint_eq(data(), 8);
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER + 4), 1);
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER), (uint32_t)(FIVE_GIB + 3));
        ck_assert_uint_eq(response(), RC_OK);
        SEND(OP_GET_PARTIAL_OBJECT_64, HANDLE_B, (uint32_t)FIVE_GIB, 1, 100);
        ck_assert_uint_eq(data(), 3);
        ck_assert_mem_eq(reply + RECSIM_HEADER, "end", 3);
        ck_assert_uint_eq(response(), RC_OK);
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER), 3);
}
END_TEST

/* What the first answer to GetObject(a.mp4) is under a fault. */
static const struct {
        const char *fault;
        size_t want;
        size_t size;
        int status;
        uint16_t type; /* 0: not looked at */
        uint16_t code;
} strikes[] = {
                {"fault=stall", READ_SIZE, 0, -EPIPE, 0, 0},
                {"fault=stall,at=500", READ_SIZE, 512, -EPIPE, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=stall,op=0x1008", READ_SIZE, 1012, 0, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=stall,object=c.jpg", READ_SIZE, 1012, 0, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=stall,object=a.mp4", READ_SIZE, 0, -EPIPE, 0, 0},
                {"fault=stall,op=0x1009,nth=2", READ_SIZE, 1012, 0, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=silence,op=0x1009", READ_SIZE, 0, -EAGAIN, 0, 0},
                {"fault=silence,at=500,op=0x1009", READ_SIZE, 0, -EAGAIN, 0, 0},
                {"fault=silence,at=500,op=0x1009", 512, 512, 0, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=vanish,op=0x1009", READ_SIZE, 0, -ENODEV, 0, 0},
                {"fault=vanish,at=500,op=0x1009", READ_SIZE, 512, -ENODEV, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=short,op=0x1009,at=400", READ_SIZE, 412, 0, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=babble,op=0x1009,value=88", READ_SIZE, 1100, 0, RECSIM_DATA, OP_GET_OBJECT},
                {"fault=busy,op=0x1009", READ_SIZE, 12, 0, RECSIM_RESPONSE, RC_DEVICE_BUSY},
                {"fault=refuse,op=0x1009", READ_SIZE, 12, 0, RECSIM_RESPONSE, RC_ACCESS_DENIED},
                {"fault=refuse,op=0x1009,value=0x2002", READ_SIZE, 12, 0, RECSIM_RESPONSE, RC_GENERAL_ERROR},
                {"fault=stale,op=0x1009", READ_SIZE, 12, 0, RECSIM_RESPONSE, RC_OK},
                {"fault=garbage,op=0x1009", READ_SIZE, 44, 0, 0, 0},
                {"fault=delay,op=0x1009,value=100000", READ_SIZE, 0, -EAGAIN, 0, 0},
                {"fault=endless-data,op=0x1009", READ_SIZE, READ_SIZE, 0, RECSIM_DATA, OP_GET_OBJECT},
};

START_TEST(test_strike)
{
        plug(strikes[_i].fault);
        sim->session = 1; /* the fault is for GetObject */
        SEND(OP_GET_OBJECT, HANDLE_A);
        reply_size = 0;
        ck_assert_int_eq(read_in(strikes[_i].want), strikes[_i].status);
        ck_assert_uint_eq(reply_size, strikes[_i].size);
        if (strikes[_i].type) {
                ck_assert_uint_eq(recsim_get_u16(reply + 4), strikes[_i].type);
                ck_assert_uint_eq(recsim_get_u16(reply + 6), strikes[_i].code);
        }
}
END_TEST

START_TEST(test_stall_and_recovery)
{
        const uint8_t status[8] = {0xA1, REQUEST_STATUS, 0, 0, 0, 0, 12, 0};
        uint8_t buf[12];

        plug("fault=stall,at=500,object=a.mp4");
        open_session();
        SEND(OP_GET_OBJECT, HANDLE_A);
        ck_assert_int_eq(read_in(READ_SIZE), -EPIPE);
        ck_assert_int_eq(read_in(READ_SIZE), -EPIPE);
        ck_assert_int_eq(send_command(OP_GET_STORAGE_IDS, NULL, 0), -EPIPE);
        ck_assert_int_eq(recsim_control(sim, status, buf), 12);
        ck_assert_uint_eq(recsim_get_u32(buf + 4), RECSIM_ENDPOINT_IN);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_IN);
        recsim_clear_halt(sim, RECSIM_ENDPOINT_OUT);
        ck_assert_int_eq(recsim_control(sim, status, buf), 4);
        SEND(OP_GET_OBJECT, HANDLE_A); /* once is once */
        ck_assert_uint_eq(data(), 1000);
        ck_assert_uint_eq(response(), RC_OK);
}
END_TEST

START_TEST(test_corrupt)
{
        plug("fault=corrupt,object=a.mp4,at=5 fault=corrupt,object=a.mp4,at=7,times=always");
        open_session();
        for (int again = 0; again < 2; again++) {
                SEND(OP_GET_OBJECT, HANDLE_A);
                ck_assert_uint_eq(data(), 1000);
                ck_assert_uint_eq(reply[RECSIM_HEADER + 4], 28);
                ck_assert_uint_eq(reply[RECSIM_HEADER + 5], again ? 35 : 35 ^ 0xFF);
                ck_assert_uint_eq(reply[RECSIM_HEADER + 7], 49 ^ 0xFF);
                ck_assert_uint_eq(response(), RC_OK);
        }
        /* A resumed read that does not touch the byte does not see it. */
        SEND(OP_GET_PARTIAL_OBJECT, HANDLE_A, 8, 100);
        ck_assert_uint_eq(data(), 100);
        ck_assert_uint_eq(reply[RECSIM_HEADER], 56);
}
END_TEST

START_TEST(test_busy_times)
{
        plug("fault=busy,op=0x1004,times=2");
        open_session();
        for (int i = 0; i < 2; i++) {
                SEND(OP_GET_STORAGE_IDS, 0);
                ck_assert_uint_eq(response(), RC_DEVICE_BUSY);
        }
        SEND(OP_GET_STORAGE_IDS, 0);
        ck_assert_uint_eq(data(), 8);
}
END_TEST

START_TEST(test_stale)
{
        plug("fault=stale,op=0x1004,value=3");
        open_session();
        SEND(OP_GET_STORAGE_IDS, 0);
        for (int i = 0; i < 3; i++)
                ck_assert_uint_eq(response(), 0);
        ck_assert_uint_eq(data(), 8);
        ck_assert_uint_eq(response(), RC_OK);
}
END_TEST

START_TEST(test_cancel)
{
        const uint8_t cancel[8] = {0x21, REQUEST_CANCEL, 0, 0, 0, 0, 6, 0};
        uint8_t buf[6] = {0};

        plug("fault=silence,op=0x1004");
        open_session();
        SEND(OP_GET_STORAGE_IDS, 0);
        ck_assert_int_eq(read_in(READ_SIZE), -EAGAIN);
        ck_assert_int_eq(recsim_control(sim, cancel, buf), 6);
        SEND(OP_GET_STORAGE_IDS, 0);
        ck_assert_uint_eq(data(), 8);
}
END_TEST

static const struct {
        const char *settings;
        uint32_t info;
        uint64_t list;
} sizes[] = {
                {"", 1000, 1000},
                {"fault=size,value=0", 0, 0},
                {"fault=size,value=0xffffffff", UINT32_MAX, UINT32_MAX},
                {"fault=info-size,value=999", 999, 1000},
                {"fault=list-size,value=1001", 1000, 1001},
                {"fault=size,object=c.jpg,value=1", 1000, 1000},
};

START_TEST(test_told_size)
{
        plug(sizes[_i].settings);
        open_session();
        SEND(OP_GET_OBJECT_INFO, HANDLE_A);
        (void)data();
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER + 8), sizes[_i].info);
        ck_assert_uint_eq(response(), RC_OK);
        SEND(OP_GET_OBJECT_PROP_LIST, HANDLE_A, 0, PROP_SIZE, 0, 0);
        ck_assert_uint_eq(data(), 4 + 8 + 8);
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER + 12), (uint32_t)sizes[_i].list);
}
END_TEST

START_TEST(test_listing)
{
        uint32_t handles[8];

        plug("");
        open_session();
        ck_assert_uint_eq(list(0, handles, 8), 4);
        ck_assert_uint_eq(list(RECSIM_ROOT, handles, 8), 3);
        ck_assert_uint_eq(handles[2], HANDLE_SUB);
        ck_assert_uint_eq(list(HANDLE_SUB, handles, 8), 1);
        ck_assert_uint_eq(handles[0], HANDLE_C);
        SEND(OP_GET_OBJECT_HANDLES, RECSIM_ALL, 0, HANDLE_A);
        ck_assert_uint_eq(response(), RC_INVALID_PARENT);
        SEND(OP_GET_OBJECT_PROP_LIST, RECSIM_ALL, 0, PROP_PARENT, 0, 0);
        (void)data();
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER), 4);
        ck_assert_uint_eq(response(), RC_OK);
        SEND(OP_GET_OBJECT_PROP_LIST, 0, 0, PROP_PARENT, 0, 1);
        (void)data();
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER), 3);
}
END_TEST

START_TEST(test_broken_listing)
{
        uint32_t handles[8], inner[2];

        plug("fault=unknown-handles fault=list-omits,object=a.mp4");
        open_session();
        ck_assert_uint_eq(list(RECSIM_ROOT, handles, 8), 6);
        SEND(OP_GET_OBJECT_INFO, handles[5]);
        ck_assert_uint_eq(response(), RC_INVALID_HANDLE);
        SEND(OP_GET_OBJECT_PROP_LIST, RECSIM_ALL, 0, PROP_PARENT, 0, 0);
        (void)data();
        ck_assert_uint_eq(recsim_get_u32(reply + RECSIM_HEADER), 3);

        plug("fault=cyclic");
        open_session();
        ck_assert_uint_eq(list(RECSIM_ROOT, handles, 8), 5);
        ck_assert_uint_eq(list(handles[3], inner, 2), 1); /* a folder within itself */
        ck_assert_uint_eq(inner[0], handles[3]);
        ck_assert_uint_eq(list(handles[4], inner, 2), 1); /* and two within each other */
        ck_assert_uint_eq(list(inner[0], inner, 2), 1);
        ck_assert_uint_eq(inner[0], handles[4]);

        plug("fault=endless-listing");
        open_session();
        ck_assert_uint_eq(list(RECSIM_ROOT, handles, 8), 4);
        inner[0] = handles[3];
        for (int i = 0; i < 1000; i++)
                ck_assert_uint_eq(list(inner[0], inner, 2), 1);
}
END_TEST

START_TEST(test_hostile_names)
{
        uint32_t handles[64];
        uint32_t n;
        bool full = false, slash = false;

        plug("fault=hostile-names");
        open_session();
        n = list(RECSIM_ROOT, handles, 64);
        ck_assert_uint_gt(n, 10);
        for (uint32_t i = 3; i < n; i++) {
                const uint8_t *name = reply + RECSIM_HEADER;

                SEND(OP_GET_OBJECT_PROP_VALUE, handles[i], PROP_FILE_NAME);
                (void)data();
                full |= name[0] == 255 && recsim_get_u16(name + 1 + 2 * 254) == 'A';
                slash |= name[0] == 12 && name[1 + 2 * 2] == '/';
                ck_assert_uint_eq(response(), RC_OK);
        }
        ck_assert(full);
        ck_assert(slash);
}
END_TEST

START_TEST(test_delete)
{
        char path[128];

        plug("fault=delete-lies,object=a.mp4,times=1");
        open_session();
        (void)snprintf(path, sizeof(path), "%s/a.mp4", root);
        SEND(OP_DELETE_OBJECT, HANDLE_C);
        ck_assert_uint_eq(response(), RC_WRITE_PROTECTED);
        SEND(OP_DELETE_OBJECT, HANDLE_A);
        ck_assert_uint_eq(response(), RC_OK);
        ck_assert_int_eq(access(path, F_OK), 0);
        SEND(OP_DELETE_OBJECT, HANDLE_A);
        ck_assert_uint_eq(response(), RC_OK);
        ck_assert_int_lt(access(path, F_OK), 0);
        SEND(OP_GET_OBJECT, HANDLE_A);
        ck_assert_uint_eq(response(), RC_INVALID_HANDLE);
        file_make("a.mp4", 1000, 0644);
}
END_TEST

/* Seconds the recorder's clock is ahead. */
static int64_t clock_read(void)
{
        struct tm tm = {.tm_isdst = -1};
        char text[64];

        SEND(OP_GET_DEVICE_PROP_VALUE, DEVICE_DATE_TIME);
        ck_assert(recsim_get_ascii(reply + RECSIM_HEADER, data(), text, sizeof(text)));
        ck_assert_uint_eq(response(), RC_OK);
        ck_assert_ptr_nonnull(strptime(text, "%Y%m%dT%H%M%S", &tm));
        return (int64_t)mktime(&tm) - time(NULL);
}

static uint16_t clock_write(const char *text)
{
        struct recsim_buffer b = {0};

        SEND(OP_SET_DEVICE_PROP_VALUE, DEVICE_DATE_TIME);
        ck_assert_int_eq(read_in(READ_SIZE), -EAGAIN);
        recsim_put_u32(&b, (uint32_t)(RECSIM_HEADER + 1 + 2 * (strlen(text) + 1)));
        recsim_put_u16(&b, RECSIM_DATA);
        recsim_put_u16(&b, OP_SET_DEVICE_PROP_VALUE);
        recsim_put_u32(&b, transaction);
        recsim_put_text(&b, text);
        /* In two pieces, as some hosts send it. */
        ck_assert_int_eq(recsim_bulk_out(sim, b.data, RECSIM_HEADER), 0);
        ck_assert_int_eq(recsim_bulk_out(sim, b.data + RECSIM_HEADER, b.size - RECSIM_HEADER), 0);
        recsim_buffer_clear(&b);
        return response();
}

START_TEST(test_clock)
{
        plug("clock=780");
        open_session();
        ck_assert_int_ge(clock_read(), 779);
        ck_assert_int_le(clock_read(), 781);
        ck_assert_uint_eq(clock_write("20200101T000000"), RC_OK);
        ck_assert_int_lt(clock_read(), -86400LL * 365);
        ck_assert_uint_eq(clock_write("yesterday"), RC_INVALID_PROP_FORMAT);

        plug("clock=780 fault=clock-stuck");
        open_session();
        ck_assert_uint_eq(clock_write("20200101T000000"), RC_OK);
        ck_assert_int_ge(clock_read(), 779);

        plug("fault=clock-back");
        open_session();
        ck_assert_int_lt(clock_read(), -3500);
        ck_assert_int_lt(clock_read(), -7100);
}
END_TEST

START_TEST(test_lock)
{
        char why[RECSIM_WHY_MAX];
        uint8_t event[24];

        plug("locked=yes");
        open_session();
        SEND(OP_GET_STORAGE_IDS, 0);
        ck_assert_uint_eq(data(), 4);
        ck_assert_uint_eq(response(), RC_OK);
        ck_assert_uint_eq(recsim_interrupt_in(sim, event, sizeof(event)), 0);
        ck_assert_int_eq(recsim_set(sim, "locked", "no", why), 0);
        ck_assert_uint_eq(recsim_interrupt_in(sim, event, sizeof(event)), 16);
        ck_assert_uint_eq(recsim_get_u16(event + 6), EVENT_STORE_ADDED);
        SEND(OP_GET_STORAGE_IDS, 0);
        ck_assert_uint_eq(data(), 8);
}
END_TEST

START_TEST(test_offered)
{
        plug("proplist=no partial=no partial64=no");
        open_session();
        SEND(OP_GET_PARTIAL_OBJECT, HANDLE_A, 0, 10);
        ck_assert_uint_eq(response(), RC_OPERATION_NOT_SUPPORTED);
        SEND(OP_GET_PARTIAL_OBJECT_64, HANDLE_A, 0, 0, 10);
        ck_assert_uint_eq(response(), RC_OPERATION_NOT_SUPPORTED);
        SEND(OP_GET_OBJECT_PROP_LIST, RECSIM_ALL, 0, RECSIM_ALL, 0, 0);
        ck_assert_uint_eq(response(), RC_OPERATION_NOT_SUPPORTED);
        SEND(OP_GET_THUMB, HANDLE_A);
        ck_assert_uint_eq(response(), RC_NO_THUMBNAIL);
        SEND(0x9999, 0);
        ck_assert_uint_eq(response(), RC_OPERATION_NOT_SUPPORTED);
        SEND(OP_CLOSE_SESSION, 0);
        ck_assert_uint_eq(response(), RC_OK);
        SEND(OP_GET_OBJECT, HANDLE_A);
        ck_assert_uint_eq(response(), RC_SESSION_NOT_OPEN);
}
END_TEST

START_TEST(test_rate)
{
        plug("rate=1000000");
        open_session();
        ck_assert_int_eq(read_in(READ_SIZE), -EAGAIN); /* nothing asked */
        while (recsim_now() < sim->pipe.pace)
                ;
        SEND(OP_GET_PARTIAL_OBJECT, HANDLE_B, 0, 1000000);
        ck_assert_int_eq(read_in(READ_SIZE), 0);
        ck_assert_int_eq(read_in(READ_SIZE), -EAGAIN);
        ck_assert_int_gt(recsim_wakeup(sim), recsim_now() + 10000);
}
END_TEST

START_TEST(test_figures)
{
        _cleanup_free_ char *json = NULL;

        plug("fault=busy,op=0x1009");
        open_session();
        SEND(OP_GET_OBJECT, HANDLE_A);
        ck_assert_uint_eq(response(), RC_DEVICE_BUSY);
        SEND(OP_GET_PARTIAL_OBJECT, HANDLE_A, 900, 100);
        ck_assert_uint_eq(data(), 100);
        json = recsim_stats_json(sim);
        ck_assert_ptr_nonnull(strstr(json, "\"0x1009\":1"));
        ck_assert_ptr_nonnull(strstr(json, "\"objects\":{\"a.mp4\":100}"));
        ck_assert_ptr_nonnull(strstr(json, "\"faults\":{\"busy\":1}"));
        ck_assert_ptr_nonnull(strstr(json, "\"65536\":3"));
}
END_TEST

static const struct {
        const char *text;
        const char *why; /* NULL: good */
} fault_texts[] = {
                {"stall", NULL},
                {"corrupt,object=dir/c.jpg,at=0x10,times=always", NULL},
                {"", "no such kind"},
                {"stal", "'stal'"},
                {"stall,at", "'at': expected key=value"},
                {"stall,at=-1", "at='-1'"},
                {"stall,at=1x", "at='1x'"},
                {"stall,op=0x10000", "up to 65535"},
                {"stall,often=3", "'often'"},
                {"stall,times=never", "times='never'"},
};

START_TEST(test_fault_text)
{
        struct recsim_fault f;
        char why[RECSIM_WHY_MAX] = "";
        int r = recsim_fault_parse(fault_texts[_i].text, &f, why);

        ck_assert_int_eq(r, fault_texts[_i].why ? -EINVAL : 0);
        if (fault_texts[_i].why)
                ck_assert_msg(strstr(why, fault_texts[_i].why), "%s", why);
}
END_TEST

static const struct {
        const char *key;
        const char *value;
        int result;
} profile_texts[] = {
                {"battery", "50", 0},      {"battery", "256", -EINVAL}, {"battery", "", -EINVAL},
                {"clock", "-60", 0},       {"clock", "+60", 0},         {"clock", "soon", -EINVAL},
                {"speed", "super", 0},     {"speed", "fast", -EINVAL},  {"class", "vendor", 0},
                {"class", "8", -EINVAL},   {"split", "yes", 0},         {"split", "maybe", -EINVAL},
                {"synth", "3x100", 0},     {"synth", "3", -EINVAL},     {"vid", "0x4255", 0},
                {"vid", "70000", -EINVAL}, {"colour", "red", -ENOENT},
};

START_TEST(test_profile_text)
{
        struct recsim_profile p;
        char why[RECSIM_WHY_MAX] = "";

        recsim_profile_init(&p);
        ck_assert_int_eq(recsim_profile_set(&p, profile_texts[_i].key, profile_texts[_i].value, why),
                         profile_texts[_i].result);
        ck_assert_int_eq(*why != '\0', profile_texts[_i].result != 0);
}
END_TEST

static Suite *recsim_suite(void)
{
        Suite *suite = suite_create("recsim");
        TCase *c = tcase_create("recsim");

        tcase_add_unchecked_fixture(c, folder_setup, folder_teardown);
        tcase_add_checked_fixture(c, NULL, sim_teardown);
        tcase_add_loop_test(c, test_transfer_end, 0, ELEMENTSOF(links));
        tcase_add_test(c, test_no_empty_packet);
        tcase_add_test(c, test_split);
        tcase_add_test(c, test_overflow);
        tcase_add_test(c, test_beyond_four_gib);
        tcase_add_loop_test(c, test_strike, 0, ELEMENTSOF(strikes));
        tcase_add_test(c, test_stall_and_recovery);
        tcase_add_test(c, test_corrupt);
        tcase_add_test(c, test_busy_times);
        tcase_add_test(c, test_stale);
        tcase_add_test(c, test_cancel);
        tcase_add_loop_test(c, test_told_size, 0, ELEMENTSOF(sizes));
        tcase_add_test(c, test_listing);
        tcase_add_test(c, test_broken_listing);
        tcase_add_test(c, test_hostile_names);
        tcase_add_test(c, test_delete);
        tcase_add_test(c, test_clock);
        tcase_add_test(c, test_lock);
        tcase_add_test(c, test_offered);
        tcase_add_test(c, test_rate);
        tcase_add_test(c, test_figures);
        tcase_add_loop_test(c, test_fault_text, 0, ELEMENTSOF(fault_texts));
        tcase_add_loop_test(c, test_profile_text, 0, ELEMENTSOF(profile_texts));
        suite_add_tcase(suite, c);
        return suite;
}

int main(void)
{
        SRunner *runner = srunner_create(recsim_suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
