/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Numbers of the protocol as a device uses them: PIMA 15740 (PTP), MTP 1.1, USB Still Image Capture Device
 * 1.0. Kept apart from the host's own table on purpose: a wrong number there must not be wrong here as well.
 */

enum recsim_container {
        RECSIM_COMMAND = 1,
        RECSIM_DATA = 2,
        RECSIM_RESPONSE = 3,
        RECSIM_EVENT = 4,
};

#define RECSIM_HEADER 12u /* length, type, code, transaction */

enum recsim_operation {
        OP_GET_DEVICE_INFO = 0x1001,
        OP_OPEN_SESSION = 0x1002,
        OP_CLOSE_SESSION = 0x1003,
        OP_GET_STORAGE_IDS = 0x1004,
        OP_GET_STORAGE_INFO = 0x1005,
        OP_GET_NUM_OBJECTS = 0x1006,
        OP_GET_OBJECT_HANDLES = 0x1007,
        OP_GET_OBJECT_INFO = 0x1008,
        OP_GET_OBJECT = 0x1009,
        OP_GET_THUMB = 0x100A,
        OP_DELETE_OBJECT = 0x100B,
        OP_GET_DEVICE_PROP_DESC = 0x1014,
        OP_GET_DEVICE_PROP_VALUE = 0x1015,
        OP_SET_DEVICE_PROP_VALUE = 0x1016,
        OP_GET_PARTIAL_OBJECT = 0x101B,
        OP_GET_OBJECT_PROPS_SUPPORTED = 0x9801,
        OP_GET_OBJECT_PROP_DESC = 0x9802,
        OP_GET_OBJECT_PROP_VALUE = 0x9803,
        OP_GET_OBJECT_PROP_LIST = 0x9805,
        OP_GET_PARTIAL_OBJECT_64 = 0x95C1,
};

enum recsim_response {
        RC_OK = 0x2001,
        RC_GENERAL_ERROR = 0x2002,
        RC_SESSION_NOT_OPEN = 0x2003,
        RC_OPERATION_NOT_SUPPORTED = 0x2005,
        RC_PARAMETER_NOT_SUPPORTED = 0x2006,
        RC_INVALID_STORAGE = 0x2008,
        RC_INVALID_HANDLE = 0x2009,
        RC_PROP_NOT_SUPPORTED = 0x200A,
        RC_WRITE_PROTECTED = 0x200D,
        RC_ACCESS_DENIED = 0x200F,
        RC_NO_THUMBNAIL = 0x2010,
        RC_STORE_NOT_AVAILABLE = 0x2013,
        RC_DEVICE_BUSY = 0x2019,
        RC_INVALID_PARENT = 0x201A,
        RC_INVALID_PROP_FORMAT = 0x201B,
        RC_INVALID_PARAMETER = 0x201D,
        RC_SESSION_ALREADY_OPEN = 0x201E,
        RC_GROUP_UNSUPPORTED = 0xA807,
        RC_DEPTH_UNSUPPORTED = 0xA808,
        RC_OBJECT_PROP_NOT_SUPPORTED = 0xA80A,
};

enum recsim_event_code {
        EVENT_OBJECT_ADDED = 0x4002,
        EVENT_OBJECT_REMOVED = 0x4003,
        EVENT_STORE_ADDED = 0x4004,
        EVENT_STORE_REMOVED = 0x4005,
};

enum recsim_object_prop {
        PROP_STORAGE = 0xDC01,
        PROP_FORMAT = 0xDC02,
        PROP_PROTECTION = 0xDC03,
        PROP_SIZE = 0xDC04,
        PROP_FILE_NAME = 0xDC07,
        PROP_CREATED = 0xDC08,
        PROP_MODIFIED = 0xDC09,
        PROP_PARENT = 0xDC0B,
        PROP_PERSISTENT_ID = 0xDC41,
        PROP_NAME = 0xDC44,
};

enum recsim_device_prop {
        DEVICE_BATTERY = 0x5001,
        DEVICE_DATE_TIME = 0x5011,
        DEVICE_FRIENDLY_NAME = 0xD402,
};

enum recsim_data_type {
        TYPE_U8 = 0x0002,
        TYPE_U16 = 0x0004,
        TYPE_U32 = 0x0006,
        TYPE_U64 = 0x0008,
        TYPE_U128 = 0x000A,
        TYPE_TEXT = 0xFFFF,
};

enum recsim_format {
        FORMAT_UNDEFINED = 0x3000,
        FORMAT_FOLDER = 0x3001,
        FORMAT_TEXT = 0x3004,
        FORMAT_WAV = 0x3008,
        FORMAT_MP3 = 0x3009,
        FORMAT_AVI = 0x300A,
        FORMAT_MPEG = 0x300B,
        FORMAT_QUICKTIME = 0x300D,
        FORMAT_JPEG = 0x3801,
        FORMAT_AAC = 0xB903,
        FORMAT_MP4 = 0xB982,
};

#define RECSIM_ALL  0xFFFFFFFFu
#define RECSIM_ROOT 0xFFFFFFFFu /* as a parent in GetObjectHandles; 0 in an object's own dataset */

/* Class requests of the still image interface. */
enum recsim_class_request {
        REQUEST_CANCEL = 0x64,
        REQUEST_EXTENDED_EVENT = 0x65,
        REQUEST_RESET = 0x66,
        REQUEST_STATUS = 0x67,
};
