// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The test bed: which recorders are plugged where, and what sysfs and udev say of them. Hubs are made along
 * the port path, so that "3-1.4" looks as it does behind a real hub. A recorder that left the bus is kept
 * until its name is used again: its figures are what tests ask for last.
 */

#include "recsim_umockdev.h"

#include "recsim_buffer.h"
#include "recsim_node.h"

#include "base/text.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#define BUSES_MAX  16
#define CONTROLLER "/devices/pci0000:00/0000:00:14.0"

struct recsim_device {
        struct recsim_device *next;
        char name[RECSIM_NAME_MAX];
        char port[32];
        char node_path[64]; /* "/dev/bus/usb/003/007" */
        char syspath[320];  /* "/sys/devices/…/3-1.4" */
        struct recsim *sim;
        struct recsim_node *node;
        unsigned int n_interfaces;
        bool plugged;
        bool replaced; /* the name has been used again */
};

struct recsim_testbed {
        UMockdevTestbed *umockdev;
        char *root;
        int vanished; /* eventfd */
        unsigned int next_address[BUSES_MAX + 1];
        struct recsim_device *devices;
};

int recsim_testbed_new(struct recsim_testbed **ret)
{
        struct recsim_testbed *b = recsim_alloc(sizeof(*b));

        b->vanished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (b->vanished < 0) {
                free(b);
                return -errno;
        }
        b->umockdev = umockdev_testbed_new();
        b->root = umockdev_testbed_get_root_dir(b->umockdev);
        /* A worker that has given up root must still find its node. */
        (void)chmod(b->root, 01777);
        *ret = b;
        return 0;
}

void recsim_testbed_free(struct recsim_testbed *b)
{
        if (!b)
                return;
        for (struct recsim_device *d = b->devices; d; d = d->next) {
                if (d->plugged)
                        (void)recsim_testbed_unplug(b, d);
        }
        g_object_unref(b->umockdev);
        while (b->devices) {
                struct recsim_device *d = b->devices;

                b->devices = d->next;
                recsim_node_free(d->node);
                recsim_free(d->sim);
                free(d);
        }
        b->vanished = fd_close(b->vanished);
        g_free(b->root);
        free(b);
}

const char *recsim_testbed_root(const struct recsim_testbed *b)
{
        return b->root;
}

int recsim_testbed_fd(const struct recsim_testbed *b)
{
        return b->vanished;
}

/* --- sysfs ------------------------------------------------------------------------------------------------
 */

static void put_hex(GString *s, const char *name, const uint8_t *bytes, size_t n)
{
        g_string_append_printf(s, "H: %s=", name);
        for (size_t i = 0; i < n; i++)
                g_string_append_printf(s, "%02X", bytes[i]);
        g_string_append_c(s, '\n');
}

static const char *speed_text(uint64_t speed)
{
        return speed == RECSIM_SUPER ? "5000" : speed == RECSIM_HIGH ? "480" : "12";
}

/* The part that every USB device has. */
static void put_usb_device(GString *s, const char *devpath, unsigned int bus, unsigned int address,
                           uint64_t speed)
{
        g_string_append_printf(s, "P: %s\n", devpath);
        g_string_append_printf(s, "E: DEVNAME=/dev/bus/usb/%03u/%03u\n", bus, address);
        g_string_append_printf(s, "E: BUSNUM=%03u\nE: DEVNUM=%03u\n", bus, address);
        g_string_append_printf(s, "E: MAJOR=189\nE: MINOR=%u\n", (bus - 1) * 128 + address - 1);
        g_string_append(s, "E: DEVTYPE=usb_device\nE: DRIVER=usb\nE: SUBSYSTEM=usb\n");
        g_string_append_printf(s, "A: dev=189:%u\n", (bus - 1) * 128 + address - 1);
        g_string_append_printf(s, "A: busnum=%u\\n\nA: devnum=%u\\n\nA: speed=%s\\n\n", bus, address,
                               speed_text(speed));
        g_string_append(s, "A: bConfigurationValue=1\\n\nA: bNumConfigurations=1\\n\n");
}

