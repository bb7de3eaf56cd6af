// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * usbfs, as far as libusb and its like use it, on top of umockdev's ioctl forwarding.
 *
 * Readiness: clients poll the node for POLLOUT when an URB can be reaped. A FIFO with room for one write
 * gives exactly that: one byte inside is "nothing to reap", none is "reap me". umockdev's own regular file
 * would be ready at all times and let libusb spin.
 *
 * Data: the bytes of a bulk read are produced when its URB is reaped, straight into what is copied to the
 * client; only a read that is cancelled after its data were there already is filled early, as the kernel
 * would have done. URBs belong to the client that submitted them and die with it.
 *
 * Everything here runs in umockdev's thread unless called through recsim_node.h; one lock covers node and
 * recorder.
 */

#include "recsim_node.h"

#include "recsim_buffer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/usbdevice_fs.h>

#define CAPABILITIES                                                                                   \
        (USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION | USBDEVFS_CAP_NO_PACKET_SIZE_LIM | \
         USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT)
#define URB_MAX (16 * 1024 * 1024)

struct urb {
        struct urb *next;
        UMockdevIoctlClient *client; /* identity only, while it is connected */
        UMockdevIoctlData *data;     /* struct usbdevfs_urb; owned */
        uint8_t type;
        uint8_t endpoint;
        size_t size;
        bool done;
        int status;
        size_t actual;
        uint8_t *filled; /* data produced before the reap; owned */
        uint8_t *bytes;  /* data for the device that it has not taken yet; owned */
};

/* A client of the node. */
struct client {
        struct client *next;
        UMockdevIoctlClient *id;
        size_t position; /* of read() in the descriptors */
};

struct recsim_node {
        GMutex lock;
        struct recsim *sim;
        UMockdevIoctlBase *handler;
        int fifo;
        bool blocked;     /* the byte is in the FIFO */
        bool shut;        /* off the bus */
        struct urb *urbs; /* in order of submission */
        struct client *clients;
        UMockdevIoctlClient *claimer;
        GSource *timer; /* in umockdev's thread, for transfers that wait for time to pass */
        void (*vanished)(void *userdata);
        void *userdata;
};

/* --- readiness ------------------------------------------------------------------------------------------
 */

static void node_set_ready(struct recsim_node *n, bool ready)
{
        char byte = 0;

        if (ready && n->blocked && read(n->fifo, &byte, 1) == 1)
                n->blocked = false;
        else if (!ready && !n->blocked && write(n->fifo, &byte, 1) == 1)
                n->blocked = true;
}

static struct urb *first_pending(const struct recsim_node *n, uint8_t type, uint8_t endpoint)
{
        for (struct urb *u = n->urbs; u; u = u->next) {
                if (!u->done && u->type == type && u->endpoint == endpoint)
                        return u;
        }
        return NULL;
}

static size_t count_pending(const struct recsim_node *n, uint8_t endpoint)
{
        size_t count = 0;

        for (struct urb *u = n->urbs; u; u = u->next)
                count += !u->done && u->type == USBDEVFS_URB_TYPE_BULK && u->endpoint == endpoint;
        return count;
}

static void urb_finish(struct urb *u, int status, size_t actual)
{
        u->done = true;
        u->status = status;
        u->actual = actual;
}

static void node_shut(struct recsim_node *n)
{
        n->shut = true;
        for (struct urb *u = n->urbs; u; u = u->next) {
                if (!u->done)
                        urb_finish(u, -ESHUTDOWN, 0);
        }
}

static bool node_can_reap(const struct recsim_node *n)
{
        struct recsim_reading plan;
        struct urb *u;

        for (u = n->urbs; u; u = u->next) {
                if (u->done)
                        return true;
        }
        u = first_pending(n, USBDEVFS_URB_TYPE_BULK, RECSIM_ENDPOINT_IN);
        if (u && recsim_bulk_in_plan(n->sim, u->size, &plan))
                return true;
        return n->sim->n_events > 0 && first_pending(n, USBDEVFS_URB_TYPE_INTERRUPT, RECSIM_ENDPOINT_EVENT);
}

/* Gives the device what waits for it, in order, as far as it takes it now. */
static void node_feed(struct recsim_node *n)
{
        struct urb *u;

        while ((u = first_pending(n, USBDEVFS_URB_TYPE_BULK, RECSIM_ENDPOINT_OUT))) {
                int r = recsim_bulk_out(n->sim, u->bytes, u->size);

                if (r == -EAGAIN)
                        break;
                urb_finish(u, r == -ENODEV ? -ESHUTDOWN : r, r < 0 ? 0 : u->size);
        }
        recsim_note_waiting(n->sim, count_pending(n, RECSIM_ENDPOINT_OUT));
}

