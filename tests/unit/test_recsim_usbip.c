// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recsim-usbip, seen from a USB/IP importer: the lists, an import, transfers in both directions, an unlinked
 * read, a recorder that vanishes. The importer here is written from the kernel's description of the
 * protocol.
 */

#include "recsim_buffer.h"
#include "recsim_codes.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define FILE_SIZE 300000
#define HANDLE    1

static char folder[] = "/tmp/test_recsim_usbip.XXXXXX";
static pid_t server;
static uint16_t port;
static int link_fd = -EBADF;
static uint32_t seqnum;

static uint8_t content(size_t i)
{
        return (uint8_t)(i * 31 + (i >> 8));
}

static void file_make(void)
{
        char path[64];
        FILE *f;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(path, sizeof(path), "%s/a.mp4", folder);
        f = fopen(path, "we");
        ck_assert_ptr_nonnull(f);
        for (size_t i = 0; i < FILE_SIZE; i++)
                (void)fputc(content(i), f);
        ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
        char first[128], second[128], third[192], line[32] = "";
        int out[2];
        FILE *f;

        file_make();
        (void)snprintf(first, sizeof(first), "a dir=%s vid=0x18d1 pid=0x4ee1 speed=super", folder);
        (void)snprintf(second, sizeof(second), "b dir=%s class=vendor fault=vanish,op=0x1009,at=1000",
                       folder);
        (void)snprintf(third, sizeof(third), "c disk=%s/a.mp4 beside=keyboard fault=silence,op=0x12",
                       folder);
        ck_assert_int_eq(pipe(out), 0);
        server = fork();
        if (server == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)dup2(out[1], STDOUT_FILENO);
                (void)execl(RECSIM_USBIP_PATH, "recsim-usbip", "--port", "0", first, second, third,
                            (char *)NULL);
                _exit(127);
        }
        (void)close(out[1]);
        f = fdopen(out[0], "re");
        ck_assert_ptr_nonnull(f);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        ck_assert_int_eq(strncmp(line, "port ", 5), 0);
        port = (uint16_t)strtoul(line + 5, NULL, 10);
        (void)fclose(f);
}

static void teardown(void)
{
        char path[64];

        (void)kill(server, SIGTERM);
        (void)waitpid(server, NULL, 0);
        (void)snprintf(path, sizeof(path), "%s/a.mp4", folder);
        (void)remove(path);
        (void)remove(folder);
}

static void link_open(void)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
        struct timeval bound = {.tv_sec = 10};

        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        link_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(link_fd, 0);
        ck_assert_int_eq(setsockopt(link_fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound)), 0);
        ck_assert_int_eq(connect(link_fd, (const struct sockaddr *)&a, sizeof(a)), 0);
}

static void link_close(void)
{
        link_fd = fd_close(link_fd);
}