static void put_hub(GString *s, const char *devpath, unsigned int bus, unsigned int address)
{
        static const uint8_t descriptors[] = {
                        18, 1, 0,    2, 9, 0, 1,  64,   0x6b, 0x1d, 2, 0, 0, 1, 0, 0, 0, 1, /* device */
                        9,  2, 25,   0, 1, 1, 0,  0xe0, 0, /* configuration */
                        9,  4, 0,    0, 1, 9, 0,  0,    0, /* interface: hub */
                        7,  5, 0x81, 3, 4, 0, 12,          /* status endpoint */
        };

        put_usb_device(s, devpath, bus, address, RECSIM_HIGH);
        g_string_append(s, "A: idVendor=1d6b\\n\nA: idProduct=0002\\n\nA: bDeviceClass=09\\n\n");
        g_string_append(s, "A: bNumInterfaces= 1\\n\n");
        put_hex(s, "descriptors", descriptors, sizeof(descriptors));
}

static void put_interfaces_seen(GString *s, const struct recsim *sim)
{
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];
        size_t n = recsim_interfaces(sim, interfaces);

        g_string_append_printf(s, "A: bNumInterfaces= %u\\n\nE: ID_USB_INTERFACES=:",
                               interfaces[n - 1].number + 1U);
        for (size_t i = 0; i < n; i++)
                g_string_append_printf(s, "%02x%02x%02x:", interfaces[i].class, interfaces[i].subclass,
                                       interfaces[i].protocol);
        g_string_append_c(s, '\n');
}

static void put_identity(GString *s, const struct recsim *sim)
{
        const struct recsim_profile *p = &sim->profile;
        unsigned int vendor = (unsigned int)p->vendor, product = recsim_product(sim);

        g_string_append_printf(s, "E: ID_VENDOR_ID=%04x\nE: ID_MODEL_ID=%04x\n", vendor, product);
        g_string_append_printf(s, "E: PRODUCT=%x/%x/100\n", vendor, product);
        if (*p->serial)
                g_string_append_printf(s, "E: ID_SERIAL_SHORT=%s\nA: serial=%s\\n\n", p->serial, p->serial);
        if (*p->tag && !sim->vendor_mode)
                g_string_append_printf(s, "E: ID_RECDOCK=%s\nE: TAGS=:recdock:\n", p->tag);
        put_interfaces_seen(s, sim);
        g_string_append_printf(s, "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: bcdDevice=0100\\n\n",
                               vendor, product);
        g_string_append_printf(s, "A: manufacturer=%s\\n\nA: product=%s\\n\n", p->manufacturer, p->model);
        g_string_append(s, "A: bDeviceClass=00\\n\nA: bDeviceSubClass=00\\n\nA: bDeviceProtocol=00\\n\n");
}

static void put_endpoint(GString *s, unsigned int address, const char *type, const char *direction,
                         size_t packet)
{
        g_string_append_printf(s, "A: ep_%02x/bEndpointAddress=%02x\\n\n", address, address);
        g_string_append_printf(s, "A: ep_%02x/type=%s\\n\nA: ep_%02x/direction=%s\\n\n", address, type,
                               address, direction);
        g_string_append_printf(s, "A: ep_%02x/wMaxPacketSize=%04zx\\n\n", address, packet);
}

static void put_endpoints(GString *s, const struct recsim *sim)
{
        size_t packet = recsim_packet_size(sim);

        put_endpoint(s, RECSIM_ENDPOINT_IN, "Bulk", "in", packet);
        put_endpoint(s, RECSIM_ENDPOINT_OUT, "Bulk", "out", packet);
        if (!sim->ums)
                put_endpoint(s, RECSIM_ENDPOINT_EVENT, "Interrupt", "in", 28);
}