/* Called after anything that may have changed what can be reaped. */
static void node_update(struct recsim_node *n)
{
        int64_t wakeup = -1;
        bool ready;

        if (!n->shut)
                node_feed(n);
        if (n->sim->gone && !n->shut) {
                node_shut(n);
                n->vanished(n->userdata);
        }
        ready = node_can_reap(n);
        node_set_ready(n, ready);
        if (!ready && !n->shut && n->urbs)
                wakeup = recsim_wakeup(n->sim);
        if (n->timer)
                g_source_set_ready_time(n->timer, wakeup);
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback, gpointer userdata)
{
        (void)callback;
        (void)userdata;
        g_source_set_ready_time(source, -1);
        return callback ? callback(userdata) : G_SOURCE_CONTINUE;
}

static gboolean node_on_timer(gpointer userdata)
{
        struct recsim_node *n = userdata;

        g_mutex_lock(&n->lock);
        node_update(n);
        g_mutex_unlock(&n->lock);
        return G_SOURCE_CONTINUE;
}

static void timer_start(struct recsim_node *n)
{
        static GSourceFuncs functions = {.dispatch = timer_dispatch};

        if (n->timer)
                return;
        n->timer = g_source_new(&functions, sizeof(GSource));
        g_source_set_callback(n->timer, node_on_timer, n, NULL);
        g_source_attach(n->timer, g_main_context_get_thread_default());
}

/* --- URBs -----------------------------------------------------------------------------------------------
 */

static void urb_free(struct urb *u)
{
        g_object_unref(u->data);
        free(u->filled);
        free(u->bytes);
        free(u);
}

static void urb_unlink(struct recsim_node *n, struct urb *u)
{
        struct urb **p = &n->urbs;

        while (*p != u)
                p = &(*p)->next;
        *p = u->next;
}

static struct usbdevfs_urb *urb_raw(const struct urb *u)
{
        return (struct usbdevfs_urb *)u->data->data;
}

/* The client's buffer, as far as 'size' bytes; NULL when it cannot be had. Owned by the caller. */
static UMockdevIoctlData *urb_buffer(struct urb *u, size_t size)
{
        return size > 0 ? umockdev_ioctl_data_resolve(u->data, offsetof(struct usbdevfs_urb, buffer), size,
                                                      NULL)
                        : NULL;
}

static int urb_control(struct recsim_node *n, struct urb *u)
{
        g_autoptr(UMockdevIoctlData) buffer = urb_buffer(u, u->size);
        int r;

        if (!buffer || u->size < 8 || u->size - 8 < recsim_get_u16(buffer->data + 6))
                return -EINVAL;
        r = recsim_control(n->sim, buffer->data, buffer->data + 8);
        urb_finish(u, MIN(r, 0), (size_t)MAX(r, 0));
        return 0;
}

/* The bytes are fetched now: later, when the device takes them, their client may not be listening. */
static int urb_out(struct urb *u)
{
        g_autoptr(UMockdevIoctlData) buffer = urb_buffer(u, u->size);

        if (u->size > 0 && !buffer)
                return -EFAULT;
        u->bytes = recsim_alloc(u->size);
        if (buffer)
                memcpy(u->bytes, buffer->data, u->size);
        return 0;
}

static int urb_start(struct recsim_node *n, struct urb *u)
{
        if (u->type == USBDEVFS_URB_TYPE_CONTROL)
                return urb_control(n, u);
        if (u->type == USBDEVFS_URB_TYPE_BULK && u->endpoint == RECSIM_ENDPOINT_OUT)
                return urb_out(u);
        if (u->type == USBDEVFS_URB_TYPE_BULK && u->endpoint == RECSIM_ENDPOINT_IN)
                return 0;
        return u->type == USBDEVFS_URB_TYPE_INTERRUPT && u->endpoint == RECSIM_ENDPOINT_EVENT ? 0 : -ENOENT;
}

