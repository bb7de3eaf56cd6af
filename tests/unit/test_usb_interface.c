// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which interface is taken, by descriptors alone; and who is found to hold a node. */
#include "usb/usb_interface.h"

#include "base/cleanup.h"
#include "usb/usb_device.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

static const struct libusb_endpoint_descriptor all_endpoints[] = {
                {.bEndpointAddress = 0x81, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 512},
                {.bEndpointAddress = 0x02, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 256},
                {.bEndpointAddress = 0x83,
                 .bmAttributes = LIBUSB_TRANSFER_TYPE_INTERRUPT,
                 .wMaxPacketSize = 28},
};

static struct libusb_interface_descriptor alts[4];
static struct libusb_interface interfaces[4];
static struct libusb_config_descriptor config;

static void interface_add(uint8_t class, uint8_t subclass, uint8_t protocol, uint8_t text, uint8_t endpoints)
{
        uint8_t n = config.bNumInterfaces++;

        alts[n] = (struct libusb_interface_descriptor){
                        .bInterfaceNumber = n,
                        .bInterfaceClass = class,
                        .bInterfaceSubClass = subclass,
                        .bInterfaceProtocol = protocol,
                        .iInterface = text,
                        .bNumEndpoints = endpoints,
                        .endpoint = all_endpoints,
        };
        interfaces[n] = (struct libusb_interface){.altsetting = &alts[n], .num_altsetting = 1};
        config.interface = interfaces;
}

static void setup(void)
{
        config = (struct libusb_config_descriptor){0};
}

static bool names_mtp(void *userdata, uint8_t index)
{
        (void)userdata;
        return index == 5;
}

static int chosen(int wanted)
{
        struct usb_interface i;

        return usb_interface_choose(&config, wanted, names_mtp, NULL, &i) ? i.number : -1;
}

START_TEST(still_image_comes_first)
{
        struct usb_interface i;

        interface_add(255, 255, 0, 5, 3);
        interface_add(8, 6, 80, 0, 3);
        interface_add(6, 1, 1, 0, 3);
        ck_assert(usb_interface_choose(&config, -1, names_mtp, NULL, &i));
        ck_assert_uint_eq(i.number, 2);
        ck_assert_uint_eq(i.bulk_in, 0x81);
        ck_assert_uint_eq(i.bulk_out, 0x02);
        ck_assert_uint_eq(i.interrupt_in, 0x83);
        ck_assert_uint_eq(i.packet_in, 512);
        ck_assert_uint_eq(i.packet_out, 256);
}
END_TEST

START_TEST(vendor_interface_that_says_mtp)
{
        interface_add(255, 255, 0, 4, 3);
        interface_add(255, 66, 1, 5, 3); /* adb */
        interface_add(255, 255, 0, 5, 3);
        ck_assert_int_eq(chosen(-1), 2);
}
END_TEST

START_TEST(nothing_that_fits)
{
        interface_add(8, 6, 80, 5, 3);
        interface_add(255, 255, 0, 4, 3);
        ck_assert_int_eq(chosen(-1), -1);
}
END_TEST

START_TEST(an_interface_without_both_pipes)
{
        interface_add(6, 1, 1, 0, 1);
        ck_assert_int_eq(chosen(-1), -1);
        ck_assert_int_eq(chosen(0), -1);
}
END_TEST

START_TEST(the_one_that_is_wanted)
{
        interface_add(6, 1, 1, 0, 3);
        interface_add(255, 1, 1, 0, 3);
        ck_assert_int_eq(chosen(1), 1);
        ck_assert_int_eq(chosen(7), -1);
}
END_TEST

/* --- disks --- */

static int disk(int wanted)
{
        struct usb_interface i;

        return usb_interface_choose_storage(&config, wanted, &i) ? i.number : -1;
}