static void put_interface(GString *s, const char *devpath, const struct recsim_device *d,
                          const struct recsim_interface *i)
{
        const struct recsim *sim = d->sim;

        g_string_append_printf(s, "\nP: %s/%s:1.%u\n", devpath, d->port, i->number);
        g_string_append(s, "E: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\n");
        if (i->driver)
                g_string_append_printf(s, "E: DRIVER=%s\n", i->driver);
        g_string_append_printf(s, "E: INTERFACE=%u/%u/%u\n", i->class, i->subclass, i->protocol);
        g_string_append_printf(s, "E: PRODUCT=%x/%x/100\n", (unsigned int)sim->profile.vendor,
                               recsim_product(sim));
        g_string_append_printf(s, "A: bInterfaceClass=%02x\\n\nA: bInterfaceSubClass=%02x\\n\n", i->class,
                               i->subclass);
        g_string_append_printf(s, "A: bInterfaceProtocol=%02x\\n\nA: bInterfaceNumber=%02x\\n\n",
                               i->protocol, i->number);
        g_string_append_printf(s, "A: bAlternateSetting= 0\\n\nA: bNumEndpoints=%02x\\n\n",
                               i->number > 0 ? 1
                               : sim->ums    ? 2
                                             : 3);
        if (i->text)
                g_string_append_printf(s, "A: interface=%s\\n\n", i->text);
        if (i->number == 0)
                put_endpoints(s, sim);
}

static int testbed_add(struct recsim_testbed *b, const GString *s, char *why)
{
        g_autoptr(GError) error = NULL;

        if (umockdev_testbed_add_from_string(b->umockdev, s->str, &error))
                return 0;
        (void)g_snprintf(why, RECSIM_WHY_MAX, "umockdev: %s", error->message);
        return -EINVAL;
}

static bool testbed_has(const struct recsim_testbed *b, const char *devpath)
{
        g_autofree char *path = g_strdup_printf("%s/sys%s/uevent", b->root, devpath);

        return access(path, F_OK) == 0;
}

static unsigned int address_take(struct recsim_testbed *b, unsigned int bus)
{
        unsigned int address = ++b->next_address[bus];

        if (address == 127)
                b->next_address[bus] = BUSES_MAX; /* leaves the hubs alone */
        return address;
}

static int hub_add(struct recsim_testbed *b, const char *devpath, unsigned int bus, char *why)
{
        g_autoptr(GString) s = g_string_new(NULL);

        if (testbed_has(b, devpath))
                return 0;
        put_hub(s, devpath, bus, address_take(b, bus));
        return testbed_add(b, s, why);
}

/* "3-1.4": bus 3, port 1 of the root hub, port 4 of the hub there. Makes the hubs; the devpath goes to ret.
 */
static int port_prepare(struct recsim_testbed *b, const char *port, unsigned int *ret_bus, char *ret,
                        size_t room, char *why)
{
        unsigned int bus = (unsigned int)strtoul(port, NULL, 10);
        const char *dash = strchr(port, '-');
        g_autoptr(GString) path = g_string_new(NULL);
        int r;

        if (bus < 1 || bus > BUSES_MAX || !dash || !dash[1] ||
            strspn(port, "0123456789-.") != strlen(port)) {
                (void)g_snprintf(why, RECSIM_WHY_MAX, "port='%s': expected BUS-PORT[.PORT]…, BUS up to %d",
                                 port, BUSES_MAX);
                return -EINVAL;
        }
        g_string_printf(path, CONTROLLER "/usb%u", bus);
        r = hub_add(b, path->str, bus, why);
        for (const char *dot = strchr(dash, '.'); r == 0 && dot; dot = strchr(dot + 1, '.')) {
                g_string_append_printf(path, "/%.*s", (int)(dot - port), port);
                r = hub_add(b, path->str, bus, why);
        }
        g_string_append_printf(path, "/%s", port);
        *ret_bus = bus;
        (void)text_copy(ret, room, path->str);
        return r;
}