static int node_submit(struct recsim_node *n, UMockdevIoctlClient *id, UMockdevIoctlData *data)
{
        const struct usbdevfs_urb *raw = (const struct usbdevfs_urb *)data->data;
        struct urb **last = &n->urbs;
        struct urb *u;
        int r;

        if (raw->buffer_length < 0 || raw->buffer_length > URB_MAX)
                return -EINVAL;
        u = recsim_alloc(sizeof(*u));
        u->client = id;
        u->data = g_object_ref(data);
        u->type = raw->type;
        u->endpoint = raw->endpoint;
        u->size = (size_t)raw->buffer_length;
        r = urb_start(n, u);
        if (r < 0) {
                urb_free(u);
                return r;
        }
        while (*last)
                last = &(*last)->next;
        *last = u;
        n->sim->stats.in_flight_max = MAX(n->sim->stats.in_flight_max, count_pending(n, RECSIM_ENDPOINT_IN));
        return 0;
}

static int bus_status(int status)
{
        return status == -ENODEV ? -ESHUTDOWN : status;
}

/* Completes a bulk read with bytes that are kept until it is reaped. */
static bool urb_fill_early(struct recsim_node *n, struct urb *u)
{
        struct recsim_reading plan;

        if (!recsim_bulk_in_plan(n->sim, u->size, &plan))
                return false;
        u->filled = recsim_alloc(plan.size);
        recsim_bulk_in_fill(n->sim, u->size, &plan, u->filled);
        urb_finish(u, bus_status(plan.status), plan.size);
        return true;
}

/* On a real bus the data that are there have been taken by the reads under way before one can be cancelled.
 */
static int node_discard(struct recsim_node *n, UMockdevIoctlClient *id, gulong address)
{
        struct urb *u;

        for (u = n->urbs; u && (u->client != id || u->done || u->data->client_addr != address);)
                u = u->next;
        if (!u)
                return -EINVAL;
        while (u->type == USBDEVFS_URB_TYPE_BULK && u->endpoint == RECSIM_ENDPOINT_IN && !u->done) {
                struct urb *first = first_pending(n, USBDEVFS_URB_TYPE_BULK, RECSIM_ENDPOINT_IN);

                if (!first || !urb_fill_early(n, first))
                        break;
        }
        if (u->done)
                return -EINVAL;
        urb_finish(u, -ENOENT, 0);
        return 0;
}

/* --- reaping --------------------------------------------------------------------------------------------
 */

static void reap_read(struct recsim_node *n, struct urb *u, const struct recsim_reading *plan)
{
        g_autoptr(UMockdevIoctlData) buffer = urb_buffer(u, plan->size);

        if (plan->size > 0 && !buffer) { /* its client was killed while it asked: nobody takes these bytes */
                urb_finish(u, -ESHUTDOWN, 0);
                return;
        }
        recsim_bulk_in_fill(n->sim, u->size, plan, buffer ? buffer->data : NULL);
        urb_finish(u, bus_status(plan->status), plan->size);
}

static void reap_event(struct recsim_node *n, struct urb *u)
{
        g_autoptr(UMockdevIoctlData) buffer = urb_buffer(u, u->size);
        size_t got = buffer ? recsim_interrupt_in(n->sim, buffer->data, u->size) : 0;

        urb_finish(u, 0, got);
}

static void reap_filled(struct urb *u)
{
        g_autoptr(UMockdevIoctlData) buffer = urb_buffer(u, u->actual);

        if (buffer)
                memcpy(buffer->data, u->filled, u->actual);
}

/* The URB to hand back to this client now, completed; NULL none. */
static struct urb *node_reap(struct recsim_node *n, UMockdevIoctlClient *id)
{
        struct recsim_reading plan;
        struct urb *u;

        for (u = n->urbs; u; u = u->next) {
                if (u->done && u->client == id) {
                        if (u->filled)
                                reap_filled(u);
                        return u;
                }
        }
        u = first_pending(n, USBDEVFS_URB_TYPE_BULK, RECSIM_ENDPOINT_IN);
        if (u && u->client == id && recsim_bulk_in_plan(n->sim, u->size, &plan)) {
                reap_read(n, u, &plan);
                return u;
        }
        u = first_pending(n, USBDEVFS_URB_TYPE_INTERRUPT, RECSIM_ENDPOINT_EVENT);
        if (u && u->client == id && n->sim->n_events > 0) {
                reap_event(n, u);
                return u;
        }
        return NULL;
}