START_TEST(a_disk_is_bulk_only_scsi)
{
        interface_add(8, 6, 0, 0, 3);  /* control, bulk and interrupt */
        interface_add(8, 4, 80, 0, 3); /* a floppy drive */
        interface_add(8, 6, 80, 0, 1); /* without bulk OUT */
        interface_add(8, 6, 80, 0, 2);
        ck_assert_int_eq(disk(-1), 3);
        ck_assert_int_eq(disk(3), 3);
        ck_assert_int_eq(disk(0), -1);
        ck_assert_int_eq(disk(1), -1);
        ck_assert_int_eq(disk(2), -1);
}
END_TEST

START_TEST(a_disk_is_no_ptp_and_the_other_way_round)
{
        interface_add(6, 1, 1, 0, 3);
        ck_assert_int_eq(disk(-1), -1);
        interface_add(8, 6, 80, 0, 3);
        ck_assert_int_eq(disk(-1), 1);
        ck_assert_int_eq(chosen(-1), 0);
}
END_TEST

/* USB attached SCSI before or behind the setting of Bulk-Only Transport. */
START_TEST(uas_is_left_for_bulk_only)
{
        struct libusb_interface_descriptor both[2];
        struct usb_interface i;

        interface_add(3, 1, 1, 0, 1);
        interface_add(8, 6, 98, 0, 3);
        ck_assert_int_eq(disk(-1), -1);
        both[0] = both[1] = alts[1];
        both[_i].bInterfaceProtocol = 80;
        both[1].bAlternateSetting = 1;
        interfaces[1] = (struct libusb_interface){.altsetting = both, .num_altsetting = 2};
        ck_assert(usb_interface_choose_storage(&config, -1, &i));
        ck_assert_uint_eq(i.number, 1);
        ck_assert_uint_eq(i.alternate, (uint8_t)_i);
        ck_assert(i.alternates);
}
END_TEST

START_TEST(what_a_disk_is_besides)
{
        struct usb_function others[USB_FUNCTIONS_MAX];

        interface_add(8, 6, 80, 0, 3);
        ck_assert_uint_eq(usb_interface_others(&config, 0, others), 0);
        interface_add(3, 1, 1, 0, 1);
        interface_add(2, 6, 0, 0, 1);
        ck_assert_uint_eq(usb_interface_others(&config, 0, others), 2);
        ck_assert_uint_eq(others[0].interface_class, 3);
        ck_assert_uint_eq(others[0].subclass, 1);
        ck_assert_uint_eq(others[0].protocol, 1);
        ck_assert_uint_eq(others[1].interface_class, 2);
}
END_TEST

/* A setting that is only selected later counts too, and more of them than there is room for are counted. */
START_TEST(besides_in_every_setting)
{
        static struct libusb_interface_descriptor many[USB_FUNCTIONS_MAX + 5];
        struct usb_function others[USB_FUNCTIONS_MAX];

        interface_add(8, 6, 80, 0, 3);
        interface_add(255, 0, 0, 0, 0);
        for (size_t n = 0; n < ELEMENTSOF(many); n++)
                many[n] = (struct libusb_interface_descriptor){.bInterfaceNumber = 1, .bInterfaceClass = 3};
        interfaces[1] = (struct libusb_interface){.altsetting = many, .num_altsetting = ELEMENTSOF(many)};
        ck_assert_uint_eq(usb_interface_others(&config, 0, others), USB_FUNCTIONS_MAX + 5);
        ck_assert_uint_eq(others[USB_FUNCTIONS_MAX - 1].interface_class, 3);
}
END_TEST

START_TEST(no_packet_size)
{
        static const struct libusb_endpoint_descriptor empty[] = {
                        {.bEndpointAddress = 0x81, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK},
                        {.bEndpointAddress = 0x02, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK},
        };

        interface_add(6, 1, 1, 0, 2);
        alts[0].endpoint = empty;
        ck_assert_int_eq(chosen(-1), -1);
}
END_TEST

static bool once_more(void *userdata)
{
        unsigned int *looks = userdata;

        return ++*looks > 1;
}