static void link_send(const void *data, size_t n)
{
        ck_assert_int_eq(send(link_fd, data, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void link_receive(void *data, size_t n)
{
        ck_assert_int_eq(recv(link_fd, data, n, MSG_WAITALL), (ssize_t)n);
}

static uint32_t be32(const uint8_t *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t be16(const uint8_t *p)
{
        return (uint16_t)(p[0] << 8 | p[1]);
}

/* The status of the reply. */
static uint32_t import(const char *busid)
{
        uint8_t request[40] = {0x01, 0x11, 0x80, 0x03};
        uint8_t reply[8];
        uint8_t device[312];

        (void)snprintf((char *)request + 8, sizeof(request) - 8, "%s", busid);
        link_open();
        link_send(request, sizeof(request));
        link_receive(reply, sizeof(reply));
        ck_assert_uint_eq(be16(reply + 2), 0x0003);
        if (be32(reply + 4) == 0) {
                link_receive(device, sizeof(device));
                ck_assert_str_eq((const char *)device + 256, busid);
        }
        return be32(reply + 4);
}

static uint32_t submit(uint32_t endpoint, bool in, const uint8_t *setup_packet, const void *data,
                       uint32_t size)
{
        const uint32_t fields[10] = {htonl(1), htonl(++seqnum), 0, htonl(in), htonl(endpoint),
                                     0,        htonl(size),     0, 0,         0};
        uint8_t message[48] = {0};

        memcpy(message, fields, sizeof(fields));
        if (setup_packet)
                memcpy(message + 40, setup_packet, 8);
        link_send(message, sizeof(message));
        if (!in && size > 0)
                link_send(data, size);
        return seqnum;
}

/* Waits for the return of a submit: its status, and the bytes of a read. */
static int returned(uint32_t wanted, bool in, uint8_t *data, uint32_t *ret_actual)
{
        uint8_t message[48];

        link_receive(message, sizeof(message));
        ck_assert_uint_eq(be32(message), 3);
        ck_assert_uint_eq(be32(message + 4), wanted);
        *ret_actual = be32(message + 24);
        if (in && *ret_actual > 0)
                link_receive(data, *ret_actual);
        return (int)be32(message + 20);
}

static void command(uint16_t op, uint32_t transaction, uint32_t param)
{
        struct recsim_buffer b = {0};
        uint32_t actual = 0;

        recsim_put_u32(&b, RECSIM_HEADER + 4);
        recsim_put_u16(&b, RECSIM_COMMAND);
        recsim_put_u16(&b, op);
        recsim_put_u32(&b, transaction);
        recsim_put_u32(&b, param);
        ck_assert_int_eq(returned(submit(2, false, NULL, b.data, (uint32_t)b.size), false, NULL, &actual),
                         0);
        ck_assert_uint_eq(actual, b.size);
        recsim_buffer_clear(&b);
}

static void open_session(void)
{
        uint8_t buf[1024];
        uint32_t actual = 0;

        command(OP_OPEN_SESSION, 0, 1);
        ck_assert_int_eq(returned(submit(1, true, NULL, NULL, sizeof(buf)), true, buf, &actual), 0);
        ck_assert_uint_eq(recsim_get_u16(buf + 6), RC_OK);
}

START_TEST(test_list)
{
        const uint8_t request[8] = {0x01, 0x11, 0x80, 0x05};
        uint8_t reply[12], device[312], interface[4];

        link_open();
        link_send(request, sizeof(request));
        link_receive(reply, sizeof(reply));
        ck_assert_uint_eq(be16(reply + 2), 0x0005);
        ck_assert_uint_eq(be32(reply + 8), 3);
        link_receive(device, sizeof(device));
        ck_assert_str_eq((const char *)device + 256, "1-1");
        ck_assert_uint_eq(be32(device + 296), 5);
        ck_assert_uint_eq(be16(device + 300), 0x18d1);
        ck_assert_uint_eq(be16(device + 302), 0x4ee1);
        ck_assert_uint_eq(device[311], 1);
        link_receive(interface, sizeof(interface));
        ck_assert_uint_eq(interface[0], 6);
        link_receive(device, sizeof(device));
        ck_assert_str_eq((const char *)device + 256, "1-2");
        link_receive(interface, sizeof(interface));
        ck_assert_uint_eq(interface[0], 0xFF);
        link_receive(device, sizeof(device));
        ck_assert_str_eq((const char *)device + 256, "1-3");
        ck_assert_uint_eq(device[311], 2);
        link_receive(interface, sizeof(interface));
        ck_assert_mem_eq(interface, ((const uint8_t[]){8, 6, 0x50, 0}), 4);
        link_receive(interface, sizeof(interface));
        ck_assert_mem_eq(interface, ((const uint8_t[]){3, 1, 1, 0}), 4);
        link_close();
}
END_TEST

START_TEST(test_import_refused)
{
        int first;

        ck_assert_uint_eq(import("9-9"), 1);
        link_close();
        ck_assert_uint_eq(import("1-1"), 0);
        first = TAKE_FD(link_fd);
        ck_assert_uint_eq(import("1-1"), 1); /* taken */
        link_close();
        (void)close(first);
}
END_TEST

START_TEST(test_descriptor)
{
        const uint8_t get[8] = {0x80, 6, 0, 1, 0, 0, 64, 0};
        const uint8_t unknown[8] = {0x80, 6, 0, 9, 0, 0, 64, 0};
        uint8_t buf[64];
        uint32_t actual = 0;

        ck_assert_uint_eq(import("1-1"), 0);
        ck_assert_int_eq(returned(submit(0, true, get, NULL, 64), true, buf, &actual), 0);
        ck_assert_uint_eq(actual, 18);
        ck_assert_uint_eq(recsim_get_u16(buf + 8), 0x18d1);
        ck_assert_int_eq(returned(submit(0, true, unknown, NULL, 64), true, buf, &actual), -EPIPE);
        link_close();
}
END_TEST

START_TEST(test_object)
{
        _cleanup_free_ uint8_t *buf = recsim_alloc(131072);
        uint32_t reads[4];
        size_t total = 0;
        uint32_t actual = 0;

        ck_assert_uint_eq(import("1-1"), 0);
        open_session();
        for (size_t i = 0; i < ELEMENTSOF(reads); i++) /* all under way before the command is sent */
                reads[i] = submit(1, true, NULL, NULL, 131072);
        submit(2, false, NULL, (const uint8_t[]){16, 0, 0, 0, 1, 0, 0x09, 0x10, 1, 0, 0, 0, HANDLE, 0, 0, 0},
               16);
        ck_assert_int_eq(returned(seqnum, false, NULL, &actual), 0);
        for (size_t i = 0; i < 3; i++) {
                ck_assert_int_eq(returned(reads[i], true, buf, &actual), 0);
                for (size_t k = i == 0 ? RECSIM_HEADER : 0; k < actual; k++)
                        ck_assert_uint_eq(buf[k], content(total + k - RECSIM_HEADER));
                total += actual;
        }
        ck_assert_uint_eq(total, FILE_SIZE + RECSIM_HEADER);
        ck_assert_int_eq(returned(reads[3], true, buf, &actual), 0);
        ck_assert_uint_eq(recsim_get_u16(buf + 6), RC_OK);
        link_close();
}
END_TEST

START_TEST(test_unlink)
{
        uint32_t fields[12] = {htonl(2), htonl(1000), 0, 0, 0, 0};
        uint8_t reply[48];
        int expected[] = {-ECONNRESET, 0}; /* found; then there is nothing left to unlink */

        ck_assert_uint_eq(import("1-1"), 0);
        fields[5] = htonl(submit(1, true, NULL, NULL, 512));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                link_send(fields, sizeof(fields));
                link_receive(reply, sizeof(reply));
                ck_assert_uint_eq(be32(reply), 4);
                ck_assert_uint_eq(be32(reply + 4), 1000);
                ck_assert_int_eq((int)be32(reply + 20), expected[i]);
        }
        link_close();
}
END_TEST

START_TEST(test_vanish)
{
        uint8_t buf[4096];
        uint32_t actual = 0;

        ck_assert_uint_eq(import("1-2"), 0);
        open_session();
        command(OP_GET_OBJECT, 1, HANDLE);
        ck_assert_int_eq(returned(submit(1, true, NULL, NULL, sizeof(buf)), true, buf, &actual), -ENODEV);
        ck_assert_uint_eq(actual, 1000 + RECSIM_HEADER);
        ck_assert_int_eq(recv(link_fd, buf, 1, 0), 0);
        link_close();
        ck_assert_uint_eq(import("1-2"), 1);
        link_close();
}
END_TEST

static uint32_t send_wrapper(uint8_t tag, uint8_t op, uint8_t lba, uint8_t sectors)
{
        const uint8_t cbw[31] = {'U', 'S', 'B',  'C',    tag, 0,  0, 0, 0, (uint8_t)(sectors * 2),
                                 0,   0,   0x80, 0,      10,  op, 0, 0, 0, 0,
                                 lba, 0,   0,    sectors};

        return submit(2, false, NULL, cbw, sizeof(cbw));
}

/* Everything of two reads is on its way before the first answer; the second wrapper is taken, and returned,
 * only behind the first status. */
START_TEST(test_disk)
{
        uint8_t buf[4096];
        uint32_t actual = 0;

        ck_assert_uint_eq(import("1-3"), 0);
        for (uint8_t i = 0; i < 2; i++) {
                uint32_t wrapper = send_wrapper((uint8_t)(7 + i), 0x28, (uint8_t)(40 * i), 4);
                uint32_t data = submit(1, true, NULL, NULL, 2048);
                uint32_t status = submit(1, true, NULL, NULL, 13);
                uint32_t early = i == 0 ? send_wrapper(8, 0x28, 40, 4) : 0;

                ck_assert_int_eq(returned(wrapper, false, NULL, &actual), 0);
                ck_assert_int_eq(returned(data, true, buf, &actual), 0);
                ck_assert_uint_eq(actual, 2048);
                for (size_t k = 0; k < actual; k++)
                        ck_assert_uint_eq(buf[k], content(i * 40 * 512u + k));
                ck_assert_int_eq(returned(status, true, buf, &actual), 0);
                ck_assert_mem_eq(buf, "USBS", 4);
                ck_assert_uint_eq(buf[4], 7 + i);
                if (early) {
                        ck_assert_int_eq(returned(early, false, NULL, &actual), 0);
                        ck_assert_int_eq(returned(submit(1, true, NULL, NULL, 2048), true, buf, &actual), 0);
                        ck_assert_int_eq(returned(submit(1, true, NULL, NULL, 13), true, buf, &actual), 0);
                        ck_assert_uint_eq(buf[4], 8);
                }
        }
        link_close();
}
END_TEST

/* A wrapper that is never taken can be unlinked. */
START_TEST(test_disk_silent)
{
        uint32_t fields[12] = {htonl(2), htonl(1000), 0, 0, 0, 0};
        uint8_t reply[48];
        uint32_t actual = 0;

        ck_assert_uint_eq(import("1-3"), 0);
        ck_assert_int_eq(returned(send_wrapper(1, 0x12, 0, 0), false, NULL, &actual), 0);
        fields[5] = htonl(send_wrapper(2, 0x28, 0, 1));
        link_send(fields, sizeof(fields));
        link_receive(reply, sizeof(reply));
        ck_assert_uint_eq(be32(reply), 4);
        ck_assert_int_eq((int)be32(reply + 20), -ECONNRESET);
        link_close();
}
END_TEST

static Suite *usbip_suite(void)
{
        Suite *suite = suite_create("recsim_usbip");
        TCase *c = tcase_create("usbip");

        tcase_add_unchecked_fixture(c, setup, teardown);
        tcase_add_test(c, test_list);
        tcase_add_test(c, test_import_refused);
        tcase_add_test(c, test_descriptor);
        tcase_add_test(c, test_object);
        tcase_add_test(c, test_unlink);
        tcase_add_test(c, test_vanish);
        tcase_add_test(c, test_disk);
        tcase_add_test(c, test_disk_silent);
        suite_add_tcase(suite, c);
        return suite;
}

int main(void)
{
        SRunner *runner = srunner_create(usbip_suite());
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