static int ioctl_reap(struct recsim_node *n, UMockdevIoctlClient *id, UMockdevIoctlData *pointer)
{
        struct urb *u = node_reap(n, id);

        if (!u)
                return n->shut ? -ENODEV : -EAGAIN;
        urb_raw(u)->status = u->status;
        urb_raw(u)->actual_length = (int)u->actual;
        umockdev_ioctl_data_set_ptr(pointer, 0, u->data);
        urb_unlink(n, u);
        urb_free(u);
        return 0;
}

/* --- other requests -------------------------------------------------------------------------------------
 */

static int ioctl_control(struct recsim_node *n, UMockdevIoctlData *data)
{
        const struct usbdevfs_ctrltransfer *t = (const struct usbdevfs_ctrltransfer *)data->data;
        const uint8_t setup[8] = {
                        t->bRequestType,     t->bRequest,
                        (uint8_t)t->wValue,  (uint8_t)(t->wValue >> 8),
                        (uint8_t)t->wIndex,  (uint8_t)(t->wIndex >> 8),
                        (uint8_t)t->wLength, (uint8_t)(t->wLength >> 8),
        };
        g_autoptr(UMockdevIoctlData) buffer = NULL;

        if (t->wLength > 0) {
                buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_ctrltransfer, data),
                                                     t->wLength, NULL);
                if (!buffer)
                        return -EFAULT;
        }
        return recsim_control(n->sim, setup, buffer ? buffer->data : NULL);
}

static bool node_has_interface(const struct recsim_node *n, unsigned int interface)
{
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];

        return interface <= interfaces[recsim_interfaces(n->sim, interfaces) - 1].number;
}

/* Only interface 0 is of any interest; those beside it may be had by anybody. */
static int ioctl_claim(struct recsim_node *n, UMockdevIoctlClient *id, unsigned int interface)
{
        if (!node_has_interface(n, interface))
                return -ENOENT;
        if (interface != 0)
                return 0;
        if (n->sim->profile.claimed || n->sim->driver || (n->claimer && n->claimer != id))
                return -EBUSY;
        n->claimer = id;
        return 0;
}

static int ioctl_release(struct recsim_node *n, UMockdevIoctlClient *id)
{
        if (n->claimer != id)
                return -EINVAL;
        n->claimer = NULL;
        return 0;
}

static int ioctl_reset(struct recsim_node *n)
{
        for (struct urb *u = n->urbs; u; u = u->next) {
                if (!u->done)
                        urb_finish(u, -ENOENT, 0);
        }
        recsim_reset(n->sim);
        return 0;
}

static int ioctl_connect_info(UMockdevIoctlClient *id, UMockdevIoctlData *data)
{
        struct usbdevfs_connectinfo *info = (struct usbdevfs_connectinfo *)data->data;
        const char *last = strrchr(umockdev_ioctl_client_get_devnode(id), '/');

        info->devnum = (unsigned int)strtoul(last + 1, NULL, 10);
        info->slow = 0;
        return 0;
}

static int ioctl_driver(struct recsim_node *n, const UMockdevIoctlData *data)
{
        const struct usbdevfs_ioctl *command = (const struct usbdevfs_ioctl *)data->data;

        if (command->ifno != 0)
                return -ENODATA;
        if (command->ioctl_code == (int)USBDEVFS_DISCONNECT)
                return recsim_driver_detach(n->sim);
        return command->ioctl_code == (int)USBDEVFS_CONNECT
                               ? recsim_driver_attach(n->sim, n->claimer != NULL)
                               : -ENOTTY;
}

static int ioctl_get_driver(const struct recsim_node *n, UMockdevIoctlData *data)
{
        struct usbdevfs_getdriver *get = (struct usbdevfs_getdriver *)data->data;
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];

        if (get->interface != 0 || (!n->sim->driver && !n->claimer))
                return -ENODATA;
        (void)recsim_interfaces(n->sim, interfaces);
        (void)g_strlcpy(get->driver, n->sim->driver ? interfaces[0].driver : "usbfs", sizeof(get->driver));
        return 0;
}

static int ioctl_disconnect_claim(struct recsim_node *n, UMockdevIoctlClient *id, UMockdevIoctlData *data)
{
        const struct usbdevfs_disconnect_claim *d = (const struct usbdevfs_disconnect_claim *)data->data;

        if (d->interface == 0)
                (void)recsim_driver_detach(n->sim);
        return ioctl_claim(n, id, d->interface);
}

static int ioctl_set_interface(struct recsim_node *n, const UMockdevIoctlData *data)
{
        const struct usbdevfs_setinterface *s = (const struct usbdevfs_setinterface *)data->data;

        return recsim_set_alternate(n->sim, s->interface, s->altsetting) ? 0 : -EINVAL;
}