/* --- plugging ---------------------------------------------------------------------------------------------
 */

static void device_on_vanished(void *userdata)
{
        struct recsim_testbed *b = userdata;
        uint64_t one = 1;

        if (write(b->vanished, &one, sizeof(one)) < 0)
                g_warning("eventfd: %s", g_strerror(errno));
}

static int node_prepare(struct recsim_testbed *b, struct recsim_device *d, char *why)
{
        g_autofree char *path = g_strconcat(b->root, d->node_path, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        g_autofree char *socket = g_strconcat(b->root, "/ioctl", d->node_path, NULL);
        g_autoptr(GError) error = NULL;
        int r;

        (void)g_mkdir_with_parents(folder, 0755);
        (void)unlink(path);
        r = recsim_node_new(&d->node, path, d->sim, device_on_vanished, b);
        if (r < 0) {
                (void)g_snprintf(why, RECSIM_WHY_MAX, "%s: %s", path, g_strerror(-r));
                return r;
        }
        if (!umockdev_testbed_attach_ioctl(b->umockdev, d->node_path, recsim_node_handler(d->node),
                                           &error)) {
                (void)g_snprintf(why, RECSIM_WHY_MAX, "umockdev: %s", error->message);
                return -EIO;
        }
        (void)chmod(socket, 0666);
        return 0;
}

static int device_announce(struct recsim_testbed *b, struct recsim_device *d, const char *devpath,
                           unsigned int bus, unsigned int address, char *why)
{
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];
        size_t n_interfaces = recsim_interfaces(d->sim, interfaces);
        g_autoptr(GString) s = g_string_new(NULL);
        uint8_t descriptors[RECSIM_DESCRIPTORS_MAX];
        size_t n = recsim_descriptors(d->sim, descriptors);

        put_usb_device(s, devpath, bus, address, d->sim->profile.speed);
        put_identity(s, d->sim);
        put_hex(s, "descriptors", descriptors, n);
        put_endpoint(s, 0, "Control", "both", 64);
        for (size_t i = 0; i < n_interfaces; i++) {
                if (interfaces[i].alternate == 0)
                        put_interface(s, devpath, d, &interfaces[i]);
        }
        d->n_interfaces = interfaces[n_interfaces - 1].number + 1U;
        return testbed_add(b, s, why);
}

static int plug_allowed(struct recsim_testbed *b, const char *name, const char *port, char *why)
{
        for (struct recsim_device *d = b->devices; d; d = d->next) {
                if (d->plugged && (strcmp(d->name, name) == 0 || strcmp(d->port, port) == 0)) {
                        (void)g_snprintf(why, RECSIM_WHY_MAX, "'%s' is plugged into port %s already",
                                         d->name, d->port);
                        return -EEXIST;
                }
        }
        return 0;
}

static int device_plug(struct recsim_testbed *b, struct recsim_device *d, char *why)
{
        char devpath[300];
        unsigned int bus = 0, address;
        int r = port_prepare(b, d->port, &bus, devpath, sizeof(devpath), why);

        if (r < 0)
                return r;
        address = address_take(b, bus);
        (void)g_snprintf(d->node_path, sizeof(d->node_path), "/dev/bus/usb/%03u/%03u", bus, address);
        (void)g_snprintf(d->syspath, sizeof(d->syspath), "/sys%s", devpath);
        r = node_prepare(b, d, why);
        return r < 0 ? r : device_announce(b, d, devpath, bus, address, why);
}