/* Somebody else works with the device, such as recdock-clear: nothing of it is touched before he ends. */
START_TEST(locked_node_is_waited_for)
{
        char node[] = "/tmp/recdock-node-XXXXXX";
        _cleanup_close_ int fd = mkostemp(node, O_CLOEXEC);
        unsigned int looks = 0;
        struct usb_device_open how = {
                        .node = node, .interface = -1, .cancelled = once_more, .userdata = &looks};
        struct usb_device *d = NULL;
        int r;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(flock(fd, LOCK_EX), 0);
        ck_assert_int_eq(usb_device_open(&d, &how), USB_CANCELLED);
        ck_assert_uint_eq(looks, 2);
        ck_assert_int_eq(flock(fd, LOCK_UN), 0);
        looks = 0;
        r = usb_device_open(&d, &how);
        ck_assert_int_ne(r, USB_OK); /* it is no device */
        ck_assert_int_ne(r, USB_CANCELLED);
        ck_assert_uint_eq(looks, 0);
        ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0); /* it is left unlocked */
        ck_assert_int_eq(unlink(node), 0);
}
END_TEST

START_TEST(holder_is_found)
{
        char node[] = "/tmp/recdock-node-XXXXXX";
        _cleanup_close_ int fd = mkostemp(node, O_CLOEXEC);
        struct usb_holder holder;
        int ready[2], done[2];
        char c = 0;
        pid_t pid;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pipe(ready), 0);
        ck_assert_int_eq(pipe(done), 0);
        ck_assert_int_eq(usb_node_holder(node, &holder), 0);
        ck_assert_int_eq(holder.pid, 0); /* ourselves do not count */
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)!write(ready[1], "x", 1);
                (void)close(done[1]);
                (void)!read(done[0], &c, 1);
                _exit(0);
        }
        ck_assert_int_eq(read(ready[0], &c, 1), 1);
        ck_assert_int_eq(usb_node_holder(node, &holder), 0);
        ck_assert_int_eq(holder.pid, pid);
        ck_assert_str_ne(holder.name, "");
        (void)close(done[0]);
        (void)close(done[1]);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        (void)unlink(node);
        ck_assert_int_eq(usb_node_holder(node, &holder), -ENOENT);
}
END_TEST

START_TEST(a_node_that_is_not_there)
{
        struct usb_device_open how = {.node = "/dev/bus/usb/999/999", .interface = -1};
        struct usb_device *d = NULL;

        ck_assert_int_eq(usb_device_open(&d, &how), USB_GONE);
        ck_assert_ptr_null(d);
}
END_TEST

START_TEST(a_node_that_is_no_device)
{
        struct usb_device_open how = {.node = "/dev/null", .interface = -1};
        struct usb_device *d = NULL;

        ck_assert_int_ne(usb_device_open(&d, &how), USB_OK);
        ck_assert_ptr_null(d);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("usb_interface");
        TCase *c = tcase_create("choice");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(c, setup, NULL);
        tcase_add_test(c, still_image_comes_first);
        tcase_add_test(c, vendor_interface_that_says_mtp);
        tcase_add_test(c, nothing_that_fits);
        tcase_add_test(c, an_interface_without_both_pipes);
        tcase_add_test(c, the_one_that_is_wanted);
        tcase_add_test(c, no_packet_size);
        tcase_add_test(c, a_disk_is_bulk_only_scsi);
        tcase_add_test(c, a_disk_is_no_ptp_and_the_other_way_round);
        tcase_add_loop_test(c, uas_is_left_for_bulk_only, 0, 2);
        tcase_add_test(c, what_a_disk_is_besides);
        tcase_add_test(c, besides_in_every_setting);
        tcase_add_test(c, locked_node_is_waited_for);
        tcase_add_test(c, holder_is_found);
        tcase_add_test(c, a_node_that_is_not_there);
        tcase_add_test(c, a_node_that_is_no_device);
        suite_add_tcase(s, c);
        runner = srunner_create(s);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