/* Requests without an argument in memory. */
static int node_ioctl_bare(struct recsim_node *n, UMockdevIoctlClient *id)
{
        gulong request = umockdev_ioctl_client_get_request(id);

        if (request == USBDEVFS_DISCARDURB)
                return node_discard(n, id, *(gulong *)umockdev_ioctl_client_get_arg(id)->data);
        if (n->shut)
                return -ENODEV;
        if (request == USBDEVFS_RESET)
                return ioctl_reset(n);
        return request == USBDEVFS_GET_SPEED ? (int)n->sim->profile.speed : -ENOTTY;
}

static int node_ioctl(struct recsim_node *n, UMockdevIoctlClient *id, UMockdevIoctlData *data)
{
        gulong request = umockdev_ioctl_client_get_request(id);

        if (request == USBDEVFS_REAPURB || request == USBDEVFS_REAPURBNDELAY)
                return ioctl_reap(n, id, data);
        if (n->shut)
                return -ENODEV;
        switch (request) {
        case USBDEVFS_SUBMITURB:
                return node_submit(n, id, data);
        case USBDEVFS_CONTROL:
                return ioctl_control(n, data);
        case USBDEVFS_GET_CAPABILITIES:
                *(uint32_t *)data->data = CAPABILITIES;
                return 0;
        case USBDEVFS_CLAIMINTERFACE:
                return ioctl_claim(n, id, *(unsigned int *)data->data);
        case USBDEVFS_DISCONNECT_CLAIM:
                return ioctl_disconnect_claim(n, id, data);
        case USBDEVFS_RELEASEINTERFACE:
                return ioctl_release(n, id);
        case USBDEVFS_CLEAR_HALT:
        case USBDEVFS_RESETEP:
                recsim_clear_halt(n->sim, (uint8_t) * (unsigned int *)data->data);
                return 0;
        case USBDEVFS_CONNECTINFO:
                return ioctl_connect_info(id, data);
        case USBDEVFS_SETCONFIGURATION:
                return 0;
        case USBDEVFS_SETINTERFACE:
                return ioctl_set_interface(n, data);
        case USBDEVFS_GETDRIVER:
                return ioctl_get_driver(n, data);
        case USBDEVFS_IOCTL:
                return ioctl_driver(n, data);
        default:
                return -ENOTTY;
        }
}

/* --- the handler umockdev calls --------------------------------------------------------------------------
 */

#define RECSIM_TYPE_HANDLER (recsim_handler_get_type())
G_DECLARE_FINAL_TYPE(RecsimHandler, recsim_handler, RECSIM, HANDLER, UMockdevIoctlBase)

struct _RecsimHandler {
        UMockdevIoctlBase parent_instance;
        struct recsim_node *node;
};

G_DEFINE_TYPE(RecsimHandler, recsim_handler, UMOCKDEV_TYPE_IOCTL_BASE)

/*
 * umockdev frees a client's object when the node is closed or its process dies. Its "client-vanished" signal
 * never comes, since GIOStream does not notify of "closed"; the object's end is the only sign there is.
 */
static void client_on_gone(gpointer userdata, GObject *where_it_was)
{
        UMockdevIoctlClient *id = (UMockdevIoctlClient *)where_it_was;
        struct recsim_node *n = userdata;

        g_mutex_lock(&n->lock);
        for (struct urb **p = &n->urbs; *p;) {
                struct urb *u = *p;

                if (u->client == id) {
                        *p = u->next;
                        urb_free(u);
                } else {
                        p = &u->next;
                }
        }
        for (struct client **p = &n->clients; *p; p = &(*p)->next) {
                if ((*p)->id == id) {
                        struct client *c = *p;

                        *p = c->next;
                        free(c);
                        break;
                }
        }
        if (n->claimer == id)
                n->claimer = NULL;
        node_update(n);
        g_mutex_unlock(&n->lock);
}

static struct client *client_of(struct recsim_node *n, UMockdevIoctlClient *id)
{
        struct client *c = n->clients;

        while (c && c->id != id)
                c = c->next;
        if (!c) {
                c = recsim_alloc(sizeof(*c));
                c->id = id;
                c->next = n->clients;
                n->clients = c;
                g_object_weak_ref(G_OBJECT(id), client_on_gone, n);
        }
        return c;
}