int recsim_testbed_plug(struct recsim_testbed *b, const char *name, const struct recsim_profile *profile,
                        const struct recsim_faults *faults, struct recsim_device **ret, char *why)
{
        struct recsim_device *d;
        int r = plug_allowed(b, name, profile->port, why);

        if (r < 0)
                return r;
        d = recsim_alloc(sizeof(*d));
        (void)text_copy(d->name, sizeof(d->name), name);
        (void)text_copy(d->port, sizeof(d->port), profile->port);
        r = recsim_new(&d->sim, profile, faults, why);
        if (r == 0)
                r = device_plug(b, d, why);
        if (r < 0) {
                recsim_node_free(d->node);
                recsim_free(d->sim);
                free(d);
                return r;
        }
        for (struct recsim_device *old = b->devices; old; old = old->next)
                old->replaced |= strcmp(old->name, name) == 0;
        d->plugged = true;
        d->next = b->devices;
        b->devices = d;
        *ret = d;
        return 0;
}

static void syspath_remove(struct recsim_testbed *b, const char *syspath)
{
        umockdev_testbed_uevent(b->umockdev, syspath, "remove");
        umockdev_testbed_remove_device(b->umockdev, syspath);
}

int recsim_testbed_unplug(struct recsim_testbed *b, struct recsim_device *d)
{
        g_autofree char *path = g_strconcat(b->root, d->node_path, NULL);

        if (!d->plugged)
                return -ENODEV;
        d->plugged = false;
        recsim_node_disconnect(d->node);
        for (unsigned int i = 0; i < d->n_interfaces; i++) {
                g_autofree char *interface = g_strdup_printf("%s/%s:1.%u", d->syspath, d->port, i);

                syspath_remove(b, interface);
        }
        syspath_remove(b, d->syspath);
        (void)umockdev_testbed_detach_ioctl(b->umockdev, d->node_path, NULL);
        (void)unlink(path);
        return 0;
}

/* Comes back to its port as what it is, at a new address. */
static void device_return(struct recsim_testbed *b, const struct recsim_device *d)
{
        struct recsim_profile profile = d->sim->profile;
        struct recsim_device *back = NULL;
        char why[RECSIM_WHY_MAX] = "";

        profile.vendor_mode = false;
        if (recsim_testbed_plug(b, d->name, &profile, &d->sim->faults, &back, why) < 0)
                g_warning("%s: %s", d->name, why);
}

void recsim_testbed_sweep(struct recsim_testbed *b)
{
        uint64_t count;

        if (read(b->vanished, &count, sizeof(count)) < 0)
                return;
        for (struct recsim_device *d = b->devices; d; d = d->next) {
                bool gone, returns;

                recsim_node_lock(d->node);
                gone = d->sim->gone;
                returns = d->sim->returns;
                recsim_node_unlock(d->node);
                if (!d->plugged || !gone)
                        continue;
                (void)recsim_testbed_unplug(b, d);
                if (returns)
                        device_return(b, d);
        }
}

struct recsim_device *recsim_testbed_find(struct recsim_testbed *b, const char *name)
{
        struct recsim_device *d = b->devices;

        while (d && (d->replaced || strcmp(d->name, name) != 0))
                d = d->next;
        return d;
}

struct recsim_device *recsim_testbed_device(struct recsim_testbed *b, size_t i)
{
        struct recsim_device *d = b->devices;

        for (; d; d = d->next) {
                if (!d->replaced && i-- == 0)
                        return d;
        }
        return NULL;
}

const char *recsim_device_name(const struct recsim_device *d)
{
        return d->name;
}

const char *recsim_device_node(const struct recsim_device *d)
{
        return d->node_path;
}

const char *recsim_device_syspath(const struct recsim_device *d)
{
        return d->syspath;
}

bool recsim_device_plugged(const struct recsim_device *d)
{
        return d->plugged;
}

unsigned int recsim_device_clients(const struct recsim_device *d)
{
        return recsim_node_clients(d->node);
}

struct recsim *recsim_device_acquire(struct recsim_device *d)
{
        recsim_node_lock(d->node);
        return d->sim;
}

void recsim_device_release(struct recsim_device *d)
{
        recsim_node_unlock(d->node);
}