static gboolean handler_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *id)
{
        struct recsim_node *n = ((RecsimHandler *)base)->node;
        size_t size = _IOC_SIZE(umockdev_ioctl_client_get_request(id));
        g_autoptr(UMockdevIoctlData) data = NULL;
        int r;

        if (size > 0) {
                data = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(id), 0, size, NULL);
                if (!data) {
                        umockdev_ioctl_client_complete(id, -1, EFAULT);
                        return TRUE;
                }
        }
        g_mutex_lock(&n->lock);
        timer_start(n);
        (void)client_of(n, id);
        r = data ? node_ioctl(n, id, data) : node_ioctl_bare(n, id);
        node_update(n);
        g_mutex_unlock(&n->lock);
        umockdev_ioctl_client_complete(id, r < 0 ? -1 : r, r < 0 ? -r : 0);
        return TRUE;
}

/* read() gives the descriptors, then an end of file; after that a reader starts anew, since a seek is not
 * seen. */
static gboolean handler_read(UMockdevIoctlBase *base, UMockdevIoctlClient *id)
{
        struct recsim_node *n = ((RecsimHandler *)base)->node;
        UMockdevIoctlData *buffer = umockdev_ioctl_client_get_arg(id);
        uint8_t descriptors[RECSIM_DESCRIPTORS_MAX];
        struct client *c;
        size_t size, got;

        g_mutex_lock(&n->lock);
        c = client_of(n, id);
        size = recsim_descriptors(n->sim, descriptors);
        got = MIN(size - c->position, (size_t)buffer->data_len);
        memcpy(buffer->data, descriptors + c->position, got);
        c->position = got > 0 ? c->position + got : 0;
        g_mutex_unlock(&n->lock);
        umockdev_ioctl_client_complete(id, (glong)got, 0);
        return TRUE;
}

static void recsim_handler_class_init(RecsimHandlerClass *class)
{
        UMOCKDEV_IOCTL_BASE_CLASS(class)->handle_ioctl = handler_ioctl;
        UMOCKDEV_IOCTL_BASE_CLASS(class)->handle_read = handler_read;
}

static void recsim_handler_init(RecsimHandler *self)
{
        (void)self;
}

/* --- from the main thread ---------------------------------------------------------------------------------
 */

static int fifo_make(const char *path)
{
        int fd;

        if (mkfifo(path, 0666) < 0 || chmod(path, 0666) < 0)
                return -errno;
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_SETPIPE_SZ, 4096) < 0) {
                int r = -errno;

                (void)close(fd);
                return r;
        }
        return fd;
}

int recsim_node_new(struct recsim_node **ret, const char *path, struct recsim *sim,
                    void (*vanished)(void *userdata), void *userdata)
{
        int fifo = fifo_make(path);
        struct recsim_node *n;

        if (fifo < 0)
                return fifo;
        n = recsim_alloc(sizeof(*n));
        g_mutex_init(&n->lock);
        n->fifo = fifo;
        n->sim = sim;
        n->vanished = vanished;
        n->userdata = userdata;
        n->handler = g_object_new(RECSIM_TYPE_HANDLER, NULL);
        ((RecsimHandler *)n->handler)->node = n;
        node_set_ready(n, false);
        *ret = n;
        return 0;
}

void recsim_node_free(struct recsim_node *n)
{
        if (!n)
                return;
        if (n->timer) {
                g_source_destroy(n->timer);
                g_source_unref(n->timer);
        }
        g_object_unref(n->handler);
        n->fifo = fd_close(n->fifo);
        g_mutex_clear(&n->lock);
        free(n);
}

UMockdevIoctlBase *recsim_node_handler(struct recsim_node *n)
{
        return n->handler;
}

void recsim_node_lock(struct recsim_node *n)
{
        g_mutex_lock(&n->lock);
}

void recsim_node_unlock(struct recsim_node *n)
{
        node_update(n);
        g_mutex_unlock(&n->lock);
}

void recsim_node_disconnect(struct recsim_node *n)
{
        g_mutex_lock(&n->lock);
        if (!n->shut)
                node_shut(n);
        n->sim->gone = true;
        node_update(n);
        g_mutex_unlock(&n->lock);
}

unsigned int recsim_node_clients(struct recsim_node *n)
{
        unsigned int count = 0;

        g_mutex_lock(&n->lock);
        for (struct client *c = n->clients; c; c = c->next)
                count++;
        g_mutex_unlock(&n->lock);
        return count;
}
